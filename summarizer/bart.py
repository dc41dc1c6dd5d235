"""A BART, or any other sequence-to-sequence model of transformers, as a summarizer."""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from summarizer.base import Summarizer, SummarizerError, usable_captions
from summarizer.choice import Agreement
from summarizer.consensus import ConsensusSummarizer
from summarizer.hub import first_line, load_from_hub, quiet
from summarizer.settings import FREQUENCIES_FILE, FusionSettings

if TYPE_CHECKING:
    import torch

    from summarizer.reading import Reading

_GROUPS_AT_ONCE = 8  # in two thirds of the time of one after the other
_TOKENS_A_WORD = 2  # room for rare words, which are several tokens
_MAX_SOURCE_TOKENS = 1024  # where neither tokenizer nor model says how much it can read


@dataclass(frozen=True)
class Candidate:
    """A sentence that may become the summary.

    Attributes:
        text: the sentence.
        log_probability: the model's mean log-probability a token; 0 where there is no choice.
        agreement: mean CIDEr-D against the captions, 0 to 10.
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
        model: a transformers model with ``generate``.
        tokenizer: its tokenizer.
        settings: how captions go in and sentences come out.
        agreement: scores candidates against captions.
        name: what it is called in results.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        settings: FusionSettings,
        agreement: Agreement,
        name: str,
    ):
        self.model = model
        self.tokenizer = tokenizer
        self.settings = settings
        self.agreement = agreement
        self.name = name

    @classmethod
    def from_folder(cls, folder: Path, name: str | None = None) -> BartSummarizer:
        """Loads a model folder, never asking a network.

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
            agreement = Agreement.load(frequencies if frequencies.is_file() else None)
            with quiet():
                model, tokenizer = _load(str(folder), local_files_only=True)
        except Exception as error:  # transformers raises anything at all for a damaged folder
            raise SummarizerError(
                f"{folder}: no sequence-to-sequence model can be loaded from here "
                f"({first_line(error)}); give a folder that summarizer.train or transformers' "
                "save_pretrained wrote"
            ) from error
        return cls(model, tokenizer, settings, agreement, name or str(folder))

    @classmethod
    def from_hub(cls, name: str) -> BartSummarizer:
        """Loads a model of the Hugging Face hub: from the local cache, else by download.

        Raises:
            SummarizerError: there is no such model, no network, or it is of another kind.
        """
        try:
            model, tokenizer = load_from_hub(name, _load)
        except Exception as error:  # network, cache, name, format: all end here
            raise SummarizerError(
                f"{name}: neither a folder nor a shipped model, and it could not be loaded from "
                f"the Hugging Face hub or its local cache ({first_line(error)}); check the name "
                "and the network, give a folder, or use 'fusion-bart' or 'consensus'"
            ) from error
        return cls(model, tokenizer, FusionSettings(), Agreement.load(None), name)

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
        import torch

        from summarizer.reading import Reading

        sources = [self.settings.source(group) for group in groups]
        with torch.inference_mode():
            reading = Reading(self.model, self._encode(sources))
            texts = [
                # Captions in letters that the model lacks leave it nothing to read but its fancy.
                self._texts(group, beams) if source != self.settings.prefix else {}
                for group, beams, source in zip(groups, self._search(reading), sources, strict=True)
            ]
            scores = [
                self._log_probabilities(reading, clip, list(found))
                for clip, found in enumerate(texts)
            ]
        return [
            [
                Candidate(text, score, support, generated)
                for (text, generated), score, support in zip(
                    found.items(), values, self.agreement.of(list(found), group), strict=True
                )
            ]
            for group, found, values in zip(groups, texts, scores, strict=True)
        ]

    def _encode(self, sources: list[str]) -> dict[str, torch.Tensor]:
        encoded = self.tokenizer(
            sources,
            padding=True,
            truncation=True,
            max_length=_window(self.model, self.tokenizer),
            return_tensors="pt",
        )
        return {key: encoded[key] for key in ("input_ids", "attention_mask")}

    def _search(self, reading: Reading) -> list[list[str]]:
        beams = self.settings.beam_size
        config = copy.deepcopy(self.model.generation_config)
        config.update(
            num_beams=beams,
            num_return_sequences=beams if self._has_choice else 1,
            do_sample=False,
            no_repeat_ngram_size=3,
            max_new_tokens=self.settings.max_words * _TOKENS_A_WORD,
            # What a hub model was set to for whole articles.
            max_length=None,
            min_length=0,
            min_new_tokens=None,
            length_penalty=1.0,
            early_stopping=False,
        )
        with quiet():
            ids = self.model.generate(**reading.for_search(beams), generation_config=config)
        texts = self.tokenizer.batch_decode(ids, skip_special_tokens=True)
        each = config.num_return_sequences
        tidied = [tidy(text, self.settings.max_words) for text in texts]
        return [tidied[start : start + each] for start in range(0, len(tidied), each)]

    @property
    def _has_choice(self) -> bool:
        return self.settings.agreement > 0 or self.settings.inputs_compete

    def _texts(self, group: list[str], beams: list[str]) -> dict[str, bool]:
        """Candidate texts, each with whether the search found it."""
        found = {text: True for text in beams if text}
        if self.settings.inputs_compete:
            for caption in group:
                found.setdefault(tidy(caption, self.settings.max_words), False)
        return {text: generated for text, generated in found.items() if text}

    def _log_probabilities(self, reading: Reading, clip: int, texts: list[str]) -> list[float]:
        """Mean log-probability a token of every candidate of one clip, given its captions.

        All clips at once would be no quicker, and take 200 MB more.
        """
        import torch

        if not self._has_choice or not texts:
            return [0.0] * len(texts)
        labels = self.tokenizer(
            text_target=texts,
            padding=True,
            truncation=True,
            max_length=self.settings.max_words * _TOKENS_A_WORD,
            return_tensors="pt",
        )
        present = labels["attention_mask"].bool()
        logits = self.model(
            **reading.for_texts([clip] * len(texts)),
            labels=labels["input_ids"].masked_fill(~present, -100),
        ).logits
        chosen = torch.log_softmax(logits.float(), dim=-1).gather(
            -1, labels["input_ids"].unsqueeze(-1)
        )
        means: list[float] = ((chosen.squeeze(-1) * present).sum(-1) / present.sum(-1)).tolist()
        return means


