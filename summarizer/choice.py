"""How far a sentence agrees with captions: mean CIDEr-D, as in consensus decoding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from summarizer.ngrams import CiderD, DocumentFrequencies, tokenize


class Agreement:
    """Scores candidates against captions of the same scene.

    Source: Devlin et al., "Exploring Nearest Neighbor Approaches for Image Captioning", 2015, who
    choose a caption by its mean similarity to the others.

    Args:
        frequencies: how common n-grams are; None counts all alike.
    """

    def __init__(self, frequencies: DocumentFrequencies | None = None):
        self.frequencies = frequencies
        self._cider = CiderD(frequencies)

    @classmethod
    def load(cls, path: Path | None) -> Agreement:
        """With the table of a file; None: without one.

        Raises:
            ValueError: the file is no such table.
        """
        return cls(None if path is None else DocumentFrequencies.load(path))

    def of(self, candidates: Sequence[str], captions: Sequence[str]) -> list[float]:
        """Mean CIDEr-D (0 to 10) of each candidate against all captions, repetitions counted.

        A candidate that is itself one of the captions does not vouch for itself: one copy of it is
        left out. Where that leaves none, it has 0.
        """
        counts = Counter(tuple(tokenize(text)) for text in captions)
        vectors = {words: self._cider.vector(words) for words in counts}
        scores = []
        for text in candidates:
            words = tuple(tokenize(text))
            mine = self._cider.vector(words)
            others = counts - Counter([words])
            total = sum(
                count * self._cider.similarity(mine, vectors[key]) for key, count in others.items()
            )
            scores.append(total / max(1, others.total()))
        return scores
