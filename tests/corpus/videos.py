"""Videos: cut, changed, without pictures, with headers that lie and streams that change."""

import functools
import importlib.util
import re
import struct
import tempfile
from pathlib import Path

from PIL import Image

from captioner.errors import CodecMissingError, TooLargeError, TruncatedFileError
from tests import codecs
from tests.corpus import boxes
from tests.corpus.entries import ANY_DAMAGE, Box, cuts, flips, kind, kinds_of, zeroed
from tests.corpus.photos import encoded
from tests.makers import numbered_frame, numbered_frames, save_video, turn_mp4

FORMATS = [".mp4", ".mov", ".avi", ".mkv", ".webm", ".ts", ".mpg", ".wmv", ".flv"]
AV_IS_THERE = importlib.util.find_spec("av") is not None
_HAS_LENGTHS = (".mp4", ".mov")  # an index at the end, without which nothing can be read


@functools.cache
def clip(suffix: str, width: int = 64, height: int = 48, count: int = 24, first: int = 0) -> bytes:
    """Return a video of numbered frames, 12 a second."""
    with tempfile.TemporaryDirectory() as folder:
        frames = numbered_frames(count, width, height, first)
        data = save_video(Path(folder, f"a{suffix}"), frames, fps=12).read_bytes()
    return _without_chance(data) if suffix in (".mkv", ".webm") else data


def _without_chance(data: bytes) -> bytes:
    """Return a Matroska file without its random numbers, and without the sums over them."""
    head, rest = data[:600], data[600:]
    for name in (b"\x73\xa4\x90", b"\x73\xc5\x88", b"\x63\xc5\x88"):
        length = name[2] & 0x7F
        head = re.sub(re.escape(name) + b".{%d}" % length, name + bytes(length), head, flags=re.S)
    head = re.sub(rb"\xbf\x84.{4}", b"\xec\x84" + bytes(4), head, flags=re.S)
    return head + rest


@functools.cache
def h264() -> bytes | None:
    """Return a H.264 video of 5 seconds that Gradio carries; None where that is not installed."""
    found = importlib.util.find_spec("gradio")
    if found is None or not found.submodule_search_locations:
        return None
    path = Path(found.submodule_search_locations[0], "media_assets", "videos", "muted_b.mp4")
    return path.read_bytes() if path.exists() else None


def jpegs(count: int, width: int = 64, height: int = 48) -> list[bytes]:
    """Return numbered frames as JPEG files."""
    pictures = (Image.fromarray(numbered_frame(index, width, height)) for index in range(count))
    return [encoded(picture, ".jpg") for picture in pictures]


def patched(data: bytes, after: bytes, offset: int, value: bytes) -> bytes:
    """Return the bytes with ``value`` in the place ``offset`` behind the end of ``after``."""
    at = data.index(after) + len(after) + offset
    return data[:at] + value + data[at + len(value) :]


# Damage


def _named(suffix: str) -> str:
    return ".mts" if suffix == ".ts" else suffix  # a search leaves .ts to programmers


def _cut(box: Box, suffix: str) -> None:
    for percent, data in cuts(clip(suffix)):
        name = f"{percent}{_named(suffix)}"
        if suffix in _HAS_LENGTHS:
            box.bad(name, data, TruncatedFileError)
        elif percent >= 60 and suffix != ".mpg":
            box.good(name, data)
        else:
            box.either(name, data)


def _flipped(box: Box, suffix: str) -> None:
    for seed, data in flips(clip(suffix)):
        box.either(f"{seed}{_named(suffix)}", data)
    for tenth in (0, 3, 6):
        box.either(f"zeroed-{tenth}{_named(suffix)}", zeroed(clip(suffix), tenth / 10, 400))


kinds_of(FORMATS, _cut, "cut-video")
kinds_of(FORMATS, _flipped, "flipped-video")


