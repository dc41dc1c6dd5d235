"""When a frame comes: positions over a clip's time, which is 0 to 1 however long the clip is.

A frame's place is its part of that time, not its number: what was learnt with four frames holds
for sixteen.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

_MOMENTS = 64.0  # sine positions: as if a clip had so many moments


def places(frames: int) -> np.ndarray:
    """The middles of ``frames`` even parts of a clip's time, float [T]."""
    middles: np.ndarray = (np.arange(frames) + 0.5) / frames
    return middles


def sine_table(frames: int, units: int) -> np.ndarray:
    """Sines and cosines (Vaswani et al. 2017) of each frame's place, float32 [T, D]."""
    rates = 10_000.0 ** (-np.arange(0, units, 2) / units)
    angles = _MOMENTS * places(frames)[:, None] * rates
    table = np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(frames, -1)
    return table[:, :units].astype(np.float32)


def rotations(frames: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Cosines and sines of the angles by which rotary positions turn, each float32 [T, size / 2].

    J. Su et al., "RoFormer: Enhanced Transformer with Rotary Position Embedding", 2021; here over
    time from 0 to 1, so that the slowest pair turns little in a clip and the quickest sixteen rad.
    """
    rates = 16.0 * 100.0 ** (-np.arange(size // 2) / max(1, size // 2))
    angles = places(frames)[:, None] * rates
    return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)


@keras.saving.register_keras_serializable(package="captionloom")
class TimePositions(keras.layers.Layer):
    """Adds to the tokens [B, T, N, D] of each frame what says when it comes.

    Args:
        kind: ``sine``, or ``learnt``: a vector for each of ``slots`` parts of the time.
        slots: see there.
    """

    def __init__(self, kind: str, slots: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.kind = kind
        self.slots = slots

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the table, where it is learnt."""
        if self.kind == "learnt":
            self.table = self.add_weight(
                shape=(self.slots, input_shape[-1]), initializer="zeros", name="table"
            )
        self.built = True

    def call(self, tokens: Any) -> Any:
        """Adds."""
        _, frames, _, units = tokens.shape
        if self.kind == "sine":
            table = ops.convert_to_tensor(sine_table(frames, units), dtype=tokens.dtype)
        else:
            slots = (places(frames) * self.slots).astype(np.int32)
            table = ops.take(self.table, slots, axis=0)
        return tokens + table[:, None]

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {**super().get_config(), "kind": self.kind, "slots": self.slots}
