"""A transformer encoder over all tokens of all frames.

Its blocks normalise what they read (R. Xiong et al., ICML 2020).
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from captioner.models.clip_model_config import TemporalConfig
from captioner.models.temporal.base import TemporalEncoder
from captioner.models.temporal.positions import TimePositions, rotations


@keras.saving.register_keras_serializable(package="captionloom")
class TimeAttention(keras.layers.Layer):
    """Multi-head self-attention of the tokens [B, T, N, D] of T frames.

    Args:
        heads: divides D.
        rotary: queries and keys are turned by the time of their frame.
    """

    def __init__(self, heads: int, rotary: bool, **kwargs: Any):
        super().__init__(**kwargs)
        self.heads = heads
        self.rotary = rotary

    def build(self, input_shape: tuple[int, ...]) -> None:
        """Creates both kernels."""
        units = input_shape[-1]
        self.project = keras.layers.Dense(3 * units, use_bias=False, name="queries_keys_values")
        self.output_layer = keras.layers.Dense(units, name="output")
        self.project.build(input_shape)
        self.output_layer.build(input_shape)
        self.built = True

    def call(self, tokens: Any) -> Any:
        """Looks from each token at all."""
        _, frames, count, units = tokens.shape
        size = units // self.heads
        split = ops.reshape(self.project(tokens), (-1, frames, count, 3, self.heads, size))
        parts = ops.transpose(split, (3, 0, 4, 1, 2, 5))  # [3, B, H, T, N, D/H]
        queries, keys, values = parts[0], parts[1], parts[2]
        if self.rotary:
            queries, keys = self._turned(queries), self._turned(keys)
        flat = (-1, self.heads, frames * count, size)
        queries, keys, values = (ops.reshape(x, flat) for x in (queries, keys, values))
        scores = ops.matmul(queries * size**-0.5, ops.transpose(keys, (0, 1, 3, 2)))
        found = ops.transpose(ops.matmul(ops.softmax(scores, axis=-1), values), (0, 2, 1, 3))
        return self.output_layer(ops.reshape(found, (-1, frames, count, units)))

    @staticmethod
    def _turned(x: Any) -> Any:
        """[B, H, T, N, D/H], whose halves are turned into each other."""
        frames, size = x.shape[2], x.shape[4]
        cosines, sines = (
            ops.convert_to_tensor(table[:, None], dtype=x.dtype)
            for table in rotations(frames, size)
        )
        first, second = x[..., : size // 2], x[..., size // 2 :]
        turned = [first * cosines - second * sines, first * sines + second * cosines]
        return ops.concatenate(turned, axis=-1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """That of the tokens."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {**super().get_config(), "heads": self.heads, "rotary": self.rotary}


class TransformerTemporalEncoder(TemporalEncoder):
    """Blocks of self-attention over space and time together."""

    def __init__(self, config: TemporalConfig):
        super().__init__(config)

        def layers(part: str, make: Any) -> list[Any]:
            return [make(name=f"time_block{n}_{part}") for n in range(1, config.layers + 1)]

        def norm(name: str) -> Any:
            return keras.layers.LayerNormalization(epsilon=1e-5, name=name)

        units = config.units
        self.positions = (
            TimePositions(config.positions, config.slots, name="time_positions")
            if config.positions in ("sine", "learnt")
            else None
        )
        self.norms = layers("attention_norm", norm)
        self.attentions = layers(
            "attention",
            lambda name: TimeAttention(config.heads, config.positions == "rotary", name=name),
        )
        self.feed_norms = layers("feed_norm", norm)
        self.widen = layers(
            "widen", lambda name: keras.layers.Dense(4 * units, activation="relu", name=name)
        )
        self.narrow = layers("narrow", lambda name: keras.layers.Dense(units, name=name))
        self.last_norm = norm("time_last_norm")
        self.dropout = keras.layers.Dropout(config.dropout)

    def __call__(self, tokens: Any) -> Any:
        """See `TemporalEncoder`."""
        x = tokens if self.positions is None else self.positions(tokens)
        for norm, attend, feed_norm, widen, narrow in zip(
            self.norms, self.attentions, self.feed_norms, self.widen, self.narrow, strict=True
        ):
            x = x + self.dropout(attend(norm(x)))
            x = x + self.dropout(narrow(widen(feed_norm(x))))
        return self.last_norm(x)
