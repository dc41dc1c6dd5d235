"""What an answerer is, in numbers and names; known without Keras."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

TASK = "answer"


@dataclass(frozen=True)
class AnswerConfig:
    """The architecture.

    Attributes:
        encoders: the visual models whose features it reads: one for its grid; and one for its mean
            vector and its class probabilities, which may be the same and is then named once.
        grid: the grid is pooled to so many rows and columns.
        grid_channels: numbers at each place of the grid.
        pooled_channels: numbers of the mean vector.
        classes: that the second visual model tells apart.
        concepts: so many of the likeliest classes are told of each frame.
        max_frames: frames that are looked at together, at most.
        units: width of both transformers.
        heads: of their attention.
        queries: learnt vectors that ask the frames.
        former_layers: of the Q-Former.
        layers: of the language model.
        dropout: of both, in training.
        max_question: longest question, in words.
        max_answer: longest answer that is written, in words.
        max_words: longest text that the language model was taught, in words; captions are longer
            than answers.
    """

    encoders: tuple[str, ...] = ("efficientnet-lite2",)
    grid: int = 3
    grid_channels: int = 1280
    pooled_channels: int = 1280
    classes: int = 1000
    concepts: int = 5
    max_frames: int = 6
    units: int = 192
    heads: int = 4
    queries: int = 32
    former_layers: int = 2
    layers: int = 3
    dropout: float = 0.1
    max_question: int = 16
    max_answer: int = 5
    max_words: int = 16

    @property
    def places(self) -> int:
        """Places of a frame's grid."""
        return self.grid**2

    @property
    def frame_tokens(self) -> int:
        """Vectors that are read of each frame: its places, its mean, its concepts."""
        return self.places + 1 + self.concepts

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> AnswerConfig:
        """The reverse of `to_dict`; other keys are left out."""
        known = {name: values[name] for name in asdict(cls())}
        return cls(**{**known, "encoders": tuple(known["encoders"])})

    def to_dict(self) -> dict[str, Any]:
        """As ``config.json`` has it."""
        return {**asdict(self), "encoders": list(self.encoders)}
