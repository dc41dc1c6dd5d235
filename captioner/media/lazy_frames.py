"""Clips as data: frames with their times, and the sources that they are drawn from."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from captioner.media.pixels import RGBArray


@dataclass(frozen=True)
class Frame:
    """One moment of a clip.

    Attributes:
        time: seconds from the clip's start, when the frame begins to show.
        image: upright pixels, uint8 [H, W, 3], red first.
    """

    time: float
    image: RGBArray


@dataclass(frozen=True)
class Clip:
    """The frames that were chosen from a clip.

    Attributes:
        frames: at least one, in order of time.
        duration: length of the whole clip in seconds; 0 for a still picture.
    """

    frames: tuple[Frame, ...]
    duration: float

    @property
    def spans(self) -> tuple[tuple[float, float], ...]:
        """What each frame stands for, (start, end) in seconds, from 0 to the end of the clip."""
        changes = [frame.time for frame in self.frames[1:]]
        # A container's duration can be short of its last frame's time.
        end = max(self.duration, self.frames[-1].time)
        return tuple(zip([0.0, *changes], [*changes, end], strict=True))


@dataclass(frozen=True)
class LazyFrame:
    """A frame whose pixels are fetched only on demand, which is most of the cost.

    Attributes:
        time: seconds, when it begins to show.
        duration: seconds that it shows (in a video: the usual time of a frame).
        fetch: returns the pixels, uint8 [H, W, 3]. Call it before the next lazy_frame is drawn, and
            while the iterator that the lazy_frame came from is alive: it holds the file open.
    """

    time: float
    duration: float
    fetch: Callable[[], RGBArray]

    def frame(self) -> Frame:
        """Fetch the pixels."""
        return Frame(self.time, self.fetch())


class FrameSource(Protocol):
    """Where frames come from: a still picture, an animation or a video."""

    def expected_duration(self) -> float | None:
        """Return the length in seconds that the file's header claims; None if it claims none."""

    def lazy_frames(self) -> Iterator[LazyFrame]:
        """Yield every lazy_frame from the start, in order of time; each call reads the file again.

        A damaged clip ends where the damage begins.

        Raises:
            MediaError: not one lazy_frame could be read.
        """

    def jump(self, times: Sequence[float], tolerance: float) -> list[Frame] | None:
        """Return the frames at ``times`` (rising, in seconds) without reading what lies between.

        Returns:
            None where that gains nothing, or where a frame would be further than ``tolerance``
            seconds from its time, so that ``lazy_frames`` is the only way to the truth.
        """
