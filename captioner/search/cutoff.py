"""From which score on a hit is better than what any query reaches by chance.

Pictures of a folder have much in common, and so has what people ask: a query about nothing that is
there still has a best hit. So sentences of many kinds, which came with the model, are asked of the
index once, and what they reach is remembered.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from captioner.search.retriever import Retriever
    from captioner.search.store import Store

_PICTURES = 4096  # rows of an index that are enough to know it by
_SHARE = 0.98  # of chance pairs that are below the cut-off


def calibrate(store: Store, retriever: Retriever) -> None:
    """Finds and keeps the cut-off of an index; without random queries there is none."""
    queries = retriever.random_queries()
    rows = store.vectors()
    with store.database:
        store.set_meta(cutoff=cutoff_of(rows, queries))


def cutoff_of(vectors: np.ndarray, queries: np.ndarray | None) -> float:
    """The score that chance pairs of a query and a picture reach seldom.

    Args:
        vectors: the embeddings of an index [rows, D].
        queries: sentences of many kinds [Q, D]; None: not known.

    Returns:
        -1 where there is nothing to know it by.
    """
    if queries is None or not len(vectors) or not len(queries):
        return -1.0
    step = max(1, math.ceil(len(vectors) / _PICTURES))
    sample = np.asarray(vectors[::step], np.float32)
    return float(np.quantile(sample @ queries.T, _SHARE))
