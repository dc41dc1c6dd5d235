"""A clip → captions of its frames → one sentence."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence

import numpy as np

from captioner.describe.base import Captioner, ClipCaptioner, timed
from captioner.types import ClipCaption, EncodedClip, EncodedFrame, TimedCaption
from summarizer import Summarizer


class FusedClipCaptioner(ClipCaptioner):
    """Captions clips: each sampled frame by a captioner, all of them by a summarizer.

    A clip of one frame, and a still picture, has that frame's caption: the summarizer is then not
    asked. The score of a clip is the mean of its frames' scores.

    Args:
        captioner: makes the caption of each frame.
        summarizer: makes one sentence of the frames' captions.
        max_frames: as for `ClipCaptioner`.
        frame_selector: as for `ClipCaptioner`.
        batch_size: as for `ClipCaptioner`.
    """

    def __init__(
        self,
        captioner: Captioner,
        summarizer: Summarizer,
        max_frames: int = 16,
        frame_selector: str = "uniform",
        batch_size: int = 16,
    ) -> None:
        super().__init__(max_frames, frame_selector, batch_size)
        self.captioner = captioner.for_clips()
        self.summarizer = summarizer

    @property
    def name(self) -> str:  # type: ignore[override]
        """The captioner's."""
        return self.captioner.name

    def encode_frames(self, images: Sequence[np.ndarray]) -> list[EncodedFrame]:
        """The captions of the frames."""
        return [EncodedFrame(caption=said) for said in self.captioner.caption_images(images)]

    def prepare(self, image: np.ndarray) -> np.ndarray:
        """See `Captioner.prepare`."""
        return self.captioner.prepare(image)

    def with_streams(self) -> FusedClipCaptioner:
        """See `Captioner.with_streams`."""
        twin = copy.copy(self)
        twin.captioner = self.captioner.with_streams()
        return twin

    def caption_encoded(self, clips: Sequence[EncodedClip]) -> list[ClipCaption]:
        """See `ClipCaptioner.caption_encoded`."""
        frames_of = [timed(clip) for clip in clips]
        several = [_texts(frames) for frames in frames_of if len(frames) > 1]
        fused = iter(self.summarizer.summarize_many(several) if several else [])
        return [self._caption(frames, fused) for frames in frames_of]

    def _caption(self, frames: tuple[TimedCaption, ...], fused: Iterator[str]) -> ClipCaption:
        score = sum(frame.caption.score for frame in frames) / len(frames)
        if len(frames) == 1:
            return ClipCaption(frames[0].caption.text, score, frames)
        return ClipCaption(next(fused), score, frames, self.summarizer.name)


def _texts(frames: Sequence[TimedCaption]) -> list[str]:
    return [frame.caption.text for frame in frames]