@kind("h264")
def _h264(box: Box) -> None:
    data = h264()
    if data is None:
        return
    pictures = data.index(b"mdat") + 4
    for percent, part in list(cuts(data))[1::3]:
        box.bad(f"cut-{percent}.mp4", part, TruncatedFileError)
    for seed, changed in flips(data[pictures : pictures + 20_000]):
        box.either(f"{seed}.mp4", data[:pictures] + changed + data[pictures + 20_000 :])
    box.either("no-settings.mp4", patched(data, b"avcC", 6, bytes(12)))
    box.either("zeroed.mp4", zeroed(data, 0.3, 9000))


@functools.cache
def coded(name: str, count: int = 12, *, fields: bool = False) -> bytes:
    """Return a video of numbered frames by `tests.codecs`, interlaced or not."""
    with tempfile.TemporaryDirectory() as folder:
        make = codecs.interlaced if fields else codecs.written
        return make(Path(folder), name, count).read_bytes()


@kind("av1")
def _av1(box: Box) -> None:
    if not AV_IS_THERE:
        return
    for name in ("av1.mp4", "av1.webm", "av1-10-bit.mkv"):
        box.good(name, coded(name))
        for seed, changed in flips(coded(name)):
            box.either(f"{seed}-{name}", changed)
    for percent, part in list(cuts(coded("av1.mp4")))[1::3]:
        box.bad(f"cut-{percent}.mp4", part, TruncatedFileError)
    box.either("zeroed.mp4", zeroed(coded("av1.mp4"), 0.3, 900))


@kind("interlaced-videos")
def _interlaced(box: Box) -> None:
    if not AV_IS_THERE:
        return
    for name in codecs.INTERLACED:
        data = coded(name, fields=True)
        box.good(name, data)
        for seed, changed in flips(data):
            box.either(f"{seed}-{name}", changed)
    box.good("later.mpg", coded("mpeg2.mpg") + coded("mpeg2.mpg", fields=True))
    box.good("at-first.mpg", coded("mpeg2.mpg", fields=True) + coded("mpeg2.mpg"))


@kind("wrong-suffix-of-a-video")
def _wrong_suffix(box: Box) -> None:
    for suffix, named in ((".mp4", ".jpg"), (".avi", ".mp4"), (".webm", ".gif"), (".mkv", ".avi")):
        box.good(f"{suffix[1:]}-as{named}", clip(suffix))
    for suffix, named in ((".ts", ".mpg"), (".flv", ".wmv"), (".mpg", ".png")):
        box.good(f"{suffix[1:]}-as{named}", clip(suffix))


@kind("sizes-of-videos")
def _sizes(box: Box) -> None:
    for suffix in (".mp4", ".avi", ".mkv", ".webm"):
        box.good(f"one-frame{suffix}", clip(suffix, count=1))
        box.good(f"16x16{suffix}", clip(suffix, 16, 16))
        box.good(f"2000x16{suffix}", clip(suffix, 2000, 16, 3))


# Containers without what they should hold


@kind("mp4-without")
def _without(box: Box) -> None:
    data = clip(".mp4")
    head, start, index = data[:32], data.index(b"mdat") - 4, data.index(b"moov") - 4
    box.bad("index.mp4", data[:index], TruncatedFileError)
    box.bad("anything-but-type.mp4", head, TruncatedFileError)
    box.bad("tracks.mp4", data.replace(b"trak", b"free"), *ANY_DAMAGE)
    box.bad("index-content.mp4", data[:index] + boxes.mp4_box(b"moov"), *ANY_DAMAGE)
    box.bad("pictures.mp4", head + data[index:], *ANY_DAMAGE)
    # The table of sizes, and of times: both say that there is nothing.
    for name in (b"stsz", b"stts"):
        offset = 8 if name == b"stsz" else 4
        emptied = patched(data, name, offset, bytes(4))
        box.either(f"{name.decode()}.mp4", emptied)
    box.either("index-first.mp4", data[:start] + data[index:] + data[start:index])
    box.bad(
        "index-first-and-cut.mp4", (head + data[index:] + data[start:index])[:-200], *ANY_DAMAGE
    )
    box.either("kind-of-track.mp4", data.replace(b"vide", b"text"))
    box.bad("kind-sound.mp4", data.replace(b"vide", b"soun"), *ANY_DAMAGE)
    box.either("length-of-a-box.mp4", patched(data, b"stsd", -8, b"\xff\xff\xff\xff"))
    box.either("length-of-the-index.mp4", data[:index] + b"\x7f" + data[index + 1 :], *ANY_DAMAGE)


