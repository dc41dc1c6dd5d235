"""How sure a score is: bootstrap intervals over the clips or pictures that it was measured on.

P. Koehn, "Statistical Significance Tests for Machine Translation Evaluation", EMNLP 2004. The same
seed draws the same clips, so that differences of two ways are paired.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from summarizer.ngrams import MAX_N, ngram_counts, tokenize

Interval = tuple[float, float]

_SAMPLES = 1000
_SHARE = 95.0


def resampled(values: np.ndarray, statistic: Callable[[np.ndarray], Any], seed: int) -> Interval:
    """Between which values 95 % of the samples lie.

    Args:
        values: [N, ...], what is known of each of N clips.
        statistic: of such an array, a number.
        seed: of the samples.
    """
    random = np.random.default_rng(seed)
    count = len(values)
    found = [float(statistic(values[random.integers(count, size=count)])) for _ in range(_SAMPLES)]
    edge = (100 - _SHARE) / 2
    low, high = np.percentile(found, [edge, 100 - edge])
    return float(low), float(high)


def bleu_counts(hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> np.ndarray:
    """What BLEU is made of, of each sentence.

    Returns:
        float64 [N, 10]: n-grams that match, 1 to 4; n-grams, 1 to 4; words; words of the reference
        that is nearest in length.
    """
    return np.array([_counts(*pair) for pair in zip(hypotheses, references, strict=True)], float)


def _counts(hypothesis: str, references: Sequence[str]) -> list[int]:
    words = tokenize(hypothesis)
    others = [tokenize(text) for text in references]
    most: Counter[tuple[str, ...]] = Counter()
    for other in others:
        for ngram, count in ngram_counts(other).items():
            most[ngram] = max(most[ngram], count)
    matches = [0] * MAX_N
    for ngram, count in ngram_counts(words).items():
        matches[len(ngram) - 1] += min(count, most[ngram])
    totals = [max(0, len(words) - n) for n in range(MAX_N)]
    nearest = min((abs(len(other) - len(words)), len(other)) for other in others)[1]
    return [*matches, *totals, len(words), nearest]


def corpus_bleu(counts: np.ndarray) -> float:
    """BLEU-4 of many sentences (Papineni et al., ACL 2002), of what `bleu_counts` returns."""
    sums = counts.sum(axis=0)
    matches, totals, (length, nearest) = sums[:MAX_N], sums[MAX_N : 2 * MAX_N], sums[2 * MAX_N :]
    if not matches.all():
        return 0.0
    short = 1.0 if length >= nearest else math.exp(1 - nearest / length)
    return float(short * np.exp(np.mean(np.log(matches / totals))))
