"""What a dual encoder is, in numbers and names; known without Keras."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FORMAT = 1
TASK = "match"


@dataclass(frozen=True)
class ImageTowerConfig:
    """From the features of pictures to the common space.

    Attributes:
        components: so many principal components of the features are looked at, each scaled to the
            same variance, but for those of little variance.
        units: of the hidden layer; beside it a linear layer leads straight through.
        dropout: fraction of components, and of hidden units, dropped in training.
    """

    components: int = 768
    units: int = 1024
    dropout: float = 0.3


@dataclass(frozen=True)
class TextTowerConfig:
    """A transformer from word pieces to one vector a sentence, and its way to the common space.

    Attributes:
        units: size of its vectors.
        layers: blocks, one upon the other.
        heads: attention heads; divides ``units``.
        feed: units of the hidden layer of each block.
        max_tokens: longest sentence, in word pieces; what is longer is cut.
        dropout: of the transformer, in training.
        head_units: of the hidden layer between the sentence's vector and the common space.
        head_dropout: fraction of the sentence's vector dropped in training.
    """

    units: int = 384
    layers: int = 6
    heads: int = 12
    feed: int = 1536
    max_tokens: int = 32
    dropout: float = 0.1
    head_units: int = 512
    head_dropout: float = 0.1


@dataclass(frozen=True)
class DualEncoderConfig:
    """The architecture.

    Attributes:
        encoders: the visual models whose features it takes, by name; see `visual`.
        dimensions: of the common space.
        image: the tower of pictures.
        text: the tower of sentences.
    """

    encoders: tuple[str, ...] = ("flickr8k-xception-lstm", "efficientnet-lite2")
    dimensions: int = 256
    image: ImageTowerConfig = field(default_factory=ImageTowerConfig)
    text: TextTowerConfig = field(default_factory=TextTowerConfig)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> DualEncoderConfig:
        """The reverse of `dataclasses.asdict`."""
        return cls(
            encoders=tuple(values["encoders"]),
            dimensions=values["dimensions"],
            image=ImageTowerConfig(**values["image"]),
            text=TextTowerConfig(**values["text"]),
        )
