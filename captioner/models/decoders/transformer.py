"""A transformer decoder: A. Vaswani et al., "Attention Is All You Need", NeurIPS 2017.

Its blocks normalise what they read, not what they write (R. Xiong et al., "On Layer Normalization
in the Transformer Architecture", ICML 2020), which trains without a long warm-up.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from captioner.models.config import DecoderConfig
from captioner.models.decoders.attention import GridAttention
from captioner.models.decoders.base import Decoder, Shape


@keras.saving.register_keras_serializable(package="captionloom")
class CachedAttention(keras.layers.Layer):
    """Multi-head self-attention of T words over all words of their caption so far.

    The keys and values of these lie in a cache of a fixed length, a place for each word, so that a
    step computes those of its own word alone. Places of words to come are zeros.
    """

    def __init__(self, units: int, heads: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.units = units
        self.heads = heads
        self.project = keras.layers.Dense(3 * units, use_bias=False, name="queries_keys_values")
        self.output_layer = keras.layers.Dense(units, name="output")

    def build(self, input_shape: tuple[int | None, ...], *_: Any) -> None:
        """Creates both kernels."""
        self.project.build(input_shape)
        self.output_layer.build((*input_shape[:-1], self.units))
        self.built = True

    def call(self, x: Any, cache: Any, places: Any) -> tuple[Any, Any]:
        """Reads T words.

        Args:
            x: [B, K, T, D]; T is static.
            cache: [B, K, H, L, 2 D/H], keys beside values.
            places: int32 [B, K, T], where in the cache the words come; what is L or more is not
                kept.

        Returns:
            What was found [B, K, T, D], and the new cache.
        """
        _, captions, words, _ = x.shape
        heads = (-1, captions, words, self.heads, 3 * self.units // self.heads)
        projected = ops.transpose(ops.reshape(self.project(x), heads), (0, 1, 3, 2, 4))
        size = self.units // self.heads
        queries, added = projected[..., :size], projected[..., size:]  # [B, K, H, T, ...]
        slots = ops.arange(cache.shape[3], dtype="int32")
        written = ops.cast(ops.equal(places[:, :, None, None, :], slots[:, None]), cache.dtype)
        cache = cache + ops.matmul(written, added)  # [B, K, 1, L, T] times [B, K, H, T, ...]
        keys, values = cache[..., :size], cache[..., size:]
        scores = ops.matmul(queries * size**-0.5, ops.transpose(keys, (0, 1, 2, 4, 3)))
        later = ops.cast(ops.greater(slots, places[:, :, None, :, None]), scores.dtype)
        found = ops.matmul(ops.softmax(scores - 1e9 * later, axis=-1), values)  # [B, K, H, T, D/H]
        found = ops.reshape(
            ops.transpose(found, (0, 1, 3, 2, 4)), (-1, captions, words, self.units)
        )
        return self.output_layer(found), cache

    def compute_output_shape(self, x_shape: Any, cache_shape: Any, places_shape: Any) -> Any:
        """Shapes of both results."""
        return x_shape, cache_shape

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {**super().get_config(), "units": self.units, "heads": self.heads}


class _Block:
    """Looks at the words before, then at the image, then thinks: each added to what it read."""

    def __init__(self, config: DecoderConfig, name: str):
        def dense(units: int, part: str, **options: Any) -> Any:
            return keras.layers.Dense(units, name=f"{name}_{part}", **options)

        units = config.units
        self.norms = [
            keras.layers.LayerNormalization(epsilon=1e-5, name=f"{name}_{part}_norm")
            for part in ("words", "image", "feed")
        ]
        self.words = CachedAttention(units, config.heads, name=f"{name}_words")
        self.query = dense(units, "query", use_bias=False)
        self.keys = dense(units, "keys", use_bias=False)
        self.values = dense(units, "values", use_bias=False)
        self.look = GridAttention(config.heads, name=f"{name}_image")
        self.seen = dense(units, "seen")
        self.widen = dense(4 * units, "widen", activation="relu")
        self.narrow = dense(units, "narrow")
        self.dropout = keras.layers.Dropout(config.dropout)

    def memory(self, image: Any) -> tuple[Any, Any]:
        """Keys and values [B, H, N, D/H] of the image [B, N, D]."""
        return self.look.split(self.keys(image)), self.look.split(self.values(image))

    def __call__(
        self, x: Any, cache: Any, places: Any, keys: Any, values: Any
    ) -> tuple[Any, Any, Any]:
        """Words [B, K, T, D] → words, the new cache, and where they looked [B, K, T, N]."""
        found, cache = self.words(self.norms[0](x), cache, places)
        x = x + self.dropout(found)
        seen, where = self.look(self.query(self.norms[1](x)), keys, values)
        x = x + self.dropout(self.seen(seen))
        return x + self.dropout(self.narrow(self.widen(self.norms[2](x)))), cache, where


class TransformerDecoder(Decoder):
    """Blocks of self-attention over the words and attention over the image, learnt positions.

    Its states are the number of words so far, and a cache for each block. It remembers the first
    ``max_words + 1`` words; a search for longer captions goes on without the others.
    """

    def __init__(self, config: DecoderConfig, vocabulary_size: int, max_words: int):
        super().__init__(config, vocabulary_size, max_words)
        self.project = keras.layers.Dense(config.units, name="image")
        self.normalise = keras.layers.LayerNormalization(epsilon=1e-5, name="image_norm")
        self.positions = keras.layers.Embedding(self._length, config.units, name="positions")
        self.blocks = [_Block(config, f"block{n}") for n in range(1, config.layers + 1)]
        self.last_norm = keras.layers.LayerNormalization(epsilon=1e-5, name="last_norm")

    @property
    def _length(self) -> int:
        return self.max_words + 1

    @property
    def state_shapes(self) -> tuple[Shape, ...]:
        """See `Decoder.state_shapes`."""
        heads = self.config.heads
        cache = (heads, self._length, 2 * self.config.units // heads)
        return ((1,), *((cache,) * self.config.layers))

    def encode(self, image: Any) -> tuple[Any, ...]:
        """The mean of the projected image [B, D], and each block's keys and values of it."""
        projected = self.dropout(self.normalise(self.project(self._standardised(image))))
        parts = [part for block in self.blocks for part in block.memory(projected)]
        return ops.mean(projected, axis=1), *parts

    def start_states(self, memory: tuple[Any, ...]) -> tuple[Any, ...]:
        """Zeros: there are no words yet."""
        none = ops.zeros_like(memory[0][:, :1])
        caches = []
        for shape in self.state_shapes[1:]:
            cache = none[:, :, None, None]
            for axis, size in enumerate(shape):
                cache = ops.repeat(cache, size, axis=axis + 1)
            caches.append(cache)
        return none, *caches

    def decode(
        self, tokens: Any, states: tuple[Any, ...], memory: tuple[Any, ...]
    ) -> tuple[Any, tuple[Any, ...], Any]:
        """See `Decoder.decode`."""
        count, *caches = states
        words = tokens.shape[2]
        places = ops.cast(count, "int32") + ops.arange(words, dtype="int32")
        position = self.positions(ops.minimum(places, self._length - 1))
        x = self.dropout(self._words(tokens) + position)
        looked = []
        for n, block in enumerate(self.blocks):
            keys, values = memory[1 + 2 * n : 3 + 2 * n]
            x, caches[n], where = block(x, caches[n], places, keys, values)
            looked.append(where)
        where = sum(looked[1:], looked[0]) / len(looked)
        return self._logits(self.last_norm(x)), (count + words, *caches), where
