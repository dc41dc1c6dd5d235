"""What a clip network keeps of frames: pooled tokens of the visual models that ship."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Self

import numpy as np

from captioner.errors import ModelError
from captioner.models.clip_model_config import FrameFeature
from captioner.models.preprocessing import resize
from captioner.models.visual import (
    PictureEncoder,
    VisualFeatures,
    load_visual_model,
    pool_tokens,
)

if TYPE_CHECKING:
    from captioner.types import Precision

Pool = Callable[[VisualFeatures, tuple[int, int]], np.ndarray]


def _grid(side: int) -> Pool:
    return lambda seen, grid: pool_tokens(seen.tokens, grid, side)


def _concepts(seen: VisualFeatures, grid: tuple[int, int]) -> np.ndarray:
    if seen.concepts is None:
        raise ModelError("there are concepts of efficientnet-lite2 alone")
    # Square roots of probabilities: their products tell how alike two distributions are.
    roots: np.ndarray = np.sqrt(seen.concepts)[:, None]
    return roots


# How the tokens of a frame are pooled: what a visual model saw, its grid → [B, places, channels].
KINDS: dict[str, Pool] = {
    "mean": lambda seen, grid: seen.tokens.mean(axis=1, keepdims=True),
    "max": lambda seen, grid: seen.tokens.max(axis=1, keepdims=True),
    "grid2": _grid(2),
    "grid3": _grid(3),
    "grid5": _grid(5),
    "concepts": _concepts,
}


class FrameEncoder:
    """Pictures → the features that a clip network takes of frames.

    Args:
        features: which.
        models: the visual models that they are of, by name.
    """

    def __init__(self, features: Sequence[FrameFeature], models: Mapping[str, PictureEncoder]):
        self.features = features
        self.models = models

    @classmethod
    def load(
        cls, features: Sequence[FrameFeature], precision: Precision | None = None
    ) -> FrameEncoder:
        """Loads the visual models.

        Raises:
            ModelError: one is missing or damaged, or a kind of pooling is unknown.
        """
        for feature in features:
            if feature.kind not in KINDS:
                known = ", ".join(sorted(KINDS))
                raise ModelError(f"unknown feature of frames {feature.kind!r}; known: {known}")
        names = dict.fromkeys(feature.encoder for feature in features)
        return cls(features, {name: load_visual_model(name, precision) for name in names})

    def __call__(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """Looks at pictures of any size, each uint8 [H, W, 3]; float32 [B, F]."""
        seen = {name: model.look(pictures) for name, model in self.models.items()}
        parts = [
            KINDS[feature.kind](seen[feature.encoder], self.models[feature.encoder].grid)
            for feature in self.features
        ]
        flat = [part.reshape(len(pictures), -1) for part in parts]
        return np.concatenate(flat, axis=1).astype(np.float32)

    def prepare(self, picture: np.ndarray) -> np.ndarray:
        """What a thread can do ahead: the square that is looked at, where there is but one."""
        sizes = {model.image_size for model in self.models.values()}
        return resize(picture, sizes.pop()) if len(sizes) == 1 else picture

    def with_streams(self, streams: int) -> Self:
        """The same models, run from so many threads at once."""
        twin = copy.copy(self)
        twin.models = {name: model.with_streams(streams) for name, model in self.models.items()}
        return twin


def spread(count: int, frames: int) -> np.ndarray:
    """Which of ``count`` frames stand at ``frames`` places evenly over the clip, int [T].

    Where there are fewer, some stand several times; where there are more, some nowhere. The first
    and the last part of the clip are always there.
    """
    middles: np.ndarray = ((np.arange(frames) + 0.5) * count / frames).astype(np.int64)
    return middles
