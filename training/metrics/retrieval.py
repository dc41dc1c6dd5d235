"""How often what belongs together is found among everything else: recall and median rank."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

CUTS = (1, 5, 10)


def ranks(
    pictures: np.ndarray, sentences: np.ndarray, owner: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """At which place, from 1, what belongs together is found, both ways.

    Args:
        pictures: embeddings of P pictures or clips [P, D].
        sentences: of S sentences [S, D]; each picture has at least one.
        owner: of each sentence, the number of its picture.

    Returns:
        Of each sentence the place of its picture among all, int [S]; of each picture that of the
        best of its sentences among all, int [P]. Whoever has the same score comes before, so that
        embeddings which are all alike gain nothing.
    """
    cosines = sentences @ pictures.T
    return ranks_of(cosines, owner)


def ranks_of(scores: np.ndarray, owner: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """As `ranks`, of scores [S, P] that come from anywhere."""
    owners = np.asarray(owner)
    own = scores[np.arange(len(owners)), owners]
    of_sentences = (scores >= own[:, None]).sum(axis=1)
    best = np.full(scores.shape[1], -np.inf)
    np.maximum.at(best, owners, own)
    others = owners[:, None] != np.arange(scores.shape[1])
    of_pictures = 1 + ((scores >= best) & others).sum(axis=0)
    return of_sentences, of_pictures


def recalls(places: np.ndarray) -> dict[str, float]:
    """Recall at 1, 5 and 10 in per cent, and the median rank."""
    found = {f"R@{cut}": 100 * float(np.mean(places <= cut)) for cut in CUTS}
    return {**found, "median rank": float(np.median(places))}
