"""Photos and clips with their captions, as a dual encoder is taught and scored on them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import keras
import numpy as np

from training.data.datasets import CaptionedImage


@dataclass(frozen=True)
class Scenes:
    """Photos, and clips of a few frames each.

    Attributes:
        name: of the data set.
        frames: of each scene the rows of its frames among all pictures of the set; a photo has one.
        captions: of each scene.
    """

    name: str
    frames: list[list[int]]
    captions: list[list[str]]

    @property
    def owners(self) -> list[int]:
        """Of each caption, all in their order, the number of its scene."""
        return [number for number, texts in enumerate(self.captions) for _ in texts]

    @property
    def texts(self) -> list[str]:
        """All captions, in their order."""
        return [text for texts in self.captions for text in texts]


def scenes_of(name: str, items: Sequence[CaptionedImage], *, clips: bool) -> Scenes:
    """The scenes of a data set.

    Args:
        name: of the data set.
        items: photos, or frames of clips.
        clips: whether pictures that follow each other and have the same captions are frames of one
            clip.
    """
    if not clips:
        return Scenes(name, [[row] for row in range(len(items))], [[*x.captions] for x in items])
    runs = [[*run] for _, run in groupby(range(len(items)), key=lambda row: items[row].captions)]
    return Scenes(name, runs, [[*items[run[0]].captions] for run in runs])


def evenly(texts: Sequence[str], most: int) -> list[str]:
    """At most so many of the texts, from the first to the last in even steps."""
    count = min(most, len(texts))
    return [texts[len(texts) * place // count] for place in range(count)]


def mean_frames(pictures: np.ndarray, frames: Sequence[Sequence[int]]) -> np.ndarray:
    """The mean of each scene's frames: [N, F] → float32 [scenes, F]."""
    return np.stack([np.asarray(pictures[rows], np.float32).mean(axis=0) for rows in frames])


class Pairs(keras.utils.PyDataset):
    """Batches of scenes with captions; an epoch shows every scene once.

    Args:
        pictures: features of all pictures, float16 [N, F].
        frames: of each scene the rows of its frames.
        captions: of each scene the numbers of its captions.
        sentences: of each caption what the text tower takes [C, ...].
        batch_size: scenes a step.
        captions_per_picture: K.
        clips_whole: share of clips that are shown as the mean of their frames.
        seed: of all drawing.
    """

    def __init__(
        self,
        pictures: np.ndarray,
        frames: Sequence[Sequence[int]],
        captions: Sequence[Sequence[int]],
        sentences: np.ndarray,
        *,
        batch_size: int,
        captions_per_picture: int,
        clips_whole: float,
        seed: int,
    ):
        super().__init__()
        self._pictures = pictures
        self._frames = [np.asarray(rows) for rows in frames]
        self._captions = [np.asarray(numbers) for numbers in captions]
        self._sentences = sentences
        self._size = min(batch_size, len(frames))
        self._count = captions_per_picture
        self._whole = clips_whole
        self._random = np.random.default_rng(seed)
        self._order = self._random.permutation(len(frames))

    def __len__(self) -> int:
        """Steps of an epoch; what is left over is seen in others."""
        return max(1, math.floor(len(self._frames) / self._size))

    def on_epoch_end(self) -> None:
        """Shuffles."""
        self._order = self._random.permutation(len(self._frames))

    def __getitem__(self, step: int) -> Any:
        """A batch.

        Returns:
            Features float32 [B, F] and what the text tower takes [B, K, ...]; and int [B, 1 + K]:
            the number of the scene, and those of the captions.
        """
        scenes = self._order[step * self._size : (step + 1) * self._size]
        drawn = np.stack([self._draw(self._captions[scene]) for scene in scenes])
        pictures = np.stack([self._look(self._frames[scene]) for scene in scenes])
        sentences = np.asarray(self._sentences[drawn])
        if sentences.dtype == np.float16:
            sentences = sentences.astype(np.float32)
        return (pictures, sentences), np.concatenate([scenes[:, None], drawn], axis=1)

    def _draw(self, numbers: np.ndarray) -> np.ndarray:
        few = len(numbers) < self._count
        return self._random.choice(numbers, self._count, replace=few)

    def _look(self, rows: np.ndarray) -> np.ndarray:
        if len(rows) > 1 and self._random.random() >= self._whole:
            rows = self._random.choice(rows, 1)
        seen: np.ndarray = np.asarray(self._pictures[rows], np.float32).mean(axis=0)
        return seen
