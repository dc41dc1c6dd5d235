"""Which frames of a clip to look at."""

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from captioner.errors import DAMAGE
from captioner.media.lazy_frames import Clip, Frame, FrameSource, LazyFrame

# (source, most frames) -> clip with at least one frame
Selector: TypeAlias = Callable[[FrameSource, int], Clip]

# Two frames are near-identical where no block of a GRID x GRID raster differs by more than this
# (of 255) in any channel: codec noise averages out within a block, and a small thing that moves
# still changes its own block.
_GRID = 16
_NEAR = 8.0

# Seconds. A frame that begins so soon after a moment counts as shown at it, since containers
# round times (Matroska: to a millisecond) and equal shares often end right between two frames.
_ROUNDING = 0.001


def uniform(source: FrameSource, count: int) -> Clip:
    """Choose ``count`` frames, each shown in the middle of an equal share of the clip's time.

    A clip of up to ``count`` frames gives all of them. The header's length serves as a first
    guess. Where the clip turns out to be otherwise, it is read again with the true times, so the
    choice rests on what can be decoded and never on the header. Apart from the chosen frames,
    memory holds one frame and eight bytes for each frame's time.

    Raises:
        MediaError: not one frame could be read.
    """
    guess = source.expected_duration()
    targets = _middles(guess, count) if guess is not None else []
    if guess:
        frames = source.jump(targets, tolerance=guess / count / 2)
        if frames:
            return Clip(tuple(frames), guess)
    taken, times, duration = _read(source, _shown_at(targets))
    chosen = _choose(times, duration, count)
    if not _good_enough(sorted(taken), chosen, times, slack=duration / count / 4):
        wanted = frozenset(chosen)
        taken, _, _ = _read(source, lambda index, lazy_frame: index in wanted)
    return Clip(tuple(taken.values()), duration)


def merge_near_identical(frames: Iterable[Frame]) -> tuple[Frame, ...]:
    """Drop each frame that looks like the one kept before it."""
    kept: list[Frame] = []
    last: NDArray[np.int16] | None = None
    for frame in frames:
        raster = _raster(frame)
        if last is None or np.abs(raster - last).max() > _NEAR:
            kept.append(frame)
            last = raster
    return tuple(kept)


SELECTORS: Mapping[str, Selector] = MappingProxyType({"uniform": uniform})


def _middles(duration: float, count: int) -> list[float]:
    return [duration * (index + 0.5) / count for index in range(count)]


def _shown_at(targets: Sequence[float]) -> Callable[[int, LazyFrame], bool]:
    """Return a test for frames, asked in order: does this one show at the next target?"""
    remaining = deque(targets)

    def wanted(_: int, lazy_frame: LazyFrame) -> bool:
        before = len(remaining)
        while remaining and remaining[0] + _ROUNDING < lazy_frame.time + lazy_frame.duration:
            remaining.popleft()
        return len(remaining) < before

    return wanted


def _read(
    source: FrameSource, wanted: Callable[[int, LazyFrame], bool]
) -> tuple[dict[int, Frame], list[float], float]:
    """Read a source through; return the wanted frames by index, all times, and the duration."""
    taken: dict[int, Frame] = {}
    times: list[float] = []
    end = 0.0
    for index, lazy_frame in enumerate(source.lazy_frames()):
        if wanted(index, lazy_frame):
            try:
                taken[index] = lazy_frame.frame()
            except DAMAGE:  # the clip ends where the damage begins
                if not taken:
                    raise
                break
        times.append(lazy_frame.time)
        end = lazy_frame.time + lazy_frame.duration
    return taken, times, end


def _choose(times: Sequence[float], duration: float, count: int) -> list[int]:
    """Return the indices of the frames that show at the middles, or all of a short clip."""
    if len(times) <= count:
        return list(range(len(times)))
    shown = (bisect_right(times, target + _ROUNDING) - 1 for target in _middles(duration, count))
    return sorted({max(0, index) for index in shown})


def _good_enough(
    taken: Sequence[int], chosen: Sequence[int], times: Sequence[float], slack: float
) -> bool:
    """Tell whether each chosen frame was taken, or in a longer clip one within ``slack`` of it."""
    if len(taken) != len(chosen):
        return False
    slack = slack if len(times) > len(chosen) else 0.0
    pairs = zip(taken, chosen, strict=True)
    return all(abs(times[one] - times[other]) <= slack for one, other in pairs)


def _raster(frame: Frame) -> NDArray[np.int16]:
    """Return the means of a grid of blocks, int16 [16, 16, 3]."""
    small = Image.fromarray(frame.image).resize((_GRID, _GRID), Image.Resampling.BOX)
    return np.asarray(small, np.int16)
