"""A BART, or any other sequence-to-sequence model of transformers, as a summarizer."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from captioner.runtime.extras import need
from captioner.runtime.hub import first_line, load_from_hub, quiet
from summarizer.base import Summarizer, SummarizerError, usable_captions
from summarizer.consensus import ConsensusSummarizer
from summarizer.consensus_scoring import ConsensusScorer, hann_weights
from summarizer.network import EncodedBatch, Network
from summarizer.settings import FREQUENCIES_FILE, FusionSettings

_PACKAGES = ("torch", "transformers")
_WHAT = "a summarizer that is no BART of this package's"

_GROUPS_AT_ONCE = 8  # in two thirds of the time of one after the other
_TOKENS_A_WORD = 2  # room for rare words, which are several tokens


@dataclass(frozen=True)
class Candidate:
    """A sentence that may become the summary.

    Attributes:
        text: the sentence.
        log_probability: the model's mean log-probability a token; 0 where there is no choice.
        agreement: mean CIDEr-D against the captions, those in the middle first of all, 0 to 10.
        generated: the search found it; otherwise it is one of the captions.
    """

    text: str
    log_probability: float
    agreement: float
    generated: bool


def choose(candidates: Sequence[Candidate], settings: FusionSettings) -> str:
    """The best candidate's text by ``settings``; the empty string where there is none."""
    allowed = [item for item in candidates if item.generated or settings.inputs_compete]
    if not allowed:
        return ""
    return max(
        allowed, key=lambda item: item.log_probability + settings.agreement * item.agreement
    ).text


