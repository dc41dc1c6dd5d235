"""What every visual encoder offers: RGB images to tokens."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import keras

from captioner.models.config import EncoderConfig


class VisualEncoder(ABC):
    """A network from images to tokens: vectors, one for each position of a grid over the image.

    The rest of a model knows no more of an encoder than this.

    Args:
        config: what it is.
        images: a symbolic input to build it on, that of several encoders; None: one of its own.

    Attributes:
        config: as given.
        images: the symbolic input, uint8 [B, S, S, 3]: RGB, S pixels wide and high. What a network
            wants of its pixels (their scale, their order) is the first part of the graph.
        outputs: what the tokens are joined of: maps as the backend convolves, and vectors [B, C].
        model: images → tokens, float [B, N, C].
        grid: rows and columns of the positions, row by row: N is their product.
        parts: the networks that it is made of, by name; of most, itself alone.
        application: its name in `keras.applications`, from where ImageNet's weights may come; None:
            it is not there.
    """

    application: ClassVar[str | None] = None

    config: EncoderConfig
    images: Any
    outputs: list[Any]
    model: Any
    grid: tuple[int, int]

    @abstractmethod
    def __init__(self, config: EncoderConfig, images: Any = None):
        """See the class."""

    @property
    @abstractmethod
    def parts(self) -> Mapping[str, VisualEncoder]:
        """See the class."""

    @abstractmethod
    def variables(self) -> dict[str, Any]:
        """The weights by name (``layer/variable``), the same however often it is built."""

    @abstractmethod
    def cut(self, trained_from: str) -> list[Any]:
        """The tensors that the frozen layers hand to the stage ``trained_from`` and later ones.

        Raises:
            ModelError: there is no such stage, or it is on no way to an output.
        """

    @abstractmethod
    def train_from(self, trained_from: str | None, norms: bool) -> None:
        """Marks the layers from the stage ``trained_from`` on as trainable, and no other.

        Args:
            trained_from: as of `split`.
            norms: as of `split`.
        """

    def split(self, trained_from: str | None, norms: bool = True) -> tuple[Any, Any]:
        """Cuts the encoder in two: what stays frozen, and what is trained with the decoder.

        Args:
            trained_from: the first trained stage; None: nothing is trained.
            norms: train batch normalisations, too; otherwise they keep their statistics, which a
                pretrained encoder has from many more photos.

        Returns:
            ``(trunk, head)``: uint8 images [B, S, S, 3] → features, and features → tokens
            [B, N, C]. The features are what is worth caching: the tokens themselves where nothing
            is trained, the images where the first stage is; else the output of the last frozen
            stage, channels first where the backend convolves so. Where the tokens take from other
            frozen stages, too, all are one vector [B, F].

        Raises:
            ModelError: there is no such stage, or it is on no way to an output.
        """
        if trained_from is None:
            tokens = keras.Input(self.model.output.shape[1:], name="frozen")
            return self.model, keras.Model(tokens, tokens, name="head")
        tensors = self.cut(trained_from)
        self.train_from(trained_from, norms)
        head = keras.Model(tensors, self.model.output, name="head")
        if len(tensors) == 1:
            return keras.Model(self.images, tensors[0], name="trunk"), head
        flat = keras.layers.Concatenate()([keras.layers.Reshape((-1,))(x) for x in tensors])
        features = keras.Input(flat.shape[1:], name="features")
        return (
            keras.Model(self.images, flat, name="trunk"),
            keras.Model(features, head(_unflattened(features, tensors)), name="head"),
        )


def _unflattened(features: Any, tensors: Sequence[Any]) -> list[Any]:
    """The parts of ``features`` [B, F], in the shapes of the tensors that were joined to it."""
    parts, start = [], 0
    for tensor in tensors:
        end = start + math.prod(tensor.shape[1:])
        parts.append(keras.layers.Reshape(tensor.shape[1:])(features[:, start:end]))
        start = end
    return parts
