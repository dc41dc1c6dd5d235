"""A dual encoder as one model of Keras: pictures and sentences into one space.

What belongs together lies close there: A. Frome et al., "DeViSE", NeurIPS 2013; R. Kiros et al.,
"Unifying Visual-Semantic Embeddings", 2014; A. Radford et al., "Learning Transferable Visual Models
From Natural Language Supervision", ICML 2021. The pictures come as features of frozen encoders.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from captioner.models.dual_encoder_config import DualEncoderConfig, TextTowerConfig

PAD = 0  # the number of the word piece that fills a row up


@keras.saving.register_keras_serializable(package="captionloom")
class Standardise(keras.layers.Layer):
    """Features of mean 0 and variance 1: ``(x - mean) * scale``, which are set, not learnt."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates both."""
        shape = (input_shape[-1],)
        self.mean = self.add_weight(shape=shape, initializer="zeros", trainable=False, name="mean")
        self.scale = self.add_weight(shape=shape, initializer="ones", trainable=False, name="scale")
        self.built = True

    def call(self, x: Any) -> Any:
        """[..., F] → [..., F]."""
        return (x - self.mean) * self.scale


@keras.saving.register_keras_serializable(package="captionloom")
class Unit(keras.layers.Layer):
    """Vectors of length 1."""

    def call(self, x: Any) -> Any:
        """[..., D] → [..., D]."""
        return x / ops.sqrt(ops.sum(ops.square(x), axis=-1, keepdims=True) + 1e-12)