class BartSummarizer(Summarizer):
    """Writes one sentence with a sequence-to-sequence model.

    The beams of the search, and the captions themselves where the settings say so, are candidates;
    the one that wins has the highest sum of log-probability and agreement with the captions.

    Args:
        network: writes.
        settings: how captions go in and sentences come out.
        agreement: scores candidates against captions.
        name: what it is called in results.
    """

    def __init__(
        self,
        network: Network,
        settings: FusionSettings,
        agreement: ConsensusScorer,
        name: str,
    ):
        self.network = network
        self.settings = settings
        self.agreement = agreement
        self.name = name

    @classmethod
    def from_folder(cls, folder: Path, name: str | None = None) -> BartSummarizer:
        """Loads a model folder, never asking a network.

        Args:
            folder: what `summarizer.train` or transformers' ``save_pretrained`` wrote.
            name: what it is called in results; None: the folder.

        Raises:
            SummarizerError: the folder holds no such model, or a damaged one.
        """
        if not (folder / "config.json").is_file():
            raise SummarizerError(
                f"{folder}: is no model folder, for it has no config.json; give a folder that "
                "summarizer.train or transformers' save_pretrained wrote"
            )
        settings = FusionSettings.load(folder)
        try:
            frequencies = folder / FREQUENCIES_FILE
            agreement = ConsensusScorer.load(frequencies if frequencies.is_file() else None)
            network = _load_folder(folder, settings)
        except Exception as error:  # transformers raises anything at all for a damaged folder
            raise SummarizerError(
                f"{folder}: no sequence-to-sequence model can be loaded from here "
                f"({first_line(error)}); give a folder that summarizer.train or transformers' "
                "save_pretrained wrote"
            ) from error
        return cls(network, settings, agreement, name or str(folder))

    @classmethod
    def from_hub(cls, name: str) -> BartSummarizer:
        """Loads a model of the Hugging Face hub: from the local cache, else by download.

        Raises:
            SummarizerError: there is no such model, no network, or it is of another kind.
        """
        try:
            need(*_PACKAGES, extra="hub", what=_WHAT)
            network = load_from_hub(name, _load_transformers)
        except Exception as error:  # network, cache, name, format: all end here
            raise SummarizerError(
                f"{name}: neither a folder nor a shipped model, and it could not be loaded from "
                f"the Hugging Face hub or its local cache ({first_line(error)}); check the name "
                "and the network, give a folder, or use 'fusion-bart' or 'consensus'"
            ) from error
        return cls(network, FusionSettings(), ConsensusScorer.load(None), name)

    def summarize_many(self, groups: Sequence[Sequence[str]]) -> list[str]:
        """One sentence for each group of captions.

        Raises:
            SummarizerError: a group has no caption with a word in it.
        """
        usable = [usable_captions(group) for group in groups]
        sentences: list[str] = []
        for start in range(0, len(usable), _GROUPS_AT_ONCE):
            sentences += self._summarize_batch(usable[start : start + _GROUPS_AT_ONCE])
        return sentences

    def candidates(self, captions: Sequence[str]) -> list[Candidate]:
        """What `summarize` chooses from, for one clip; none where the model can read nothing.

        Raises:
            SummarizerError: there is no caption with a word in it.
        """
        return self._candidates([usable_captions(captions)])[0]

    def _summarize_batch(self, groups: list[list[str]]) -> list[str]:
        consensus = ConsensusSummarizer(self.agreement.frequencies)
        return [
            choose(found, self.settings) or consensus.summarize(group)
            for group, found in zip(groups, self._candidates(groups), strict=True)
        ]

    def _candidates(self, groups: list[list[str]]) -> list[list[Candidate]]:
        sources = [self.settings.source(group) for group in groups]
        batch = self.network.encode(sources)
        found = [
            # Captions in letters that the model lacks leave it nothing to read but its fancy.
            self._texts(group, beams) if source != self.settings.prefix else {}
            for group, beams, source in zip(groups, self._search(batch), sources, strict=True)
        ]
        return [
            self._weighed(group, texts, self._log_probabilities(batch, clip, list(texts)))
            for clip, (group, texts) in enumerate(zip(groups, found, strict=True))
        ]

    def _weighed(
        self, group: list[str], texts: dict[str, bool], scores: list[float]
    ) -> list[Candidate]:
        support = self.agreement.of(list(texts), group, hann_weights(len(group)))
        return [
            Candidate(text, score, agreed, generated)
            for (text, generated), score, agreed in zip(texts.items(), scores, support, strict=True)
        ]

    def _search(self, batch: EncodedBatch) -> list[list[str]]:
        beams = self.settings.beam_size
        found = batch.search(beams, beams if self._has_choice else 1, self._max_tokens)
        return [[tidy(text, self.settings.max_words) for text in texts] for texts in found]

    @property
    def _has_choice(self) -> bool:
        return self.settings.agreement > 0 or self.settings.inputs_compete

    @property
    def _max_tokens(self) -> int:
        return self.settings.max_words * _TOKENS_A_WORD

    def _texts(self, group: list[str], beams: list[str]) -> dict[str, bool]:
        """Candidate texts, each with whether the search found it."""
        found = {text: True for text in beams if text}
        if self.settings.inputs_compete:
            for caption in group:
                found.setdefault(tidy(caption, self.settings.max_words), False)
        return {text: generated for text, generated in found.items() if text}

    def _log_probabilities(self, batch: EncodedBatch, clip: int, texts: list[str]) -> list[float]:
        """Of every candidate of one clip: all clips at once are no quicker, and take 200 MB."""
        if not self._has_choice or not texts:
            return [0.0] * len(texts)
        return batch.log_probabilities(clip, texts, self._max_tokens)


def tidy(text: str, max_words: int) -> str:
    """The first sentence of ``text`` as captions are written: lower-case and without full stop."""
    first = re.split(r"(?<=[.!?])\s+", " ".join(text.split()).strip(), maxsplit=1)[0]
    return " ".join(first.lower().split()[:max_words]).rstrip(" .,;:")


def _load_folder(folder: Path, settings: FusionSettings) -> Network:
    """On OpenVINO where it can be: a general model may be of any kind, and reads long texts."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    if settings.separator and config.get("model_type") == "bart" and find_spec("openvino"):
        from summarizer.openvino_network import OpenVinoNetwork

        network: Network = OpenVinoNetwork.load(folder)
    else:
        need(*_PACKAGES, extra="hub", what=_WHAT)
        with quiet():
            network = _load_transformers(str(folder), local_files_only=True)
    # Of a general model, some tokens may have no weights, and are never used.
    if settings.separator and network.tokens_known != config["vocab_size"]:
        raise ValueError(
            f"the tokenizer has {network.tokens_known} tokens, the weights {config['vocab_size']}"
        )
    return network


def _load_transformers(source: str, **options: Any) -> Network:
    from summarizer.torch_network import TorchNetwork

    return TorchNetwork.load(source, **options)
