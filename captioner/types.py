"""What flows between the packages; imports none of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

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
            each word's weights sum to 1. Of a whole clip [words, 1, frames]: at which frames. None
            where the captioner cannot tell.
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
class ClipCaption:
    """One sentence for a clip.

    Attributes:
        text: the sentence.
        score: how sure the captioner is, a mean log-probability a word; nearer to 0 is surer.
        frames: the captions of the frames that it was made from, in order of time; none where the
            captioner does not speak of single frames.
        summarizer: the name of the summarizer that made it of these captions; None where none was
            asked, as for a clip of one frame.
        words: the words of the sentence, where a network wrote it from all frames at once.
        attention: at which frames each of these words looked, float32 [words, frames]; each word's
            weights sum to 1. None where nobody can tell.
    """

    text: str
    score: float
    frames: tuple[TimedCaption, ...] = ()
    summarizer: str | None = None
    words: tuple[str, ...] = ()
    attention: np.ndarray | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class EncodedFrame:
    """What a clip captioner keeps of one frame, until it has those of the whole clip.

    Attributes:
        code: whatever it makes of a frame, such as features; None where the caption is all.
        caption: what it says of this frame alone; None where it does not.
    """

    code: Any = None
    caption: Caption | None = None


@dataclass(frozen=True)
class EncodedClip:
    """The frames of a clip, as a clip captioner encoded them.

    Attributes:
        spans: of each frame the start and the end of what it stands for, in seconds.
        frames: as many; at least one.
    """

    spans: tuple[tuple[float, float], ...]
    frames: tuple[EncodedFrame, ...]


@dataclass(frozen=True)
class FrameUsed:
    """A frame that an answer rests on.

    Attributes:
        start: when what it stands for begins, in seconds from the beginning of the clip.
        end: when that ends, in seconds.
        share: how much of the attention was on it, 0 to 1; those of an answer's frames sum to 1.
        attention: where in the frame, float32 [rows, columns] over the whole picture, in all 1.
            None where the answerer cannot tell.
    """

    start: float
    end: float
    share: float
    attention: np.ndarray | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Answer:
    """A short answer to a question about a picture or a clip.

    Attributes:
        question: as it was asked.
        text: the answer, or that the answerer cannot tell.
        score: the probability of the likeliest answer, 0 to 1; nan where a model of the hub does
            not say.
        frames: what it rests on, in order of time; at least one.
        alternatives: other answers with their probabilities, likeliest first; where the answerer
            cannot tell, what it would have guessed is the first of them.
        told: whether ``text`` is an answer.
        right: how often answers of such a score were right, 0 to 1; None where nobody measured it.
    """

    question: str
    text: str
    score: float
    frames: tuple[FrameUsed, ...] = ()
    alternatives: tuple[tuple[str, float], ...] = ()
    told: bool = True
    right: float | None = None
