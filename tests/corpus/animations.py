"""Animations: cut, changed, with absurd delays and with frames that do not fit."""

import functools
import io
import re
import struct
import zlib
from collections.abc import Sequence

from PIL import Image

from captioner.errors import NoFramesError, TooLargeError, TruncatedFileError
from tests.corpus.entries import ANY_DAMAGE, Box, cuts, flips, kind, kinds_of, zeroed
from tests.makers import numbered_frames, png_chunk

FORMATS = {".gif": "GIF", ".webp": "WEBP", ".png": "PNG", ".avif": "AVIF"}


@functools.cache
def moving(suffix: str, durations: Sequence[int] | int = 100, count: int = 8) -> bytes:
    """Return an animation of numbered frames of 64 x 48 pixels."""
    first, *rest = (Image.fromarray(frame) for frame in numbered_frames(count, 64, 48))
    file = io.BytesIO()
    options = {"append_images": rest, "duration": durations, "loop": 0}
    first.save(file, FORMATS[suffix], save_all=True, **options)
    # An AVIF says when it was made: the same file is to come each time.
    return re.sub(rb"(?<=(?:mvhd|tkhd|mdhd)\x01\0\0.).{16}", bytes(16), file.getvalue(), flags=re.S)


# Damage


def _cut(box: Box, suffix: str) -> None:
    for percent, data in cuts(moving(suffix)):
        box.either(f"{percent}{suffix}", data, TruncatedFileError)


def _flipped(box: Box, suffix: str) -> None:
    for seed, data in flips(moving(suffix)):
        box.either(f"{seed}{suffix}", data)
    for tenth in (2, 5, 8):
        box.either(f"zeroed-{tenth}{suffix}", zeroed(moving(suffix), tenth / 10, 100))


kinds_of(FORMATS, _cut, "cut-animation")
kinds_of(FORMATS, _flipped, "flipped-animation")


@kind("gif-cut-in-each-frame")
def _cut_in_each(box: Box) -> None:
    data = moving(".gif")
    starts = [at for at in range(len(data)) if data[at : at + 4] == b"\x21\xf9\x04\x04"]
    starts = starts or [at for at in range(len(data)) if data[at : at + 3] == b"\x21\xf9\x04"]
    for number, at in enumerate(starts[1:], start=1):
        # The first frame is whole, so there is something to caption.
        box.good(f"{number}.gif", data[: at + 30])
        box.good(f"{number}-between.gif", data[:at])


# Delays


@kind("gif-delays")
def _delays(box: Box) -> None:
    for delay in (0, 10, 20, 655_350):
        box.good(f"{delay}.gif", moving(".gif", delay))
    box.good("mixed.gif", moving(".gif", (0, 655_350, 10, 20, 0, 0, 655_350, 100)))
    box.good("stop-at-the-end.gif", moving(".gif", (50,) * 39 + (655_350,), 40))


@kind("webp-delays")
def _webp_delays(box: Box) -> None:
    for delay in (0, 1, 16_777_215):
        box.good(f"{delay}.webp", moving(".webp", delay))


# GIFs put together by hand

_CONTROL = b"\x21\xf9\x04"
_RED_AND_BLUE = bytes([255, 0, 0, 0, 0, 255])
ONE_PIXEL = b"\x02\x02\x44\x01\x00"  # minimal code size 2: clear, 0, end


def gif(
    frames: Sequence[bytes],
    width: int = 16,
    height: int = 16,
    *,
    colours: bytes | None = _RED_AND_BLUE,
    end: bytes = b";",
) -> bytes:
    """Return a GIF of frames as `gif_frame` makes them."""
    flags = 0x80 if colours else 0
    head = b"GIF89a" + struct.pack("<HHBBB", width, height, flags, 0, 0)
    return head + (colours or b"") + b"".join(frames) + end


def gif_frame(
    left: int = 0,
    top: int = 0,
    width: int = 1,
    height: int = 1,
    *,
    delay: int = 10,
    disposal: int = 0,
    flags: int = 0,
    data: bytes = ONE_PIXEL,
) -> bytes:
    """Return a frame with its control block, one pixel by default. Source: GIF89a."""
    control = _CONTROL + struct.pack("<BHBB", disposal << 2, delay, 0, 0)
    return control + b"\x2c" + struct.pack("<HHHHB", left, top, width, height, flags) + data


@kind("gif-frames")
def _frames(box: Box) -> None:
    box.bad("none.gif", gif([]), NoFramesError)
    box.bad("none-and-no-end.gif", gif([], end=b""), *ANY_DAMAGE)
    box.good("one.gif", gif([gif_frame()]))
    box.good("no-end.gif", gif([gif_frame()] * 3, end=b""))
    box.good("outside.gif", gif([gif_frame(), gif_frame(500, 500)]))
    box.good("first-outside.gif", gif([gif_frame(500, 500), gif_frame()]))
    box.good("without-colours.gif", gif([gif_frame()] * 2, colours=None))
    box.good("canvas-of-nothing.gif", gif([gif_frame(), gif_frame()], 0, 0))
    box.either("of-no-size.gif", gif([gif_frame(), gif_frame(width=0, height=0)]))
    box.either("too-few-pixels.gif", gif([gif_frame(width=16, height=16)] * 2))
    box.either("interlaced.gif", gif([gif_frame(width=16, height=16, flags=0x40)] * 2))
    for code in (0, 1, 12, 255):
        data = bytes([code]) + b"\x02\x44\x01\x00"
        box.either(f"code-size-{code}.gif", gif([gif_frame(data=data)] * 2))
    box.good(
        "damaged-second.gif", gif([gif_frame(), gif_frame(data=b"\x02\x05\xff\xff\xff\xff\xff\0")])
    )
    box.good("garbage-between.gif", gif([gif_frame(), b"garbage!" * 9, gif_frame()]))
    box.good("comments.gif", gif([gif_frame(), b"\x21\xfe\x03abc\x00" * 99, gif_frame()]))
    box.either("87a.gif", gif([gif_frame()] * 2).replace(b"89a", b"87a", 1))


