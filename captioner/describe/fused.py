"""A clip → captions of its frames → one sentence."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from captioner.describe.base import MAX_SIDE
from captioner.media.budget import Budget
from captioner.media.frames import SELECTORS, Clip, sample_frames
from captioner.ranges import BATCH_SIZE, MAX_FRAMES, check_whole
from captioner.types import TimedCaption, VideoCaption

if TYPE_CHECKING:
    from captioner.describe.base import Captioner
    from captioner.types import Caption
    from summarizer import Summarizer


class VideoCaptioner:
    """Captions clips: each sampled frame by a captioner, all of them by a summarizer.

    Args:
        captioner: makes the caption of each frame.
        summarizer: makes one sentence of the frames' captions.
        max_frames: at most so many frames of a clip are captioned; 1 to 1,000.
        selector: how they are chosen, a name in ``captioner.media.frames.SELECTORS``.
        batch_size: how many frames are captioned together; 1 to 1,024.

    Raises:
        ValueError: ``max_frames`` or ``batch_size`` is no such number, or ``selector`` unknown.
    """

    def __init__(
        self,
        captioner: "Captioner",
        summarizer: "Summarizer",
        max_frames: int = 16,
        selector: str = "uniform",
        batch_size: int = 16,
    ) -> None:
        check_whole("max_frames", max_frames, *MAX_FRAMES)
        check_whole("batch_size", batch_size, *BATCH_SIZE)
        if selector not in SELECTORS:
            known = ", ".join(sorted(SELECTORS))
            raise ValueError(f"unknown frame selector {selector!r}; choose one of: {known}")
        self.captioner = captioner.for_clips()
        self.summarizer = summarizer
        self.max_frames = max_frames
        self.selector = selector
        self.batch_size = batch_size

    def caption(self, path: str | Path) -> VideoCaption:
        """Caption one GIF, animated picture or video.

        A clip of one frame, and a still picture, has that frame's caption: the summarizer is
        then not asked.

        Raises:
            MediaError: if the file cannot be read; it says why and what to do.
        """
        clip = self.sample(path)
        images = [frame.image for frame in clip.frames]
        return self.fuse(clip, list(self.captioner.caption_many(images, self.batch_size)))

    def sample(self, path: str | Path, budget: Budget | None = None) -> Clip:
        """The frames of a clip that are to be captioned.

        Args:
            path: the file.
            budget: what reading it may cost; by default the usual limits.

        Raises:
            MediaError: as `caption`.
        """
        return sample_frames(path, self.max_frames, self.selector, MAX_SIDE, budget=budget)

    def fuse(self, clip: Clip, captions: "Sequence[Caption]") -> VideoCaption:
        """One sentence from the captions of all frames that `sample` chose, in their order."""
        spans = zip(clip.spans, captions, strict=True)
        return self.fuse_many([[TimedCaption(*span, caption) for span, caption in spans]])[0]

    def fuse_many(self, clips: "Sequence[Sequence[TimedCaption]]") -> list[VideoCaption]:
        """One sentence for each of several clips, which together take less time than in turn.

        Args:
            clips: of each, the captions of all its frames, in their order; at least one.
        """
        texts = [[frame.caption.text for frame in frames] for frames in clips]
        several = [group for group in texts if len(group) > 1]
        fused = iter(self.summarizer.summarize_many(several) if several else [])
        return [
            VideoCaption(group[0] if len(group) == 1 else next(fused), tuple(frames))
            for group, frames in zip(texts, clips, strict=True)
        ]
