"""How much work one file may make, so that none stalls a run: pixels, bytes, memory and seconds.

A `Budget` is made where the reading of a file begins and goes with it through all that reads the
file. Who decodes frames with Pillow spends them with `Budget.spend_frame`; who decodes a video
calls `Budget.check` for each frame, for FFmpeg takes from a tenth of a nanosecond to ten for a
pixel, so that time alone is a fair limit there. Pillow's decoders read through `Budget.metered`,
which interrupts them from within.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from captioner.errors import BudgetError

LONGER = "give it longer (--max-seconds), or "  # where there is a command line
_SECONDS = f"{LONGER}convert it to a smaller file"
_SMALLER = "make it smaller, or convert it to an H.264 MP4"
_AS_JPEG = "save it as JPEG, or make it smaller"
_FEWEST_PIXELS = 20_000  # that the work for a frame of any size is worth: 0.2 milliseconds
_FEWEST_BYTES = 128  # that the work for a read of any size is worth: a microsecond
_SMALL_READ = 1 << 20  # bytes; a longer read is cut to what the file has


@dataclass(frozen=True)
class Limits:
    """How much work one file may make.

    Attributes:
        seconds: from the beginning of its reading to the end, on the clock; ``float("inf")``
            switches this limit off.
        pixels: decoded by Pillow, summed over all frames that are read. Animations take 5 to 15
            nanoseconds for each, so these are half a minute on a computer with nothing else to do.
        bytes: read from the file, again where it is read again. Videos, which are read from place
            to place, have no such limit.
        memory: bytes that a decoder which needs the whole picture at once may take for it.
    """

    seconds: float = 60.0
    pixels: int = 4_000_000_000
    bytes: int = 2 << 30
    memory: int = 1 << 30


DEFAULT_LIMITS = Limits()


@dataclass
class Budget:
    """What is left of the limits for one file. One thread uses it.

    Once a limit is met, every later call says so again: a decoder between may swallow the error.

    Args:
        path: the file, for the error.
        limits: how much work it may make.
        clock: gives seconds.
    """

    path: str | Path
    limits: Limits = DEFAULT_LIMITS
    clock: Callable[[], float] = time.monotonic
    _begun: float = field(init=False)
    _pixels: int = field(init=False, default=0)
    _bytes: int = field(init=False, default=0)
    _met: tuple[str, str] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._begun = self.clock()

    def check(self) -> None:
        """Raise ``BudgetError`` where a limit is met, the time included."""
        if self._met is None and self.clock() - self._begun > self.limits.seconds:
            self._met = f"takes more than {self.limits.seconds:g} seconds to read", _SECONDS
        if self._met is not None:
            raise BudgetError(str(self.path), *self._met)

    def spend_frame(self, width: int, height: int, count: int = 1) -> None:
        """Count so many frames (or passes over a picture) before they are decoded; and `check`."""
        self._pixels += max(_FEWEST_PIXELS, width * height) * count
        self.expect_frames(width, height, 0)

    def expect_frames(self, width: int, height: int, count: int) -> None:
        """Raise ``BudgetError`` where so many frames are more than is left, before any is read."""
        pixels = self._pixels + count * max(_FEWEST_PIXELS, width * height)
        if pixels > self.limits.pixels:
            self._met = f"has too many frames of {width}x{height} pixels to decode", _SMALLER
        self.check()

    def spend_bytes(self, count: int) -> None:
        """Count bytes before they are read; and `check`."""
        self._bytes += max(_FEWEST_BYTES, count)
        if self._bytes > self.limits.bytes:
            limit = f"{self.limits.bytes / (1 << 30):g} GiB"
            self._met = f"takes more than {limit} to be read", _SMALLER
        self.check()

    def need_memory(self, count: int) -> None:
        """Raise ``BudgetError`` where so many bytes at once are more than the limit; or `check`."""
        if count > self.limits.memory:
            need, limit = (number / (1 << 30) for number in (count, self.limits.memory))
            self._met = (
                f"takes {need:.1f} GiB of memory, more than the limit of {limit:g}",
                _AS_JPEG,
            )
        self.check()

    @contextmanager
    def waiting(self, share: AbstractContextManager[object]) -> Iterator[None]:
        """Have a share inside; the time until other files give it up is not counted."""
        before = self.clock()
        with share:
            self._begun += self.clock() - before
            yield

    def metered(self, file: BinaryIO) -> BinaryIO:
        """The file, for Pillow, which reads it through Python; each read is spent from here."""
        return _Metered(file, self)  # type: ignore[return-value]


class _Metered:
    """What Pillow uses of a file object, counted; the rest is the file's own."""

    def __init__(self, file: BinaryIO, budget: Budget) -> None:
        self._file = file
        self._budget = budget

    def read(self, size: int | None = -1) -> bytes:
        if size is None or not 0 <= size <= _SMALL_READ:
            # A decoder may ask for all, or for what a damaged header claims. What comes to the
            # file while it is read stays out: it may never end.
            left = max(0, self._size() - self._file.tell())
            size = left if size is None or size < 0 else min(size, left)
        self._budget.spend_bytes(size)
        return self._file.read(size)

    def _size(self) -> int:
        place = self._file.tell()
        size = self._file.seek(0, 2)
        self._file.seek(place)
        return size

    def __getattr__(self, name: str) -> object:
        return getattr(self._file, name)
