"""A recurrent network over the frames: LSTM or GRU, with sine positions added before it.

The cells are written with one dense layer on the input and one on the state, which every backend
compiles quickly, unlike Keras's own on OpenVINO.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from captioner.errors import ModelError
from captioner.models.clip_model_config import TemporalConfig
from captioner.models.decoders.lstm import CaptionLSTM
from captioner.models.temporal.base import TemporalEncoder
from captioner.models.temporal.positions import TimePositions


@keras.saving.register_keras_serializable(package="captionloom")
class FrameGRU(keras.layers.Layer):
    """A GRU over T frames, [B, T, D] → [B, T, D] (K. Cho et al., EMNLP 2014)."""

    def __init__(self, units: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.units = units
        self.input_gates = keras.layers.Dense(3 * units, name="input_gates")
        self.state_gates = keras.layers.Dense(
            3 * units, kernel_initializer="orthogonal", name="state_gates"
        )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates both kernels."""
        self.input_gates.build(input_shape)
        self.state_gates.build((input_shape[0], self.units))
        self.built = True

    def call(self, frames: Any) -> Any:
        """Reads."""
        gates = self.input_gates(frames)
        hidden = ops.zeros_like(gates[:, 0, : self.units])
        outputs = []
        for from_input in ops.unstack(gates, gates.shape[1], axis=1):
            update, reset, new = ops.split(from_input, 3, axis=-1)
            state_update, state_reset, state_new = ops.split(self.state_gates(hidden), 3, axis=-1)
            kept = ops.sigmoid(update + state_update)
            candidate = ops.tanh(new + ops.sigmoid(reset + state_reset) * state_new)
            hidden = kept * hidden + (1.0 - kept) * candidate
            outputs.append(hidden)
        return ops.stack(outputs, axis=1)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {**super().get_config(), "units": self.units}


class RecurrentTemporalEncoder(TemporalEncoder):
    """The mean of each frame's tokens, read frame after frame; a token for each of its states."""

    def __init__(self, config: TemporalConfig):
        super().__init__(config)
        if config.cell not in ("lstm", "gru"):
            raise ModelError(f"unknown cell {config.cell!r}; known: gru, lstm")
        if config.positions == "rotary":
            raise ModelError("rotary positions are a transformer's; an rnn takes sine or learnt")
        self.positions = (
            TimePositions(config.positions, config.slots, name="time_positions")
            if config.positions != "none"
            else None
        )
        make = CaptionLSTM if config.cell == "lstm" else FrameGRU
        self.layers = [
            make(config.units, name=f"time_{config.cell}{n}") for n in range(1, config.layers + 1)
        ]
        self.dropout = keras.layers.Dropout(config.dropout)

    def __call__(self, tokens: Any) -> Any:
        """See `TemporalEncoder`; N' is 1."""
        frames = ops.mean(tokens, axis=2, keepdims=True)
        x = (frames if self.positions is None else self.positions(frames))[:, :, 0]
        for layer in self.layers:
            x = self.dropout(self._read(layer, x))
        return x[:, :, None]

    @staticmethod
    def _read(layer: Any, x: Any) -> Any:
        if isinstance(layer, FrameGRU):
            return layer(x)
        none = ops.zeros_like(x[:, :1])  # the state of one sequence a clip: [B, 1, D]
        outputs, _, _ = layer(x[:, None], none, none)
        return outputs[:, 0]
