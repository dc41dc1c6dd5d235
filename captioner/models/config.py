"""What a model is, in numbers and names; known without Keras."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class EncoderConfig:
    """What an encoder is.

    Attributes:
        name: a key of `encoders.ENCODERS`, or several, joined by ``+``, side by side.
        image_size: side of the square input in pixels.
        output: the stage whose features are handed to the decoder, or several, joined by ``+``.
            Of several encoders each stage is named with its own, ``xception.block13``.
    """

    name: str = "xception"
    image_size: int = 299
    output: str = "block13"


@dataclass(frozen=True)
class DecoderConfig:
    """What a decoder is.

    Attributes:
        name: a key of `decoders.DECODERS`.
        units: size of the LSTM states, the word vectors and the projected tokens of the image.
        heads: attention heads; divides ``units``.
        dropout: fraction of word vectors, tokens and outputs dropped in training.
        standardise: bring each channel of the tokens to mean 0 and variance 1 first: those of
            several stages differ in spread.
        layers: blocks of a transformer, one upon the other; of no effect on the others.
    """

    name: str = "attention-lstm"
    units: int = 512
    heads: int = 8
    dropout: float = 0.5
    standardise: bool = False
    layers: int = 2


@dataclass(frozen=True)
class CaptionModelConfig:
    """The architecture.

    Attributes:
        max_words: the longest caption that is learnt or written, in words.
    """

    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    decoder: DecoderConfig = field(default_factory=DecoderConfig)
    max_words: int = 20

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> CaptionModelConfig:
        """The reverse of `dataclasses.asdict`."""
        return cls(
            encoder=EncoderConfig(**values["encoder"]),
            decoder=DecoderConfig(**values["decoder"]),
            max_words=values["max_words"],
        )
