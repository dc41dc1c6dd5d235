"""Still pictures and animations (GIF, WebP, APNG, AVIF) as frame sources, by Pillow."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from captioner.media.errors import MediaError, NoFramesError, TooLargeError
from captioner.media.files import open_media
from captioner.media.images import load_image
from captioner.media.pillow import check_pixels, decoding, open_picture
from captioner.media.pixels import RGBArray, picture_to_rgb
from captioner.media.shots import Frame, Shot

# Milliseconds. Browsers take delays of up to 10 ms, which old GIF makers wrote for "as fast as you
# can", as 100 ms. Source: WebKit's and Chromium's GIF decoders; Firefox does the same. Delays above
# a minute say "stop here", or come from damage: they would outweigh all other frames.
_SHORTEST_DELAY = 10.0
_LONGEST_DELAY = 60_000.0
_USUAL_DELAY = 100.0

# A frame of a few bytes may cover a canvas of any size. More pixels than these in all, a quarter of
# an hour at 640 x 480 and 30 frames a second, would keep a computer busy for minutes.
_MAX_TOTAL_PIXELS = 10_000_000_000
_FEWEST_BYTES = 8  # that a frame takes up in any format, which bounds what a header can claim


@dataclass(frozen=True)
class StillSource:
    """A picture is a clip of one frame and no length."""

    path: Path
    max_pixels: int
    max_side: int | None = None

    def expected_duration(self) -> float | None:
        """Return 0 seconds."""
        return 0.0

    def shots(self) -> Iterator[Shot]:
        """Yield the picture at time 0."""
        yield Shot(
            0.0,
            0.0,
            lambda: load_image(self.path, max_pixels=self.max_pixels, max_side=self.max_side),
        )

    def jump(self, times: Sequence[float], tolerance: float) -> list[Frame] | None:
        """Return None: there is nowhere to jump to."""
        return None


@dataclass(frozen=True)
class AnimationSource:
    """An animation with the true time of each frame; one frame is in memory at a time."""

    path: Path
    max_pixels: int
    max_side: int | None = None

    def expected_duration(self) -> float | None:
        """Return the first frame's delay times the count: right for all but uneven animations."""
        name = str(self.path)
        with open_media(name) as file, open_picture(file, name, self.max_pixels) as image:
            try:
                with decoding(name):
                    count = int(getattr(image, "n_frames", 1)) - _first_frame(image)
                    image.load()  # WebP and AVIF tell the delay only now
                    return count * _delay(image)
            except MediaError:  # cut short: what can be read will tell
                return None

    def shots(self) -> Iterator[Shot]:
        """Yield the frames up to the end or to the first damaged one."""
        name = str(self.path)
        with open_media(name) as file, open_picture(file, name, self.max_pixels) as image:
            _check_total(image, name, self.path.stat().st_size)
            time = 0.0
            index = first = _first_frame(image)
            while True:
                try:
                    if not self._read(image, index):
                        break
                except MediaError:
                    if index == first:
                        raise
                    return
                delay = _delay(image)
                yield Shot(time, delay, lambda: self._pixels(image))
                time += delay
                index += 1
            if index == first:
                raise NoFramesError(name, "holds no frame", "export it again")

    def jump(self, times: Sequence[float], tolerance: float) -> list[Frame] | None:
        """Return None: each frame is painted over the one before."""
        return None

    def _read(self, image: Image.Image, index: int) -> bool:
        """Decode frame ``index``; False at the end."""
        with decoding(str(self.path)):
            try:
                image.seek(index)
            except EOFError:
                return False
            check_pixels(str(self.path), *image.size, self.max_pixels)
            image.load()
            return True

    def _pixels(self, image: Image.Image) -> RGBArray:
        with decoding(str(self.path)):
            return picture_to_rgb(image, self.max_side)


def _first_frame(image: Image.Image) -> int:
    """Return 1 for an APNG whose first picture is only for programs that cannot animate."""
    return 1 if image.info.get("default_image") else 0


def _delay(image: Image.Image) -> float:
    """Return how long the current frame shows, in seconds."""
    milliseconds = float(image.info.get("duration", 0))
    usable = _SHORTEST_DELAY < milliseconds <= _LONGEST_DELAY
    return (milliseconds if usable else _USUAL_DELAY) / 1000


def _check_total(image: Image.Image, name: str, size: int) -> None:
    """Raise ``TooLargeError`` for more frames of this size than can be decoded in a few minutes."""
    try:
        with decoding(name):
            claimed = int(getattr(image, "n_frames", 1))
    except MediaError:  # cut short: what can be read will tell
        return
    count = min(claimed, size // _FEWEST_BYTES)
    if count * image.width * image.height > _MAX_TOTAL_PIXELS:
        reason = f"{count} frames of {image.width}x{image.height} pixels are too many to decode"
        raise TooLargeError(name, reason, "make it smaller, or convert it to an H.264 MP4")
