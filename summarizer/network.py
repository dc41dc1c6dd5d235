"""What a summarizer needs of a sequence-to-sequence network, whatever computes it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence


class EncodedBatch(ABC):
    """What a network has read, kept once for all that is written about it."""

    @abstractmethod
    def search(self, beams: int, best: int, max_tokens: int) -> list[list[str]]:
        """Writes about each source by beam search, in which no three tokens come twice.

        Args:
            beams: texts followed side by side.
            best: how many of them are wanted, at most ``beams``.
            max_tokens: the longest text, with the token that ends it.

        Returns:
            For each source its ``best`` texts, the likeliest first.
        """

    @abstractmethod
    def log_probabilities(self, source: int, texts: Sequence[str], max_tokens: int) -> list[float]:
        """How likely texts about one source are.

        Args:
            source: number of the source.
            texts: at least one; the tokens after ``max_tokens`` are left out.
            max_tokens: as in `search`.

        Returns:
            For each text the mean log-probability of its tokens, the one that ends it included.
        """


class Network(ABC):
    """A sequence-to-sequence network and its tokenizer."""

    @abstractmethod
    def encode(self, sources: Sequence[str]) -> EncodedBatch:
        """Reads sources together; of each as much as the network can."""

    @property
    @abstractmethod
    def tokens_known(self) -> int:
        """How many tokens the tokenizer has."""