@kind("mp4-of-empty-boxes")
def _empty_boxes(box: Box) -> None:
    # FFmpeg walks over all of them, at three seconds a million.
    box.bad("two-million.mp4", boxes.mp4_of_empty_boxes(2_000_000), TruncatedFileError)
    few = boxes.mp4_box(b"free") * 2000
    data = clip(".mp4")
    index = data.index(b"moov") - 4
    box.good("before-the-index.mp4", data[:index] + few + data[index:])


@kind("avi-without")
def _avi_without(box: Box) -> None:
    frames = jpegs(12)
    box.good("index.avi", boxes.avi(frames, (64, 48), index=False))
    box.bad("frames.avi", boxes.avi([], (64, 48)), *ANY_DAMAGE)
    box.bad("pixels.avi", boxes.avi([b""] * 9, (64, 48)), *ANY_DAMAGE)
    box.either("every-other-frame.avi", boxes.avi([frames[0], b""] * 6, (64, 48)))
    box.either("first-frames.avi", boxes.avi([b"", b"", *frames], (64, 48)))
    box.either("garbage-frames.avi", boxes.avi([frames[0], b"garbage" * 99] * 6, (64, 48)))
    box.bad("garbage-only.avi", boxes.avi([b"garbage" * 99] * 9, (64, 48)), *ANY_DAMAGE)


# Headers that lie


@kind("avi-count")
def _avi_count(box: Box) -> None:
    for count in (0, 1, 11, 13, 10_000, 2**31 - 1, 2**32 - 1):
        box.good(f"{count}.avi", boxes.avi(jpegs(12), (64, 48), claimed=count))


@kind("avi-rate")
def _avi_rate(box: Box) -> None:
    many = 2**32 - 1
    for scale, rate in ((0, 0), (0, 10), (1, 0), (many, 1), (1, many), (many, many), (3600, 1)):
        box.good(f"{rate}-by-{scale}.avi", boxes.avi(jpegs(24), (64, 48), scale=scale, rate=rate))


@kind("avi-size")
def _avi_size(box: Box) -> None:
    for width, height in ((0, 0), (32, 24), (640, 480), (-64, -48), (64, -48)):
        size = width & 0xFFFFFFFF, height & 0xFFFFFFFF
        data = boxes.avi(jpegs(6), (64, 48))
        data = patched(data, b"strf", 8, struct.pack("<II", *size))
        box.either(f"{width}x{height}.avi", data)
    claim = patched(boxes.avi(jpegs(6), (64, 48)), b"strf", 8, struct.pack("<ii", 60_000, 60_000))
    box.either("60000x60000.avi", claim)


@kind("mp4-times")
def _mp4_times(box: Box) -> None:
    data = clip(".mp4")
    for scale in (0, 1, 2**31 - 1, 2**32 - 1):
        for header in (b"mvhd", b"mdhd"):
            box.either(
                f"{header.decode()}-{scale}.mp4",
                patched(data, header, 12, struct.pack(">I", scale)),
            )
    for length in (0, 2**32 - 1):
        box.good(f"length-{length}.mp4", patched(data, b"mvhd", 16, struct.pack(">I", length)))
    for ticks in (0, 2**31 - 1, 2**32 - 1):
        box.either(f"ticks-{ticks}.mp4", patched(data, b"stts", 12, struct.pack(">I", ticks)))


