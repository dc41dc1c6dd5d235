"""Beam search without PyTorch, which finds what ``generate`` of transformers finds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

_REPEATED = 3  # no such n-gram comes twice in a text


@dataclass(frozen=True)
class SearchOptions:
    """How a text is searched for.

    Attributes:
        beams: K, texts followed side by side.
        max_tokens: the longest text, with the token that ends it.
        start: the token that every text begins with, which is no part of it.
        end: the token that ends a text.
    """

    beams: int
    max_tokens: int
    start: int
    end: int


class BeamSearch:
    """The texts that are being written about one source.

    Attributes:
        tokens: int64 [K, L], those that go on, the likeliest first; each begins with ``start``.
        finished: mean log-probability a token, and the tokens without ``start``, of the best K
            texts that have ended so far; the best first.
    """

    def __init__(self, options: SearchOptions):
        self.options = options
        self.tokens = np.full((options.beams, 1), options.start, dtype=np.int64)
        self.finished: list[tuple[float, tuple[int, ...]]] = []
        self._totals = np.full(options.beams, -np.inf)
        self._totals[0] = 0.0  # all are the same before the first token

    @property
    def done(self) -> bool:
        """Whether no text that goes on would, at its present length, be among the best."""
        length = self.tokens.shape[1] - 1
        if length == self.options.max_tokens:
            return True
        full = len(self.finished) == self.options.beams
        return full and float(self._totals[0]) / length <= self.finished[-1][0]

    def extend(self, log_probabilities: np.ndarray) -> None:
        """One token further.

        Args:
            log_probabilities: of the next token of each text that goes on, float [K, V].
        """
        beams, length = self.options.beams, self.tokens.shape[1]
        scores = self._allowed(log_probabilities) + self._totals[:, None]
        # Twice as many as needed, for at most one in each text's continuations ends it.
        parents, words = np.divmod(_largest(scores.ravel(), 2 * beams), scores.shape[1])
        totals = scores[parents, words]
        ending = words == self.options.end
        for place in np.flatnonzero(ending[:beams] & np.isfinite(totals[:beams])):
            text = (*self.tokens[parents[place], 1:].tolist(), self.options.end)
            self.finished.append((float(totals[place]) / length, text))
        self.finished = sorted(self.finished, key=lambda found: -found[0])[:beams]
        going_on = np.argsort(ending, kind="stable")[:beams]
        parents, words, self._totals = parents[going_on], words[going_on], totals[going_on]
        self.tokens = np.concatenate([self.tokens[parents], words[:, None]], axis=1)

    def _allowed(self, log_probabilities: np.ndarray) -> np.ndarray:
        """The same, with -inf for what must not come next."""
        allowed = log_probabilities.astype(np.float64)
        if self.tokens.shape[1] == self.options.max_tokens:
            allowed[:] = -np.inf
            allowed[:, self.options.end] = 0.0  # nothing else is possible
            return allowed
        for row, written in enumerate(self.tokens.tolist()):
            allowed[row, list(_repetitions(written))] = -np.inf
        return allowed


def _repetitions(written: list[int]) -> Iterator[int]:
    """The tokens that would make an n-gram come twice."""
    context = written[len(written) - _REPEATED + 1 :]
    if len(context) < _REPEATED - 1:
        return
    for start in range(len(written) - _REPEATED + 1):
        if written[start : start + _REPEATED - 1] == context:
            yield written[start + _REPEATED - 1]


def _largest(values: np.ndarray, count: int) -> np.ndarray:
    """Where the ``count`` largest of a row are, the largest first."""
    found = np.argpartition(values, -count)[-count:]
    ordered: np.ndarray = found[np.argsort(-values[found], kind="stable")]
    return ordered
