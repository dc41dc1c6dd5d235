"""Still pictures and animations (GIF, WebP, APNG, AVIF) as frame sources, by Pillow."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from PIL import Image

from captioner.errors import DAMAGE, NoFramesError
from captioner.media.budget import Budget
from captioner.media.files import open_media
from captioner.media.gif import numbered_frames
from captioner.media.images import load_image
from captioner.media.lazy_frames import Frame, LazyFrame
from captioner.media.memory import room_for
from captioner.media.pillow import check_pixels, decoding, open_picture
from captioner.media.pixels import RGBArray, picture_to_rgb

# Milliseconds. Browsers take delays of up to 10 ms, which old GIF makers wrote for "as fast as you
# can", as 100 ms. Source: WebKit's and Chromium's GIF decoders; Firefox does the same. Delays above
# a minute say "stop here", or come from damage: they would outweigh all other frames.
_SHORTEST_DELAY = 10.0
_LONGEST_DELAY = 60_000.0
_USUAL_DELAY = 100.0
_FEWEST_BYTES = 8  # that a frame takes up in any format, which bounds what a header can claim


@dataclass(frozen=True)
class StillSource:
    """A picture is a clip of one frame and no length."""

    path: Path
    max_pixels: int
    max_side: int | None
    budget: Budget

    def expected_duration(self) -> float | None:
        """Return 0 seconds."""
        return 0.0

    def lazy_frames(self) -> Iterator[LazyFrame]:
        """Yield the picture at time 0."""
        yield LazyFrame(
            0.0,
            0.0,
            lambda: load_image(
                self.path,
                max_pixels=self.max_pixels,
                max_side=self.max_side,
                budget=self.budget,
            ),
        )

    def jump(self, times: Sequence[float], tolerance: float) -> list[Frame] | None:
        """Return None: there is nowhere to jump to."""
        return None


@dataclass(frozen=True)
class AnimationSource:
    """An animation with the true time of each frame; one frame is in memory at a time."""

    path: Path
    max_pixels: int
    max_side: int | None
    budget: Budget

    def expected_duration(self) -> float | None:
        """Return the first frame's delay times the count: right for all but uneven animations."""
        if self._header is None:
            return None
        count, delay = self._header
        return count * delay

    def lazy_frames(self) -> Iterator[LazyFrame]:
        """Yield the frames up to the end or to the first damaged one."""
        claimed = self._header[0] if self._header is not None else 0
        with self._opened() as image:
            count = min(claimed, self.path.stat().st_size // _FEWEST_BYTES)
            self.budget.expect_frames(*image.size, count)
            time = 0.0
            index = first = _first_frame(image)
            while True:
                try:
                    if not self._read(image, index):
                        break
                except DAMAGE:
                    if index == first:
                        raise
                    return
                delay = _delay(image)
                yield LazyFrame(time, delay, lambda: self._pixels(image))
                time += delay
                index += 1
            if index == first:
                raise NoFramesError(str(self.path), "holds no frame", "export it again")

    def jump(self, times: Sequence[float], tolerance: float) -> list[Frame] | None:
        """Return None: each frame is painted over the one before."""
        return None

    @cached_property
    def _header(self) -> tuple[int, float] | None:
        """The number of frames, and the first one's delay in seconds; None where it is damaged.

        To count the frames of a GIF, all of it is read; therefore once.
        """
        with self._opened() as image:
            try:
                with self._decoding():
                    count = self._count(image) - _first_frame(image)
                    image.load()  # WebP and AVIF tell the delay only now
                    return count, _delay(image)
            except DAMAGE:  # cut short: what can be read will tell
                return None

    def _count(self, image: Image.Image) -> int:
        count = 0
        if image.format == "GIF":
            self.budget.spend_bytes(self.path.stat().st_size)
            with open_media(self.path) as file:
                for count in numbered_frames(file):
                    self.budget.expect_frames(*image.size, count)
            return count
        return int(getattr(image, "n_frames", 1))

    @contextmanager
    def _opened(self) -> Iterator[Image.Image]:
        name = str(self.path)
        with (
            open_media(name) as file,
            open_picture(file, name, self.max_pixels, self.budget) as image,
            room_for(image, self.budget),
        ):
            yield image

    def _decoding(self) -> AbstractContextManager[None]:
        return decoding(str(self.path), self.budget)

    def _read(self, image: Image.Image, index: int) -> bool:
        """Decode frame ``index``; False at the end."""
        with self._decoding():
            self.budget.spend_frame(*image.size)
            try:
                image.seek(index)
            except EOFError:
                return False
            check_pixels(str(self.path), *image.size, self.max_pixels)
            image.load()
            return True

    def _pixels(self, image: Image.Image) -> RGBArray:
        with self._decoding():
            return picture_to_rgb(image, self.max_side)


def _first_frame(image: Image.Image) -> int:
    """Return 1 for an APNG whose first picture is only for programs that cannot animate."""
    return 1 if image.info.get("default_image") else 0


def _delay(image: Image.Image) -> float:
    """Return how long the current frame shows, in seconds."""
    milliseconds = float(image.info.get("duration", 0))
    usable = _SHORTEST_DELAY < milliseconds <= _LONGEST_DELAY
    return (milliseconds if usable else _USUAL_DELAY) / 1000
