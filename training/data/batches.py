"""Features and captions as the batches that a captioner learns from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from captioner.models.vocabulary import Vocabulary
from training.data.views import View, window

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
        styles: of each photo's captions, as `Vocabulary.start` takes them; None: the usual one.
        weights: for each photo how likely each of its captions is drawn, relative to the others;
            None: all alike.
        vocabulary: the words.
        max_words: longer captions are cut.
        batch_size: B, photos in a batch; fewer where there are fewer photos.
        captions_per_image: K.
        seed: of shuffling and drawing.
        photos_per_epoch: so many of the photos are seen in an epoch, each time others; None: all.
        first_epoch: where a run goes on, so that it sees what it would have seen.
        grid: features are those of its rows and columns, [N, C], of which each time a `window`
            is drawn; None: they are shown whole.
    """

    def __init__(
        self,
        views: Sequence[Sequence[np.ndarray]],
        captions: Sequence[Sequence[str]],
        vocabulary: Vocabulary,
        *,
        styles: Sequence[str | None] | None = None,
        weights: Sequence[Sequence[float] | None] | None = None,
        max_words: int,
        batch_size: int,
        captions_per_image: int,
        seed: int,
        photos_per_epoch: int | None = None,
        first_epoch: int = 0,
        grid: tuple[int, int] | None = None,
    ):
        super().__init__()
        self.views = views
        self.batch_size = min(batch_size, len(captions))
        self.captions_per_image = captions_per_image
        self.seed = seed
        self.photos_per_epoch = max(photos_per_epoch or len(captions), self.batch_size)
        self.epoch = first_epoch
        self.grid = grid
        self.weights = weights or [None] * len(captions)
        styles = styles or [None] * len(captions)
        self.starts = np.array([vocabulary.start(style) for style in styles], dtype=np.int32)
        as_written = _tokens(captions, styles, vocabulary, max_words)
        mirrored = _tokens(_mirrored(captions), styles, vocabulary, max_words)
        self.tokens = [
            mirrored if View(number).mirrored else as_written for number in range(len(views))
        ]
        self._shuffle()

    def __len__(self) -> int:
        return min(len(self.order), self.photos_per_epoch) // self.batch_size

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
                self._draw(self.tokens[view.number][photo], self.weights[photo], random)
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
        if self.grid is not None:
            seen = [tokens[window(random, self.grid)] for tokens in seen]
        features = np.stack(seen)
        if features.dtype == np.float16:
            features = features.astype(np.float32)
        return chosen, views, features

    def _draw(
        self, tokens: np.ndarray, weights: Sequence[float] | None, random: np.random.Generator
    ) -> np.ndarray:
        """K of a photo's captions; each once before any comes twice."""
        rounds = -(-self.captions_per_image // len(tokens))
        order = np.concatenate([_shuffled(len(tokens), weights, random) for _ in range(rounds)])
        drawn: np.ndarray = tokens[order[: self.captions_per_image]]
        return drawn

    def _shuffle(self) -> None:
        random = np.random.default_rng((self.seed, self.epoch))
        self.order = random.permutation(len(self.tokens[0]))


def _shuffled(
    count: int, weights: Sequence[float] | None, random: np.random.Generator
) -> np.ndarray:
    """Numbers below ``count``, each once; those of great weight are likely to come early.

    As if drawn one after the other by their weights (P. Efraimidis and P. Spirakis, "Weighted
    random sampling with a reservoir", 2006).
    """
    if weights is None:
        return random.permutation(count)
    order: np.ndarray = np.argsort(random.exponential(size=count) / np.asarray(weights))
    return order


def _tokens(
    captions: Sequence[Sequence[str]],
    styles: Sequence[str | None],
    vocabulary: Vocabulary,
    max_words: int,
) -> list[np.ndarray]:
    """For each photo int32 [captions, max_words + 2]."""
    return [
        np.stack([vocabulary.encode(text, max_words + 2, style) for text in texts])
        for texts, style in zip(captions, styles, strict=True)
    ]


def _mirrored(captions: Sequence[Sequence[str]]) -> list[list[str]]:
    return [[mirror_words(text) for text in texts] for texts in captions]
