"""Frames → the features that an answerer reads, by the visual models that its folder names."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from captioner.errors import ModelError
from captioner.models.answer_config import AnswerConfig
from captioner.models.answer_features import FrameFeatures, likeliest
from captioner.models.visual import VisualModel, load_visual_model, pool_tokens
from captioner.types import Precision

_TOGETHER = 16  # frames


class FeatureReader:
    """Makes features of frames; any number of threads may share it.

    Args:
        config: names the visual models: one for the grid, one for the mean and the classes.
        precision: see `captioner.load_captioner`.

    Raises:
        ModelError: a visual model cannot be loaded, or is not the one that the network was taught
            with.
    """

    def __init__(self, config: AnswerConfig, precision: Precision | None = None):
        self._config = config
        models = [load_visual_model(name, precision) for name in config.encoders]
        self._grid, self._classes = models[0], models[-1]
        for model, channels in (
            (self._grid, config.grid_channels),
            (self._classes, config.pooled_channels),
        ):
            if model.channels != channels:
                raise ModelError(
                    f"the visual model {model.name} gives {model.channels} numbers a place, and "
                    f"the answerer learnt from {channels}; take the version that it came with"
                )

    @property
    def class_model(self) -> VisualModel:
        """The visual model that knows classes."""
        return self._classes

    def read(self, images: Sequence[np.ndarray]) -> FrameFeatures:
        """The features of frames, each uint8 [H, W, 3], RGB."""
        parts = [
            self._read(images[start : start + _TOGETHER])
            for start in range(0, len(images), _TOGETHER)
        ]
        return joined(parts)

    def _read(self, images: Sequence[np.ndarray]) -> FrameFeatures:
        classes = self._classes.look(images)
        seen = classes if self._grid is self._classes else self._grid.look(images)
        if classes.concepts is None:
            raise ModelError(f"the visual model {self._classes.name} knows no classes")
        grid = pool_tokens(seen.tokens, self._grid.grid, self._config.grid)
        concepts, certainty = likeliest(classes.concepts, self._config.concepts)
        return FrameFeatures(grid, classes.tokens.mean(axis=1), concepts, certainty)


def joined(parts: Sequence[FrameFeatures]) -> FrameFeatures:
    """Several, one after the other."""
    return FrameFeatures(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("grid", "mean", "concepts", "certainty")
        )
    )
