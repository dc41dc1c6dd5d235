"""Looking at an image: attention of words over its positions."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="captionloom")
class GridAttention(keras.layers.Layer):
    """Multi-head scaled dot-product attention of T states over N positions.

    Keys and values come split into heads: they are the same for all words of a caption.
    """

    def __init__(self, heads: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.heads = heads

    def split(self, x: Any) -> Any:
        """[B, rows, D] → [B, H, rows, D/H]."""
        _, rows, units = x.shape
        heads = ops.reshape(x, (-1, rows, self.heads, units // self.heads))
        return ops.transpose(heads, (0, 2, 1, 3))

    def call(self, query: Any, keys: Any, values: Any) -> tuple[Any, Any]:
        """Looks.

        Args:
            query: [B, K, T, D].
            keys: [B, H, N, D/H].
            values: [B, H, N, D/H].

        Returns:
            What was seen [B, K, T, D], and where: weights [B, K, T, N], mean of the heads.
        """
        _, captions, words, units = query.shape
        positions, size = keys.shape[2:]
        queries = self.split(ops.reshape(query, (-1, captions * words, units)))
        # The queries are scaled, not the many keys.
        scores = ops.matmul(queries * size**-0.5, ops.transpose(keys, (0, 1, 3, 2)))
        weights = ops.softmax(scores, axis=-1)  # [B, H, K·T, N]
        seen = ops.matmul(weights, values)
        seen = ops.reshape(ops.transpose(seen, (0, 2, 1, 3)), (-1, captions, words, units))
        where = ops.reshape(ops.mean(weights, axis=1), (-1, captions, words, positions))
        return seen, where

    def compute_output_shape(self, query_shape: Any, keys_shape: Any, values_shape: Any) -> Any:
        """Shapes of the two results."""
        return query_shape, (*query_shape[:3], keys_shape[2])

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {**super().get_config(), "heads": self.heads}
