"""CLIP-Cut: the frames of a clip that a text is about.

All frames are taken in groups of a few that follow each other; the groups lie where the mean of
their frames does, and those nearest to the text are kept. Vectors have unit length throughout, so
that nearness is the cosine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from captioner.describe.base import MAX_SIDE, ClipCaptioner
from captioner.media.budget import Budget
from captioner.media.frames import Clip, sample_frames
from captioner.ranges import MAX_FRAMES
from captioner.types import ClipCaption, EncodedClip, EncodedFrame

if TYPE_CHECKING:
    from captioner.search.retriever import Retriever

_GROUP = 3  # frames that follow each other; one group in as many is kept

_FRAMES_AT_ONCE = 16


def frames_about(
    text: np.ndarray, frames: np.ndarray, share: float = 1 / 3, group: int = 3
) -> list[int]:
    """The numbers of the frames that a text is about, in their order.

    Args:
        text: where the text lies, float [D].
        frames: where the frames lie, in order of time, float [T, D]; at least one.
        share: of the groups, so many are kept, at least one; above 0, at most 1.
        group: frames that follow each other and are kept or left together; the last group may have
            fewer.

    Raises:
        ValueError: a number is out of range, or there are no frames.
    """
    if not len(frames):
        raise ValueError("a clip without frames is about nothing; give at least one frame")
    if not 0 < share <= 1 or group < 1:
        raise ValueError(f"share is {share} and group {group}; give 0 < share <= 1 and group >= 1")
    starts = range(0, len(frames), group)
    unit = _unit(np.asarray(frames, np.float32))
    pooled = _unit(np.stack([unit[start : start + group].mean(axis=0) for start in starts]))
    scores = pooled @ _unit(np.asarray(text, np.float32)[None])[0]
    count = max(1, math.ceil(len(pooled) * share - 1e-9))
    kept = sorted(np.argsort(-scores, kind="stable")[:count].tolist())
    return [frame for one in kept for frame in range(len(frames))[one * group : (one + 1) * group]]


def embed_frames(retriever: Retriever, images: Sequence[np.ndarray]) -> np.ndarray:
    """Where frames lie: each uint8 [H, W, 3] → float32 [T, D]."""
    parts = [
        retriever.embed_images(images[at : at + _FRAMES_AT_ONCE])
        for at in range(0, len(images), _FRAMES_AT_ONCE)
    ]
    return np.concatenate(parts)


def _unit(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: np.ndarray = vectors / np.maximum(lengths, 1e-12)
    return unit


class ClipCutCaptioner(ClipCaptioner):
    """Captions the frames of a clip that a text is about.

    Three times as many frames are read as are captioned.

    Args:
        clips: captions the frames that are kept.
        retriever: tells which they are.
        text: what they are to be about; None: what ``clips`` says of the clip at first.
    """

    def __init__(self, clips: ClipCaptioner, retriever: Retriever, text: str | None = None):
        super().__init__(clips.max_frames, clips.frame_selector, clips.batch_size)
        self.name = clips.name
        self._clips = clips
        self._retriever = retriever
        self._text = text

    def encode_frames(self, images: Sequence[np.ndarray]) -> list[EncodedFrame]:
        """See `ClipCaptioner.encode_frames`."""
        return self._clips.encode_frames(images)

    def caption_encoded(self, clips: Sequence[EncodedClip]) -> list[ClipCaption]:
        """See `ClipCaptioner.caption_encoded`."""
        return self._clips.caption_encoded(clips)

    def prepare(self, image: np.ndarray) -> np.ndarray:
        """See `ClipCaptioner.prepare`."""
        return self._clips.prepare(image)

    def with_streams(self) -> ClipCaptioner:
        """See `ClipCaptioner.with_streams`."""
        return ClipCutCaptioner(self._clips.with_streams(), self._retriever, self._text)

    def sample(self, path: str | Path, budget: Budget | None = None) -> Clip:
        """See `ClipCaptioner.sample`."""
        count = min(_GROUP * self.max_frames, MAX_FRAMES[1])
        clip = sample_frames(path, count, self.frame_selector, MAX_SIDE, budget=budget)
        if len(clip.frames) <= 1:
            return clip
        images = [frame.image for frame in clip.frames]
        text = self._text or self._first_caption(clip)
        about = self._retriever.embed_texts([text])[0]
        kept = frames_about(about, embed_frames(self._retriever, images), 1 / _GROUP, _GROUP)
        return Clip(tuple(clip.frames[number] for number in kept), clip.duration)

    def _first_caption(self, clip: Clip) -> str:
        """What is said of every third frame together."""
        frames = clip.frames[_GROUP // 2 :: _GROUP] or clip.frames
        encoded = self._clips.encode_frames([self.prepare(frame.image) for frame in frames])
        spans = Clip(tuple(frames), clip.duration).spans
        return self._clips.caption_encoded([EncodedClip(spans, tuple(encoded))])[0].text