@kind("mp4-size")
def _mp4_size(box: Box) -> None:
    data = clip(".mp4")
    for side in (0, 1, 65_535):
        sides = struct.pack(">HH", side, side)
        box.either(f"{side}.mp4", patched(data, b"mp4v", 24, sides))
    for name, matrix in {"zeros": bytes(36), "ones": b"\xff" * 36}.items():
        box.either(f"turn-by-{name}.mp4", patched(data, b"tkhd", 40, matrix))


@kind("turned-videos")
def _turned(box: Box) -> None:
    for degrees in (90, 180, 270):
        path = box.folder / f"{degrees}.mp4"
        path.write_bytes(clip(".mp4"))
        turn_mp4(path, degrees)
        box.good(path.name)


@kind("mkv-times")
def _mkv_times(box: Box) -> None:
    data = clip(".mkv")
    scale = data.index(b"\x2a\xd7\xb1")
    for name, value in {"0": bytes(3), "largest": b"\xff" * 3}.items():
        box.either(f"scale-{name}.mkv", data[: scale + 4] + value + data[scale + 7 :])
    length = data.index(b"\x44\x89\x88") + 3
    for name, number in {"nan": "nan", "infinite": "inf", "negative": -1, "largest": 1e308}.items():
        changed = data[:length] + struct.pack(">d", float(number)) + data[length + 8 :]
        box.either(f"length-{name}.mkv", changed)


# Streams that change


@kind("size-changes")
def _size_changes(box: Box) -> None:
    small, large = jpegs(6, 64, 48), jpegs(6, 320, 240)
    box.good("avi-grows.avi", boxes.avi([*small, *large], (64, 48)))
    box.good("avi-shrinks.avi", boxes.avi([*large, *small], (320, 240)))
    both = [frame for pair in zip(small, large, strict=True) for frame in pair]
    box.good("avi-swings.avi", boxes.avi(both, (64, 48)))
    box.good("ts-grows.ts.mpg", clip(".ts") + clip(".ts", 320, 240))
    box.good("ts-shrinks.ts.mpg", clip(".ts", 320, 240) + clip(".ts"))
    box.good("mpg-grows.mpg", clip(".mpg") + clip(".mpg", 320, 240))


@kind("streams-joined")
def _joined(box: Box) -> None:
    for suffix in (".mp4", ".avi", ".mkv", ".flv"):
        box.good(f"twice{suffix}", clip(suffix) * 2)
        box.good(f"garbage-behind{suffix}", clip(suffix) + b"garbage" * 99)
    box.good("flv-behind-an-avi.avi", clip(".avi") + clip(".flv"))


@kind("unknown-codec")
def _unknown_codec(box: Box) -> None:
    unknown = boxes.avi(jpegs(6), (64, 48), codec=b"QQQQ")
    box.bad("avi.avi", unknown, CodecMissingError)
    box.either("mp4.mp4", clip(".mp4").replace(b"mp4v", b"qqqq"), CodecMissingError)
    box.bad("webm.webm", clip(".webm").replace(b"V_VP8", b"V_QQ8"), CodecMissingError)
    wrong = boxes.avi(jpegs(6), (64, 48), codec=b"H264")
    box.either("jpeg-as-h264.avi", wrong)
    box.either("jpeg-as-ffv1.avi", boxes.avi(jpegs(6), (64, 48), codec=b"FFV1"))


@kind("large-video")
def _large(box: Box) -> None:
    # A frame of one colour in a few kilobytes; the limit of a clip's frame is 50 million pixels.
    frame = encoded(Image.new("RGB", (8000, 8000)), ".jpg")
    box.bad("64-megapixels.avi", boxes.avi([frame] * 2, (8000, 8000)), TooLargeError)
    box.either("grows-to-64-megapixels.avi", boxes.avi([*jpegs(6), frame], (64, 48)))
