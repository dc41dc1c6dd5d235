"""Frames of a clip with their times: all in order, or a few that stand for the whole."""

import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from captioner.errors import DAMAGE
from captioner.media.animations import AnimationSource, StillSource
from captioner.media.budget import Budget, Limits
from captioner.media.detect import media_kind
from captioner.media.images import check_max_side
from captioner.media.lazy_frames import Clip, Frame, FrameSource, LazyFrame
from captioner.media.pillow import MAX_PIXELS
from captioner.media.selectors import SELECTORS, merge_near_identical
from captioner.media.videos import VideoSource
from captioner.types import MediaKind

__all__ = [
    "SELECTORS",
    "Clip",
    "Frame",
    "expected_duration",
    "read_frames",
    "sample_frames",
]

_SOURCES: Mapping[MediaKind, Callable[[Path, int, int | None, Budget], FrameSource]] = {
    "image": StillSource,
    "animation": AnimationSource,
    "video": VideoSource,
}

# The largest frame of an animation or video; 8K has 33 million pixels. Several of them are in
# memory at a time, and thousands are decoded.
MAX_FRAME_PIXELS = 50_000_000


def read_frames(
    path: str | Path,
    *,
    max_side: int | None = None,
    max_pixels: int = MAX_PIXELS,
    budget: Budget | None = None,
) -> Iterator[Frame]:
    """Return every frame of a picture, animation or video in order, one in memory at a time.

    Args:
        path: the file; its content decides its kind.
        max_side: scale frames down until neither side is longer (in pixels).
        max_pixels: a file with larger frames is refused before one is decoded; one of a clip has
            ``MAX_FRAME_PIXELS`` at most in any case.
        budget: what reading the file may cost; by default the usual limits without that of time,
            which would count what the caller does with the frames.

    Returns:
        An iterator over frames, uint8 [H, W, 3], with rising times in seconds. A damaged clip
        ends where the damage begins.

    Raises:
        MediaError: at once where the file is unreadable or no media file, and from the iterator
            where not one frame can be decoded; see ``captioner.errors``.
        ValueError: ``max_side`` is below 1.
    """
    budget = budget or Budget(path, Limits(seconds=math.inf))
    source = _open(path, max_side, max_pixels, budget)
    return _frames(source.lazy_frames())


def sample_frames(
    path: str | Path,
    max_frames: int = 16,
    selector: str = "uniform",
    max_side: int | None = None,
    *,
    max_pixels: int = MAX_PIXELS,
    budget: Budget | None = None,
) -> Clip:
    """Choose up to ``max_frames`` frames that stand for a picture, animation or video.

    Memory holds the chosen frames and one more, however long the clip is. A damaged clip gives
    frames from the part that can be read.

    Args:
        path: the file; its content decides its kind.
        max_frames: the most frames to return; fewer come back where neighbours look alike.
        selector: a name in ``SELECTORS``.
        max_side: scale frames down until neither side is longer (in pixels), as they are read.
        max_pixels: as for `read_frames`.
        budget: what reading the file may cost; by default the usual limits.

    Raises:
        MediaError: the subclass says what is wrong; see ``captioner.errors``.
        ValueError: ``selector`` is unknown, or a number is below 1.
    """
    if selector not in SELECTORS:
        known = ", ".join(sorted(SELECTORS))
        raise ValueError(f"unknown selector {selector!r}; the known ones are: {known}")
    if max_frames < 1:
        raise ValueError(f"max_frames must be at least 1, not {max_frames}")
    clip = SELECTORS[selector](
        _open(path, max_side, max_pixels, budget or Budget(path)), max_frames
    )
    return Clip(merge_near_identical(clip.frames), clip.duration)


def expected_duration(
    path: str | Path, *, max_pixels: int = MAX_PIXELS, budget: Budget | None = None
) -> float | None:
    """Return the length in seconds that a file's header claims; 0 for a picture, None for no claim.

    Args:
        path: the file; its content decides its kind.
        max_pixels: a file with larger frames is refused.
        budget: as for `sample_frames`.

    Raises:
        MediaError: the file is unreadable or no media file; see ``captioner.errors``.
    """
    return _open(path, None, max_pixels, budget or Budget(path)).expected_duration()


def _frames(lazy_frames: Iterator[LazyFrame]) -> Iterator[Frame]:
    begun = False
    for lazy_frame in lazy_frames:
        try:
            frame = lazy_frame.frame()
        except DAMAGE:
            if not begun:
                raise
            return
        begun = True
        yield frame


def _open(path: str | Path, max_side: int | None, max_pixels: int, budget: Budget) -> FrameSource:
    check_max_side(max_side)
    kind = media_kind(path, max_pixels=max_pixels, budget=budget)
    limit = max_pixels if kind == "image" else min(max_pixels, MAX_FRAME_PIXELS)
    return _SOURCES[kind](Path(path), limit, max_side, budget)
