"""How far a sentence agrees with captions: mean CIDEr-D, as in consensus decoding."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from summarizer.ngrams import CiderD, DocumentFrequencies, tokenize


class ConsensusScorer:
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
    def load(cls, path: Path | None) -> ConsensusScorer:
        """With the table of a file; None: without one.

        Raises:
            ValueError: the file is no such table.
        """
        return cls(None if path is None else DocumentFrequencies.load(path))

    def of(
        self,
        candidates: Sequence[str],
        captions: Sequence[str],
        weights: Sequence[float] | None = None,
    ) -> list[float]:
        """Mean CIDEr-D (0 to 10) of each candidate against all captions, repetitions counted.

        A candidate that is itself one of the captions does not vouch for itself: one copy of it is
        left out. Where that leaves none, it has 0.

        Args:
            candidates: the sentences to score.
            captions: of the same scene.
            weights: how much each caption counts, 0 or more; None: all alike.
        """
        counts: Counter[tuple[str, ...]] = Counter()
        totals: defaultdict[tuple[str, ...], float] = defaultdict(float)
        for text, weight in zip(captions, weights or [1.0] * len(captions), strict=True):
            words = tuple(tokenize(text))
            counts[words] += 1
            totals[words] += weight
        vectors = {words: self._cider.vector(words) for words in counts}
        scores = []
        for text in candidates:
            words = tuple(tokenize(text))
            mine = self._cider.vector(words)
            others = {
                key: total * (1 - (key == words) / counts[key]) for key, total in totals.items()
            }
            agreed = sum(
                weight * self._cider.similarity(mine, vectors[key])
                for key, weight in others.items()
            )
            scores.append(agreed / (sum(others.values()) or 1.0))
        return scores


def hann_weights(count: int) -> list[float]:
    """How much each of a clip's captions counts, in the order of its frames: a Hann window, 0 to 1.

    What a clip is about is in its middle; it begins and ends with titles, cuts, and somebody on the
    way in or out (measured: training/results/clips.md).
    """
    return [math.sin(math.pi * (place + 0.5) / count) ** 2 for place in range(count)]