@keras.saving.register_keras_serializable(package="captionloom")
class Positions(keras.layers.Layer):
    """Adds a learnt vector to each place of a sentence.

    Args:
        most: places that there are vectors for.
    """

    def __init__(self, most: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.most = most

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the vectors."""
        self.embeddings = self.add_weight(
            shape=(self.most, input_shape[-1]), initializer="uniform", name="embeddings"
        )
        self.built = True

    def call(self, x: Any) -> Any:
        """[B, T, D] → [B, T, D]."""
        return x + self.embeddings[: x.shape[1]]

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {**super().get_config(), "most": self.most}


class TextTransformer:
    """Word pieces → one vector a sentence, the mean of what its last block says of each piece.

    Blocks as in BERT (J. Devlin et al., NAACL 2019), which normalise what they write, so that the
    weights of a sentence encoder of this kind fit in (W. Wang et al., "MiniLM", NeurIPS 2020).
    """

    def __init__(self, config: TextTowerConfig, pieces: int):
        self.config = config
        layers = keras.layers
        self.embed = layers.Embedding(pieces, config.units, name="pieces")
        self.place = Positions(config.max_tokens, name="positions")
        self.norm = layers.LayerNormalization(epsilon=1e-12, name="text_norm")
        self.dropout = layers.Dropout(config.dropout)
        self.blocks = [_Block(config, f"text{n}") for n in range(1, config.layers + 1)]

    def __call__(self, pieces: Any) -> Any:
        """int32 [B, T], T static and at most ``max_tokens``, filled up with PAD → [B, units]."""
        real = ops.cast(ops.not_equal(pieces, PAD), "float32")
        blocked = (real[:, None, None, :] - 1) * 1e9
        x = self.dropout(self.norm(self.place(self.embed(pieces))))
        for block in self.blocks:
            x = block(x, blocked)
        count = ops.maximum(ops.sum(real, axis=1, keepdims=True), 1.0)
        return ops.sum(x * real[:, :, None], axis=1) / count


class _Block:
    """Looks at the other pieces, then thinks; normalises after each."""

    def __init__(self, config: TextTowerConfig, name: str):
        def dense(units: int, part: str, **options: Any) -> Any:
            return keras.layers.Dense(units, name=f"{name}_{part}", **options)

        self.heads = config.heads
        self.units = config.units
        self.query, self.key, self.value, self.output = (
            dense(config.units, part) for part in ("query", "key", "value", "output")
        )
        self.widen = dense(config.feed, "widen")
        self.narrow = dense(config.units, "narrow")
        self.norms = [
            keras.layers.LayerNormalization(epsilon=1e-12, name=f"{name}_{part}_norm")
            for part in ("pieces", "feed")
        ]
        self.dropout = keras.layers.Dropout(config.dropout)

    def __call__(self, x: Any, blocked: Any) -> Any:
        """[B, T, D], and [B, 1, 1, T], far below 0 where there is no piece → [B, T, D]."""
        length, size = x.shape[1], self.units // self.heads

        def split(y: Any) -> Any:
            return ops.transpose(ops.reshape(y, (-1, length, self.heads, size)), (0, 2, 1, 3))

        queries, keys, values = split(self.query(x)), split(self.key(x)), split(self.value(x))
        scores = ops.matmul(queries * size**-0.5, ops.transpose(keys, (0, 1, 3, 2))) + blocked
        found = ops.matmul(ops.softmax(scores, axis=-1), values)
        found = ops.reshape(ops.transpose(found, (0, 2, 1, 3)), (-1, length, self.units))
        x = self.norms[0](x + self.dropout(self.output(found)))
        thought = self.narrow(keras.activations.gelu(self.widen(x), approximate=False))
        return self.norms[1](x + self.dropout(thought))


class DualEncoder:
    """Both towers, in the graphs that their uses need. All share the same layers.

    Args:
        config: the architecture.
        features: F, how many numbers the visual models say of a picture.
        pieces: how many word pieces the tokenizer knows.

    Attributes:
        project: features float [B, F] → their principal components [B, P].
        image_head: principal components [B, P] → [B, D], unit length.
        text_head: vectors of sentences [B, units] → [B, D], unit length.
    """

    def __init__(self, config: DualEncoderConfig, features: int, pieces: int):
        self.config = config
        self.features = features
        self.pieces = pieces
        self.transformer = TextTransformer(config.text, pieces)
        self.project = self._projection()
        self.image_head = _head("image", config.image.components, config.image.units, config)
        self.text_head = _head("head", config.text.units, config.text.head_units, config)
        whole = self.image_graph(), self.text_graph(config.text.max_tokens)  # creates every weight
        self._variables = {v.path: v for graph in whole for v in graph.weights}

    def image_graph(self) -> Any:
        """A Keras model: features float [B, F] → [B, D], unit length."""
        features = keras.Input((self.features,), name="features")
        return keras.Model(features, self.image_head(self.project(features)), name="image")

    def text_graph(self, length: int) -> Any:
        """A Keras model: word pieces int32 [B, length] → [B, D], unit length."""
        pieces = keras.Input((length,), dtype="int32", name="word_pieces")
        return keras.Model(pieces, self.text_head(self.transformer(pieces)), name="text")

    def sentence_graph(self, length: int) -> Any:
        """A Keras model: word pieces int32 [B, length] → vectors of sentences [B, units]."""
        pieces = keras.Input((length,), dtype="int32", name="word_pieces")
        return keras.Model(pieces, self.transformer(pieces), name="sentences")

    def variables(self) -> dict[str, Any]:
        """The weights by name (``layer/variable``)."""
        return self._variables

    def _projection(self) -> Any:
        features = keras.Input((self.features,), name="features")
        components = keras.layers.Dense(
            self.config.image.components, use_bias=False, name="image_project"
        )
        standard = Standardise(name="image_standardise")(features)
        return keras.Model(features, components(standard), name="project")


def _head(name: str, width: int, units: int, config: DualEncoderConfig) -> Any:
    """From vectors [B, width] to the common space: a hidden layer, and a linear way beside it."""
    dropout = config.image.dropout if name == "image" else config.text.head_dropout
    layers = keras.layers
    given = keras.Input((width,), name=f"{name}_given")
    x = layers.Dropout(dropout)(layers.LayerNormalization(name=f"{name}_norm")(given))
    hidden = layers.Dense(units, activation="gelu", name=f"{name}_hidden")(x)
    hidden = layers.Dropout(dropout)(hidden)
    place = layers.Dense(config.dimensions, name=f"{name}_output")(hidden)
    straight = layers.Dense(config.dimensions, use_bias=False, name=f"{name}_straight")(x)
    return keras.Model(given, Unit(name=f"{name}_unit")(place + straight), name=f"{name}_head")
