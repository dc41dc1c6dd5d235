"""A BART on OpenVINO: its graphs are made once with PyTorch, and lie in the model folder.

To import PyTorch and transformers takes seconds and 600 MB.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from captioner.runtime.extras import need
from captioner.runtime.hub import quiet
from captioner.runtime.openvino_graphs import on_cpu
from summarizer.beam_search import BeamSearch, SearchOptions
from summarizer.exported import graph_files
from summarizer.network import EncodedBatch, Network

_log = logging.getLogger("captionloom")

_SAME_LENGTHS = 32  # sources are filled up to a multiple: each new length takes time to prepare


class OpenVinoNetwork(Network):
    """A BART in three graphs: it reads, it goes through a text, it says which words may follow.

    Args:
        graphs: as `summarizer.bart_graphs` makes them.
        tokenizer: its tokenizer.
        config: its ``config.json``.
        precision: ``f32`` or ``bf16``; None: what is quickest here.
    """

    def __init__(
        self,
        graphs: dict[str, Any],
        tokenizer: Tokenizer,
        config: dict[str, Any],
        precision: str | None = None,
    ):
        settings = {"INFERENCE_PRECISION_HINT": precision} if precision else {}
        self._runs = {name: on_cpu(graph, settings) for name, graph in graphs.items()}
        self._tokenizer = tokenizer
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self.start = int(config["decoder_start_token_id"])
        self.end = int(config["eos_token_id"])
        self.padding = int(config["pad_token_id"])
        self.window = int(config["max_position_embeddings"])

    @classmethod
    def load(cls, folder: Path, precision: str | None = None) -> OpenVinoNetwork:
        """Loads a model folder.

        Args:
            folder: what `summarizer.train` wrote.
            precision: as above.

        Raises:
            ImportError: it has no graphs, and there is no PyTorch to make them.
            Exception: whatever transformers raises for a damaged folder.
        """
        graphs = graph_files(folder).read() or _graphs_made_now(folder)
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return cls(graphs, tokenizer, config, precision)

    def encode(self, sources: Sequence[str]) -> OpenVinoEncodedBatch:
        """See `Network.encode`."""
        return OpenVinoEncodedBatch(self, sources)

    @property
    def tokens_known(self) -> int:
        """See `Network.tokens_known`."""
        return int(self._tokenizer.get_vocab_size())

    def run(self, name: str, *arrays: np.ndarray) -> np.ndarray:
        """What a graph makes of arrays, float32; any number of threads may ask."""
        return self._runs[name](*arrays)[0]

    def tokens(self, texts: Sequence[str], most: int) -> list[list[int]]:
        """Each text as at most so many tokens, of which the last one ends it."""
        found = self._tokenizer.encode_batch(list(texts))
        return [[*encoded.ids[:-1][: most - 1], self.end] for encoded in found]

    def texts(self, tokens: Sequence[Sequence[int]]) -> list[str]:
        """What tokens say."""
        said: list[str] = self._tokenizer.decode_batch(tokens)
        return said


def _graphs_made_now(folder: Path) -> dict[str, Any]:
    need("torch", "transformers", extra="train", what="a summarizer without graphs of its own")
    from summarizer.bart_graphs import graphs_of

    _log.warning(
        "%s has no graphs yet that run without PyTorch, so loading takes some seconds; "
        "python -m training.export makes them",
        folder,
    )
    with quiet():
        return graphs_of(folder)


class OpenVinoEncodedBatch(EncodedBatch):
    """Sources as the encoder has read them.

    Args:
        network: reads.
        sources: B texts.
    """

    def __init__(self, network: OpenVinoNetwork, sources: Sequence[str]):
        self._network = network
        tokens = network.tokens(sources, network.window)
        filled, self._mask = _filled(tokens, network.padding, _SAME_LENGTHS)
        self._read = network.run("encoder", filled, self._mask)  # [B, S, D]

    def search(self, beams: int, best: int, max_tokens: int) -> list[list[str]]:
        """See `EncodedBatch.search`."""
        network = self._network
        options = SearchOptions(beams, max_tokens, network.start, network.end)
        searches = [BeamSearch(options) for _ in self._read]
        while going_on := [at for at, search in enumerate(searches) if not search.done]:
            tokens = np.concatenate([searches[at].tokens for at in going_on])
            states = self._states(tokens, np.repeat(going_on, beams))
            following = np.split(network.run("words", states[:, -1]), len(going_on))
            for at, log_probabilities in zip(going_on, following, strict=True):
                searches[at].extend(log_probabilities)
        return [
            network.texts([tokens for _, tokens in search.finished[:best]]) for search in searches
        ]

    def log_probabilities(self, source: int, texts: Sequence[str], max_tokens: int) -> list[float]:
        """See `EncodedBatch.log_probabilities`."""
        network = self._network
        labels, present = _filled(network.tokens(texts, max_tokens), network.padding)
        starts = np.full((len(texts), 1), network.start)
        states = self._states(
            np.concatenate([starts, labels[:, :-1]], axis=1), np.full(len(texts), source)
        )
        likely = network.run("words", states.reshape(-1, states.shape[-1]))
        chosen = np.take_along_axis(likely, labels.reshape(-1, 1), axis=1).reshape(labels.shape)
        means: list[float] = ((chosen * present).sum(axis=1) / present.sum(axis=1)).tolist()
        return means

    def _states(self, tokens: np.ndarray, sources: np.ndarray) -> np.ndarray:
        """Where the decoder stands after each token, [M, L, D], for M texts [M, L] of sources."""
        return self._network.run("decoder", tokens, self._read[sources], self._mask[sources])


def _filled(
    tokens: Sequence[Sequence[int]], padding: int, multiple: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Tokens filled up to one length, and which of them are real, both int64 [B, T]."""
    longest = max(map(len, tokens))
    shape = len(tokens), -(-longest // multiple) * multiple
    filled, real = np.full(shape, padding, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    for row, text in enumerate(tokens):
        filled[row, : len(text)] = text
        real[row, : len(text)] = 1
    return filled, real