def tidy(text: str, max_words: int) -> str:
    """The first sentence of ``text`` as captions are written: lower-case and without full stop."""
    first = re.split(r"(?<=[.!?])\s+", " ".join(text.split()).strip(), maxsplit=1)[0]
    return " ".join(first.lower().split()[:max_words]).rstrip(" .,;:")


def _load(source: str, **options: Any) -> tuple[Any, Any]:
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(source, **options)
    if len(tokenizer) <= len(tokenizer.all_special_ids):
        # What transformers makes up where the files of a tokenizer are missing.
        raise ValueError("the tokenizer's files are missing")
    model, report = AutoModelForSeq2SeqLM.from_pretrained(
        source, dtype=_quickest_dtype(), output_loading_info=True, **options
    )
    missing = sorted(report["missing_keys"])
    if missing:
        # transformers would fill them with random numbers and say so in a log line only.
        raise ValueError(f"the weights lack {missing[0]} and {len(missing) - 1} more")
    return model.eval(), tokenizer


def _quickest_dtype() -> torch.dtype:
    """bfloat16 where the CPU multiplies matrices of it: in 0.6 of the time, for as good sentences.

    training/RESULTS.md has the scores of both.
    """
    import torch

    capabilities = torch.cpu.get_capabilities()
    return torch.bfloat16 if capabilities.get("amx_bf16") else torch.float32


def _window(model: Any, tokenizer: Any) -> int:
    """Longest source in tokens."""
    positions = getattr(model.config, "max_position_embeddings", None) or _MAX_SOURCE_TOKENS
    return int(min(tokenizer.model_max_length, positions, _MAX_SOURCE_TOKENS))