@kind("gif-disposal")
def _disposal(box: Box) -> None:
    for way in range(8):
        frames = [gif_frame(place, place, disposal=way) for place in range(8)]
        box.good(f"{way}.gif", gif(frames))
        box.good(f"{way}-outside.gif", gif([*frames, gif_frame(600, 600, disposal=way)] * 2))


@kind("gif-bombs")
def _bombs(box: Box) -> None:
    box.bad("canvas.gif", gif([gif_frame()], 65_535, 65_535), TooLargeError)
    box.bad("canvas-of-a-clip.gif", gif([gif_frame()] * 2, 12_000, 12_000), TooLargeError)
    box.bad("many-frames.gif", gif([gif_frame()] * 500, 5000, 5000), TooLargeError)
    box.bad("210000-frames.gif", gif([gif_frame()] * 210_000), TooLargeError)
    box.either("large-frame.gif", gif([gif_frame(), gif_frame(0, 0, 65_535, 65_535)]))
    box.good("3000-frames.gif", gif([gif_frame()] * 3000))
    box.good(
        "3000-frames-that-jump.gif", gif([gif_frame(n % 16, n // 16 % 16) for n in range(3000)])
    )


# APNGs put together by hand


def _control(number: int, width: int = 8, height: int = 8, *rest: int) -> bytes:
    left, top, delay, unit, disposal, blend = rest or (0, 0, 1, 10, 0, 0)
    body = struct.pack(">IIIIIHHBB", number, width, height, left, top, delay, unit, disposal, blend)
    return png_chunk(b"fcTL", body)


def _apng(*chunks: bytes, claimed: int = 2) -> bytes:
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0))
    plays = png_chunk(b"acTL", struct.pack(">II", claimed, 0))
    start = b"\x89PNG\r\n\x1a\n" + head + plays
    return start + b"".join(chunks) + png_chunk(b"IEND", b"")


def _pixels(value: int) -> bytes:
    return zlib.compress((b"\0" + bytes([value]) * 24) * 8)


@kind("apng")
def _apngs(box: Box) -> None:
    first = _control(0) + png_chunk(b"IDAT", _pixels(0))

    def second(number: int) -> bytes:
        return png_chunk(b"fdAT", struct.pack(">I", number) + _pixels(255))

    box.good("whole.png", _apng(first, _control(1), second(2)))
    box.either("sequence-broken.png", _apng(first, _control(7), second(3)))
    box.either("sequence-repeated.png", _apng(first, _control(0), second(0)))
    box.good("second-missing.png", _apng(first))
    box.good("second-without-pixels.png", _apng(first, _control(1)))
    box.either("second-outside.png", _apng(first, _control(1, 8, 8, 5, 5, 1, 10, 0, 0), second(2)))
    box.either("second-of-no-size.png", _apng(first, _control(1, 0, 0), second(2)))
    box.good("odd-ways.png", _apng(first, _control(1, 8, 8, 0, 0, 1, 10, 9, 9), second(2)))
    box.good("unit-0.png", _apng(first, _control(1, 8, 8, 0, 0, 65535, 0, 0, 0), second(2)))
    box.either("second-damaged.png", _apng(first, _control(1), png_chunk(b"fdAT", bytes(9))))
    for count in (0, 1, 9, 2**31, 2**32 - 1):
        box.either(f"claims-{count}.png", _apng(first, _control(1), second(2), claimed=count))
    hidden = png_chunk(b"IDAT", _pixels(9)), _control(0), second(1)
    box.either("hidden-first.png", _apng(*hidden, claimed=1))
    box.either("hidden-alone.png", _apng(hidden[0]))


@kind("webp-animated")
def _webps(box: Box) -> None:
    data = moving(".webp")
    for name, value in {"0": 0, "small": 100, "large": 2**31, "largest": 2**32 - 1}.items():
        box.either(f"length-{name}.webp", data[:4] + struct.pack("<I", value) + data[8:])
    canvas = data.index(b"VP8X") + 12
    for name, size in {"1x1": 0, "huge": 0xFFFFFF}.items():
        sides = struct.pack("<I", size)[:3] * 2
        box.either(f"canvas-{name}.webp", data[:canvas] + sides + data[canvas + 6 :])
    frame = data.index(b"ANMF")
    box.either("frame-far-off.webp", data[: frame + 8] + b"\xff" * 6 + data[frame + 14 :])
    box.either("no-animation.webp", data.replace(b"ANIM", b"XXXX", 1))
