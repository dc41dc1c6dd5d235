"""The nearest rows of a matrix, and two rankings made one."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

_ROWS_AT_ONCE = 512  # widened to float32, 256 numbers each, they stay in a core's cache
_ROWS_OF_A_THREAD = 65_536  # at least; fewer are not worth one
_MOST_THREADS = 8
_RANKS = 60  # G. Cormack et al., "Reciprocal Rank Fusion", SIGIR 2009

# A float16 is a float32 with fewer bits: its sign, then exponent and fraction 13 places further
# left. Only the exponents count from another number, so that all values are 2 ** 112 times too
# small, which the query makes up for. NumPy's own conversion takes four times as long.
_SHIFT = 13
_KEPT = np.int32(np.uint32(0x8FFFE000).astype(np.int64) - (1 << 32))
_TOO_SMALL = np.float32(2.0**112)


def cosines(vectors: np.ndarray, query: np.ndarray) -> np.ndarray:
    """The products of all rows with a query: float16 [rows, D] and float32 [D] → float32 [rows].

    The rows are read once, from first to last, and little of them is in memory at a time.
    """
    scores = np.empty(len(vectors), np.float32)
    bits = vectors.view(np.int16)
    scaled = query.astype(np.float32) * _TOO_SMALL
    threads = min(_cores(), _MOST_THREADS, max(1, len(vectors) // _ROWS_OF_A_THREAD))
    bounds = np.linspace(0, len(vectors), threads + 1).astype(int).tolist()
    parts = list(itertools.pairwise(bounds))
    if threads == 1:
        _multiply(bits, scaled, scores, parts[0])
    else:
        with ThreadPoolExecutor(threads, "cosines") as pool:
            list(pool.map(lambda part: _multiply(bits, scaled, scores, part), parts))
    return scores


def _multiply(
    bits: np.ndarray, query: np.ndarray, scores: np.ndarray, part: tuple[int, int]
) -> None:
    """Fills the scores of the rows from the first of ``part`` to before the last."""
    wide = np.empty((_ROWS_AT_ONCE, bits.shape[1]), np.int32)
    for start in range(*part, _ROWS_AT_ONCE):
        end = min(start + _ROWS_AT_ONCE, part[1])
        rows = wide[: end - start]
        np.copyto(rows, bits[start:end])
        np.left_shift(rows, _SHIFT, out=rows)
        np.bitwise_and(rows, _KEPT, out=rows)
        np.dot(rows.view(np.float32), query, out=scores[start:end])


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1  # macOS and Windows


def best_rows(scores: np.ndarray, count: int, floor: float) -> np.ndarray:
    """The numbers of the best rows, best first: at most so many, and none below the floor."""
    count = min(count, len(scores))
    if not count:
        return np.zeros(0, np.int64)
    best = np.argpartition(scores, len(scores) - count)[len(scores) - count :]
    best = best[scores[best] >= floor]
    order: np.ndarray = best[np.argsort(-scores[best], kind="stable")]
    return order


def fused(rankings: Sequence[Sequence[int]], weights: Sequence[float]) -> list[int]:
    """One ranking of several, best first: each gives 1 / (60 + rank), times its weight."""
    total: dict[int, float] = {}
    for ranking, weight in zip(rankings, weights, strict=True):
        for rank, one in enumerate(ranking, start=1):
            total[one] = total.get(one, 0.0) + weight / (_RANKS + rank)
    return sorted(total, key=lambda one: -total[one])
