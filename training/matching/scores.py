"""Scores of a dual encoder: what is found by sentences, and by pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from training.matching.data import Scenes
from training.metrics.retrieval import CUTS, ranks, recalls

WAYS = ("text to picture", "picture to text")


@dataclass(frozen=True)
class Evaluation:
    """Scores of a dual encoder on the scenes of a split.

    Attributes:
        scenes: how many photos or clips.
        captions: how many captions of these.
        found: of each of `WAYS`, R@1, R@5, R@10 in per cent and the median rank.
    """

    scenes: int
    captions: int
    found: Mapping[str, Mapping[str, float]]

    @property
    def mean_recall(self) -> float:
        """The mean of all six recalls, by which models are chosen."""
        both = self.found.values()
        return float(np.mean([scores[f"R@{cut}"] for scores in both for cut in CUTS]))

    def as_dict(self) -> dict[str, Any]:
        """All as JSON can hold it."""
        return {"scenes": self.scenes, "captions": self.captions, **self.found}


def evaluate(pictures: np.ndarray, sentences: np.ndarray, scenes: Scenes) -> Evaluation:
    """Scores embeddings.

    Args:
        pictures: of all pictures of the set [N, D], unit length; a clip is the mean of its frames.
        sentences: of all captions, in the order of `Scenes.texts` [S, D].
        scenes: what belongs together.
    """
    clips = np.stack([_unit(pictures[rows].mean(axis=0)) for rows in scenes.frames])
    both = ranks(clips, sentences, scenes.owners)
    found = {way: recalls(places) for way, places in zip(WAYS, both, strict=True)}
    return Evaluation(len(scenes.frames), len(sentences), found)


def report(result: Evaluation) -> str:
    """A table for people."""
    columns = [f"R@{cut}" for cut in CUTS] + ["median rank"]
    lines = [
        f"{result.scenes} photos or clips, {result.captions} captions",
        f"{'':<16}" + "".join(f"{column:>12}" for column in columns),
    ]
    for way, scores in result.found.items():
        lines.append(f"{way:<16}" + "".join(f"{scores[column]:>12.1f}" for column in columns))
    return "\n".join(lines)


def in_batches(
    run: Callable[[np.ndarray], np.ndarray], rows: Sequence[Any] | np.ndarray, size: int = 256
) -> np.ndarray:
    """What ``run`` makes of rows, so many at a time."""
    parts = [run(np.asarray(rows[at : at + size])) for at in range(0, len(rows), size)]
    return np.concatenate(parts)


def _unit(vector: np.ndarray) -> np.ndarray:
    length: np.ndarray = np.maximum(np.linalg.norm(vector), 1e-12)
    unit: np.ndarray = vector / length
    return unit
