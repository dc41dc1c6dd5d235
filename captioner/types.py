"""What flows between the packages; imports none of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    import numpy as np

MediaKind: TypeAlias = Literal["image", "animation", "video"]

# What a network computes with.
Precision: TypeAlias = Literal["float32", "bfloat16"]


@dataclass(frozen=True)
class Caption:
    """A sentence about a picture.

    Attributes:
        text: the sentence; lower-case and without a full stop, unless a model of the hub wrote it.
        score: mean log-probability of its words; nearer to 0 is surer.
        words: the words of the sentence.
        attention: where each word looked, float32 [words, rows, columns] over the whole picture;
            each word's weights sum to 1. None where the captioner cannot tell.
        alternatives: the other captions that the search found, best first.
    """

    text: str
    score: float
    words: tuple[str, ...]
    attention: np.ndarray | None = field(default=None, repr=False, compare=False)
    alternatives: tuple[Caption, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class TimedCaption:
    """What is seen from one moment of a clip to the next.

    Attributes:
        start: when its frame comes, in seconds from the beginning of the clip; 0 for the first
            frame, which stands for all that comes before it too.
        end: when the next captioned frame comes, or the clip ends, in seconds.
        caption: the caption of that frame.
    """

    start: float
    end: float
    caption: Caption


@dataclass(frozen=True)
class VideoCaption:
    """One sentence for a clip, and the captions of the frames that it was made from.

    Attributes:
        text: the sentence.
        frames: the captioned frames, in order of time; at least one.
    """

    text: str
    frames: tuple[TimedCaption, ...]

    @property
    def score(self) -> float:
        """The mean of the frames' scores, each a mean log-probability a word."""
        return sum(frame.caption.score for frame in self.frames) / len(self.frames)
