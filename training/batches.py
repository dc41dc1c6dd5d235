"""Features and captions as the batches that a captioner learns from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from captioner.models.vocabulary import Vocabulary
from training.views import View, window

_MIRRORED = {"left": "right", "right": "left"}


def mirror_words(caption: str) -> str:
    """``caption`` of the mirrored photo: left and right change places."""
    return " ".join(_MIRRORED.get(word, word) for word in caption.split())


class CaptionBatches(keras.utils.PyDataset):
    """Batches of photos, each with K of its captions; shuffled and mirrored anew at each epoch.

    Every batch has the same size, so that compiled backends compile once; the few photos that are
    left over at the end of an epoch wait for another.

    Args:
        views: the features of N photos in each of their views, numbered as `View` has them. Each
            time one of them is drawn.
        captions: for each of the N photos its captions, as `Vocabulary.encode` takes them.
        vocabulary: the words.
        max_words: longer captions are cut.
        batch_size: B, photos in a batch; fewer where there are fewer photos.
        captions_per_image: K.
        seed: of shuffling and drawing.
        first_epoch: where a run goes on, so that it sees what it would have seen.
        windows: features are grids [N, C] of squares, of which each time a `window` is drawn.
    """

    def __init__(
        self,
        views: Sequence[Sequence[np.ndarray]],
        captions: Sequence[Sequence[str]],
        vocabulary: Vocabulary,
        *,
        max_words: int,
        batch_size: int,
        captions_per_image: int,
        seed: int,
        first_epoch: int = 0,
        windows: bool = False,
    ):
        super().__init__()
        self.views = views
        self.batch_size = min(batch_size, len(captions))
        self.captions_per_image = captions_per_image
        self.seed = seed
        self.epoch = first_epoch
        self.windows = windows
        as_written = _tokens(captions, vocabulary, max_words)
        mirrored = _tokens(_mirrored(captions), vocabulary, max_words)
        self.tokens = [
            mirrored if View(number).mirrored else as_written for number in range(len(views))
        ]
        self._shuffle()

    def __len__(self) -> int:
        return len(self.order) // self.batch_size

    def on_epoch_end(self) -> None:
        """Shuffles."""
        self.epoch += 1
        self._shuffle()

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        """Inputs ``(features [B, ...], tokens int32 [B, K, T])`` and targets int32 [B, K, T]."""
        photos, views, features = self.photos(index)
        random = np.random.default_rng((self.seed, self.epoch, index, 1))
        tokens = np.stack(
            [
                self._draw(self.tokens[view.number][photo], random)
                for view, photo in zip(views, photos, strict=True)
            ]
        )
        return (features, tokens[:, :, :-1]), tokens[:, :, 1:]

    def photos(self, index: int) -> tuple[np.ndarray, list[View], np.ndarray]:
        """The photos of a batch: their numbers int [B], how each is seen, features [B, ...]."""
        random = np.random.default_rng((self.seed, self.epoch, index))
        chosen = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        views = [View(int(number)) for number in random.integers(len(self.views), size=len(chosen))]
        seen = [self.views[view.number][photo] for view, photo in zip(views, chosen, strict=True)]
        if self.windows:
            seen = [grid[window(random, math.isqrt(len(grid)))] for grid in seen]
        features = np.stack(seen)
        if features.dtype == np.float16:
            features = features.astype(np.float32)
        return chosen, views, features

    def _draw(self, tokens: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """K of a photo's captions; each once before any comes twice."""
        rounds = -(-self.captions_per_image // len(tokens))
        order = np.concatenate([random.permutation(len(tokens)) for _ in range(rounds)])
        drawn: np.ndarray = tokens[order[: self.captions_per_image]]
        return drawn

    def _shuffle(self) -> None:
        random = np.random.default_rng((self.seed, self.epoch))
        self.order = random.permutation(len(self.tokens[0]))


def _tokens(
    captions: Sequence[Sequence[str]], vocabulary: Vocabulary, max_words: int
) -> list[np.ndarray]:
    """For each photo int32 [captions, max_words + 2]."""
    return [
        np.stack([vocabulary.encode(text, max_words + 2) for text in texts]) for texts in captions
    ]


def _mirrored(captions: Sequence[Sequence[str]]) -> list[list[str]]:
    return [[mirror_words(text) for text in texts] for texts in captions]
