"""What a clip network is, in numbers and names; known without Keras."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from captioner.models.config import CaptionModelConfig, DecoderConfig, EncoderConfig

TASK = "clip"  # `task` in config.json of a clip network's folder
POSITIONS = ("none", "sine", "learnt", "rotary")


@dataclass(frozen=True)
class TemporalConfig:
    """What a temporal encoder is.

    Attributes:
        name: a key of `temporal.TEMPORAL`.
        units: size of its tokens.
        layers: blocks or recurrent layers, one upon the other; ``none`` and ``mean`` have none.
        heads: attention heads of a transformer; divides ``units``.
        dropout: fraction of what each layer adds that is dropped in training.
        positions: how it knows when a frame comes: ``none``, ``sine``, ``learnt``, or, of a
            transformer, ``rotary``.
        slots: parts of a clip's time that have learnt positions of their own.
        cell: ``lstm`` or ``gru``, of an ``rnn``.
    """

    name: str = "transformer"
    units: int = 256
    layers: int = 2
    heads: int = 4
    dropout: float = 0.1
    positions: str = "rotary"
    slots: int = 4
    cell: str = "lstm"


@dataclass(frozen=True)
class FrameFeature:
    """One kind of numbers that is kept of a frame: ``places`` vectors of ``channels`` numbers.

    Attributes:
        encoder: a visual model (`captioner.models.visual`) that ships.
        kind: how its tokens are pooled (`captioner.models.clip_model_frames.KINDS`).
        places: vectors a frame.
        channels: numbers of each.
    """

    encoder: str
    kind: str
    places: int
    channels: int

    @property
    def size(self) -> int:
        """Numbers a frame."""
        return self.places * self.channels


@dataclass(frozen=True)
class ClipEncoderConfig(EncoderConfig):
    """From the features of a clip's frames to its memory.

    Attributes:
        features: what is kept of a frame, one after the other.
        frames: T, how many frames the network reads.
        components: each feature is brought to so many uncorrelated numbers first; 0: it is only
            brought to mean 0 and variance 1.
        temporal: what reads the frames in time.
        token_dropout: fraction of all tokens of frames that are left out in training.
        project: bring all features to as many units, and learn what is what; False: the decoder
            reads them as they are, and all have the same number of channels.
    """

    name: str = "clip"
    features: tuple[FrameFeature, ...] = ()
    frames: int = 16
    components: int = 384
    temporal: TemporalConfig = field(default_factory=TemporalConfig)
    token_dropout: float = 0.1
    project: bool = True

    @property
    def feature_size(self) -> int:
        """F, numbers that are kept of a frame."""
        return sum(feature.size for feature in self.features)

    @property
    def tokens(self) -> int:
        """N, tokens of a frame."""
        return sum(feature.places for feature in self.features)


@dataclass(frozen=True)
class ClipModelConfig(CaptionModelConfig):
    """The architecture of a clip network; see `CaptionModelConfig`."""

    encoder: ClipEncoderConfig = field(default_factory=ClipEncoderConfig)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ClipModelConfig:
        """The reverse of `dataclasses.asdict`."""
        encoder = dict(values["encoder"])
        encoder["features"] = tuple(FrameFeature(**each) for each in encoder["features"])
        encoder["temporal"] = TemporalConfig(**encoder["temporal"])
        return cls(
            encoder=ClipEncoderConfig(**encoder),
            decoder=DecoderConfig(**values["decoder"]),
            max_words=values["max_words"],
        )
