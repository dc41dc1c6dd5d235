"""What the visual models under a dual encoder tell its image tower of a picture."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Self

import numpy as np

from captioner.models.visual import VisualFeatures, load_visual_model

VERSION = 1  # of what `pooled` gives


def pooled(seen: VisualFeatures) -> np.ndarray:
    """Mean and maximum over the positions, and how likely each concept is, float32 [B, F].

    Probabilities are small numbers that differ by magnitudes: their square roots go on.
    """
    parts = [seen.tokens.mean(axis=1), seen.tokens.max(axis=1)]
    if seen.concepts is not None:
        parts.append(np.sqrt(seen.concepts))
    return np.concatenate(parts, axis=1).astype(np.float32)


class PictureFeatures:
    """Pictures → features, by several visual models; any number of threads may share it.

    Args:
        names: of the visual models.

    Raises:
        ModelError: one cannot be loaded.
    """

    def __init__(self, names: Sequence[str]):
        self._models = [load_visual_model(name) for name in names]

    @cached_property
    def largest(self) -> int:
        """Side of the largest square that a model takes, in pixels."""
        return max(model.image_size for model in self._models)

    def __call__(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """Looks at pictures of any size, each uint8 [H, W, 3] → float32 [B, F]; B at least 1."""
        return np.concatenate([pooled(model.look(pictures)) for model in self._models], axis=1)

    def with_streams(self, streams: int) -> Self:
        """The same, called from so many threads at once."""
        twin = type(self).__new__(type(self))
        twin._models = [model.with_streams(streams) for model in self._models]
        return twin
