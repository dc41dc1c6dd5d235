"""Still pictures: cut, changed, huge, tiny, of every mode, with damaged side notes."""

import functools
import importlib.util
import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image

from captioner.errors import (
    CodecMissingError,
    MediaError,
    TooLargeError,
    TruncatedFileError,
    UnsupportedFileError,
)
from tests.corpus.entries import Box, cuts, flips, kind, kinds_of, zeroed
from tests.makers import photo, png_chunk

FORMATS = {
    ".jpg": "JPEG",
    ".png": "PNG",
    ".gif": "GIF",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".bmp": "BMP",
    ".avif": "AVIF",
    ".jp2": "JPEG2000",
}
PNG_HEAD = b"\x89PNG\r\n\x1a\n"
_HEIC_IS_READ = importlib.util.find_spec("pillow_heif") is not None


@functools.cache
def textured(width: int = 64, height: int = 48) -> Image.Image:
    """Return a picture with noise on it, so that every part of its file carries pixels."""
    noise = np.random.default_rng(0).integers(-20, 20, (height, width, 3))
    return Image.fromarray((photo(width, height) + noise).clip(0, 255).astype(np.uint8))


def encoded(picture: Image.Image, suffix: str, **options: Any) -> bytes:
    """Return the picture as a file of the format that the suffix stands for."""
    file = io.BytesIO()
    if suffix == ".heic":
        import pillow_heif

        pillow_heif.from_pillow(picture).save(file, **options)
    else:
        picture.save(file, FORMATS[suffix], **options)
    return file.getvalue()


def png(
    width: int, height: int, rows: bytes, *, bits: int, colour: int, interlace: int = 0
) -> bytes:
    """Return a PNG of raw rows, each after its filter byte."""
    head = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlace)
    chunks = (b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")
    return PNG_HEAD + b"".join(png_chunk(*chunk) for chunk in chunks)


# Damage


def _cut(box: Box, suffix: str) -> None:
    for percent, data in cuts(encoded(textured(), suffix)):
        box.bad(f"{percent}{suffix}", data, TruncatedFileError)


def _flipped(box: Box, suffix: str) -> None:
    for seed, data in flips(encoded(textured(), suffix)):
        box.either(f"{seed}{suffix}", data)


kinds_of(FORMATS, _cut, "cut")
kinds_of(FORMATS, _flipped, "flipped")


@kind("heic")
def _heic(box: Box) -> None:
    if not _HEIC_IS_READ:
        data = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(100)
        box.bad("a.heic", data, CodecMissingError)
        return
    data = encoded(textured(), ".heic")
    box.good("whole.heic", data)
    box.good("named.jpg", data)
    for percent, part in cuts(data):
        box.bad(f"cut-{percent}.heic", part, TruncatedFileError)
    for seed, changed in flips(data):
        box.either(f"flipped-{seed}.heic", changed)


@kind("zeroed")
def _zeroed(box: Box) -> None:
    for suffix in FORMATS:
        for tenth in (0, 5):
            box.either(f"{tenth}{suffix}", zeroed(encoded(textured(), suffix), tenth / 10, 256))


@kind("more-than-a-photo")
def _more(box: Box) -> None:
    jpeg, whole = encoded(textured(), ".jpg"), encoded(textured(), ".png")
    box.good("behind-it-a-zip.jpg", jpeg + b"PK\x03\x04" + bytes(100))
    box.good("behind-it-a-jpeg.jpg", jpeg + jpeg)
    box.bad("text-before-it.jpg", b"HTTP/1.1 200 OK\r\n\r\n" + jpeg, UnsupportedFileError)
    box.good("comments.jpg", jpeg[:2] + (b"\xff\xfe\x00\x12" + b"x" * 16) * 999 + jpeg[2:])
    box.good("no-end.png", whole[:-12])
    box.good("unknown-chunk.png", whole[:33] + png_chunk(b"quUx", bytes(9)) + whole[33:])
    box.either("header-twice.png", whole[:33] + whole[8:])
    box.either("wrong-sum.png", whole[:29] + bytes(4) + whole[33:])
    box.bad("header-only.png", whole[:33], TruncatedFileError)
    box.bad("no-pixels.png", whole[:33] + png_chunk(b"IEND", b""), TruncatedFileError)


# What is not what its name says


@kind("nearly-whole")
def _nearly_whole(box: Box) -> None:
    box.good("lacks-its-end.jpg", encoded(textured(), ".jpg")[:-2])


@kind("wrong-suffix")
def _wrong_suffix(box: Box) -> None:
    for suffix, named in zip(FORMATS, [*list(FORMATS)[1:], ".jpg"], strict=True):
        box.good(f"{suffix[1:]}-as{named}", encoded(textured(), suffix))
    box.good("jpg-as.mp4", encoded(textured(), ".jpg"))
    box.good("png-as.avi", encoded(textured(), ".png"))
    box.good("webp-as.webm", encoded(textured(), ".webp"))


# Bombs

_LARGE_OR_CUT: tuple[type[MediaError], ...] = (TooLargeError, TruncatedFileError)


@kind("bombs")
def _bombs(box: Box) -> None:
    box.bad("30000.png", png(30_000, 30_000, bytes(99), bits=8, colour=2), TooLargeError)
    box.bad("claim.png", png(2**31 - 1, 2**31 - 1, bytes(99), bits=8, colour=2), *_LARGE_OR_CUT)
    # Just within the limit: half a gigabyte as RGB, out of a few kilobytes.
    side = 12_000
    rows = (b"\0" + bytes(side // 8)) * side
    box.good("12000.png", png(side, side, rows, bits=1, colour=0))
    box.good("6000-deep.png", png(6000, 6000, bytes(12_001) * 6000, bits=16, colour=0))
    box.good("4000-alpha.png", png(4000, 4000, bytes(16_001) * 4000, bits=8, colour=6))
    small = png(9, 9, bytes(28) * 9, bits=8, colour=2)
    for name in (b"zTXt", b"iCCP"):
        chunk = png_chunk(name, b"x\0\0" + zlib.compress(bytes(5_000_000)))
        box.bad(f"{name.decode()}.png", small[:33] + chunk + small[33:], TooLargeError)
    jpeg = encoded(textured(), ".jpg")
    size = struct.pack(">HH", 48, 64)
    at = jpeg.index(size, jpeg.index(b"\xff\xc0"))
    claim = jpeg[:at] + struct.pack(">HH", 65_500, 65_500) + jpeg[at + 4 :]
    box.bad("claim.jpg", claim, TooLargeError)
    bmp = bytearray(encoded(textured(), ".bmp"))
    struct.pack_into("<ii", bmp, 18, 100_000, 100_000)
    box.bad("claim.bmp", bytes(bmp), TooLargeError)
    tiff = encoded(textured(), ".tif", compression="tiff_deflate")
    for tag in (256, 257):
        at = tiff.index(struct.pack("<HH", tag, 4 if struct.pack("<HHI", tag, 4, 1) in tiff else 3))
        tiff = tiff[:at] + struct.pack("<HHII", tag, 4, 1, 60_000) + tiff[at + 12 :]
    box.bad("claim.tif", tiff, TooLargeError)
    box.bad("claim.qoi", b"qoif" + struct.pack(">IIBB", 2**31, 2**31, 3, 0), TooLargeError)


# Modes


@kind("modes-png")
def _modes_png(box: Box) -> None:
    picture = textured()
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA"):
        box.good(f"{mode}.png", encoded(picture.convert(mode), ".png"))
    box.good("P-transparent.png", encoded(picture.convert("P"), ".png", transparency=0))
    many = bytes(range(256))
    box.good("P-many-alphas.png", encoded(picture.convert("P"), ".png", transparency=many))
    box.good("RGB-transparent.png", encoded(picture, ".png", transparency=(110, 170, 230)))
    box.good("L-transparent.png", encoded(picture.convert("L"), ".png", transparency=7))
    deep = np.arange(64 * 48, dtype=np.uint16).reshape(48, 64) * 21
    box.good("I16.png", encoded(Image.fromarray(deep), ".png"))
    for name, colour, channels in (("RGB", 2, 3), ("LA", 4, 2), ("RGBA", 6, 4)):
        row = b"\0" + bytes(range(16 * channels))
        box.good(f"{name}-of-16-bits.png", png(8, 8, row * 8, bits=16, colour=colour))
    box.good("L-of-2-bits.png", png(8, 8, b"\0\x1b\xe4" * 8, bits=2, colour=0))
    grey = np.arange(64, dtype=np.uint8).reshape(8, 8) * 4
    # Adam7: (left, top, step to the right, step down) of each pass.
    passes = (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2)
    rows = b"".join(
        b"\0" + row.tobytes()
        for left, top, right, down in (*passes, (0, 1, 1, 2))
        for row in grey[top::down, left::right]
    )
    box.good("interlaced.png", png(8, 8, rows, bits=8, colour=0, interlace=1))


@kind("modes-of-others")
def _modes_of_others(box: Box) -> None:
    picture = textured()
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK"):
        box.good(f"{mode}.tif", encoded(picture.convert(mode), ".tif"))
    box.good("LAB.tif", encoded(Image.new("LAB", (9, 9), (137, 128, 128)), ".tif"))
    deep = np.arange(64 * 48, dtype=np.uint16).reshape(48, 64) * 21
    box.good("I16.tif", encoded(Image.fromarray(deep), ".tif"))
    big = Image.frombytes("I;16B", (64, 48), deep.astype(">u2").tobytes())
    box.good("I16B.tif", encoded(big, ".tif"))
    box.good("I.tif", encoded(Image.fromarray(deep.astype(np.int32) * 999), ".tif"))
    values = np.linspace(-1, 1, 64 * 48, dtype=np.float32).reshape(48, 64)
    box.good("F.tif", encoded(Image.fromarray(values), ".tif"))
    values[0, :3] = np.nan, np.inf, -np.inf
    box.good("F-not-finite.tif", encoded(Image.fromarray(values), ".tif"))
    box.good("F-huge.tif", encoded(Image.fromarray(values * np.float32(3e38)), ".tif"))
    for mode in ("L", "CMYK", "YCbCr"):
        box.good(f"{mode}.jpg", encoded(picture.convert(mode), ".jpg"))
    box.good("progressive.jpg", encoded(picture, ".jpg", progressive=True))
    box.good("RGBA.webp", encoded(picture.convert("RGBA"), ".webp"))
    for mode in ("1", "L", "P"):
        box.good(f"{mode}.bmp", encoded(picture.convert(mode), ".bmp"))
    for mode in ("L", "P"):
        box.good(f"{mode}.gif", encoded(picture.convert(mode), ".gif", transparency=0))
    for way in ("tiff_lzw", "jpeg", "packbits", "tiff_adobe_deflate"):
        box.good(f"{way}.tif", encoded(picture, ".tif", compression=way))
    box.good("group4.tif", encoded(picture.convert("1"), ".tif", compression="group4"))


def tiff_with(tag: int, value: int) -> bytes:
    """Return a small TIFF in colour that claims something else of its pixels."""
    data = encoded(textured(), ".tif")
    at = data.index(struct.pack("<HH", tag, 3)) + 8
    return data[:at] + struct.pack("<HH", value, 0) + data[at + 4 :]


@kind("rare-tiffs")
def _rare_tiffs(box: Box) -> None:
    for compression in (22610, 34661, 34712, 34887, 34933, 50002, 52546):
        box.bad(f"{compression}.tif", tiff_with(259, compression), UnsupportedFileError)
    for compression in (32809, 34925, 50000, 50001):
        box.bad(f"{compression}.tif", tiff_with(259, compression), UnsupportedFileError)
    box.bad("unknown.tif", tiff_with(259, 9999), UnsupportedFileError)
    for data_format in (3, 6):
        box.bad(f"format-{data_format}.tif", tiff_of_numbers(64, data_format), UnsupportedFileError)


def tiff_of_numbers(bits: int, data_format: int) -> bytes:
    """Return a TIFF of 9 numbers for 3 x 3 pixels. Source: TIFF 6.0."""
    tags = {256: 3, 257: 3, 258: bits, 259: 1, 262: 1, 273: 8, 277: 1, 278: 3}
    tags |= {279: 9 * bits // 8, 339: data_format}
    entries = b"".join(struct.pack("<HHII", tag, 3, 1, value) for tag, value in tags.items())
    pixels = bytes(9 * bits // 8)
    head = struct.pack("<2sHI", b"II", 42, 8 + len(pixels))
    return head + pixels + struct.pack("<H", len(tags)) + entries + bytes(4)


@kind("damaged-inside-a-tiff")
def _damaged_tiff(box: Box) -> None:
    plain = encoded(textured(), ".tif")
    samples = struct.pack("<HHI", 277, 3, 1)
    for count in (0, 2, 5, 128, 65_535):
        at = plain.index(samples) + len(samples)
        data = plain[:at] + struct.pack("<I", count) + plain[at + 4 :]
        box.either(f"{count}-samples.tif", data)
    for way in ("tiff_lzw", "jpeg", "packbits", "tiff_adobe_deflate"):
        data = encoded(textured(), ".tif", compression=way)
        box.either(f"{way}-zeroed.tif", zeroed(data, 0.3, 200))
        for seed, changed in flips(data):
            box.either(f"{way}-{seed}.tif", changed)


# Sizes


@kind("sizes")
def _sizes(box: Box) -> None:
    for width, height in ((1, 1), (1, 500), (500, 1), (3, 3), (20_000, 2), (2, 20_000)):
        picture = Image.new("RGB", (width, height), (200, 30, 30))
        for suffix in (".jpg", ".png", ".gif", ".tif", ".bmp"):
            box.good(f"{width}x{height}{suffix}", encoded(picture, suffix))
    box.good("16383x1.webp", encoded(Image.new("RGB", (16383, 1)), ".webp"))
    box.good("1x1.avif", encoded(Image.new("RGB", (1, 1)), ".avif"))
    nothing = TruncatedFileError, UnsupportedFileError
    box.bad("0x0.png", png(0, 0, b"", bits=8, colour=2), *nothing)
    box.bad("0x9.png", png(0, 9, bytes(9), bits=8, colour=2), *nothing)
    bmp = bytearray(encoded(textured(), ".bmp"))
    struct.pack_into("<ii", bmp, 18, 0, 0)
    box.bad("0x0.bmp", bytes(bmp), *nothing)
    jpeg = encoded(textured(), ".jpg")
    at = jpeg.index(struct.pack(">HH", 48, 64), jpeg.index(b"\xff\xc0"))
    box.bad("0x0.jpg", jpeg[:at] + bytes(4) + jpeg[at + 4 :], *nothing)


# Side notes


def _exif(*entries: bytes, following: int = 0) -> bytes:
    """Return EXIF data of raw directory entries, 12 bytes each."""
    head = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(entries))
    return head + b"".join(entries) + struct.pack("<I", following)


def _turned(value: int) -> bytes:
    return struct.pack("<HHIHH", 0x0112, 3, 1, value, 0)


_NOTES = {
    "orientation-0": _exif(_turned(0)),
    "orientation-9": _exif(_turned(9)),
    "orientation-65535": _exif(_turned(65535)),
    "orientation-text": _exif(struct.pack("<HHI4s", 0x0112, 2, 4, b"up!\0")),
    "orientation-rational": _exif(struct.pack("<HHII", 0x0112, 5, 1, 0x7FFFFFFF)),
    "orientation-many": _exif(struct.pack("<HHII", 0x0112, 3, 0x40000000, 8)),
    "orientation-twice": _exif(_turned(6), _turned(3)),
    "garbage": b"Exif\0\0" + bytes(range(256)),
    "byte-order-only": b"Exif\0\0II",
    "nothing": b"Exif\0\0",
    "huge-garbage": b"Exif\0\0MM\0*" + bytes(range(256)) * 250,
    "loop": _exif(_turned(1), following=8),
    "loop-of-sub-directories": _exif(struct.pack("<HHII", 0x8769, 4, 1, 8)),
    "gps-nowhere": _exif(struct.pack("<HHII", 0x8825, 4, 1, 0xFFFFFFF0)),
    "thousands-of-entries": b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + bytes(600),
}


@kind("exif")
def _exif_data(box: Box) -> None:
    for name, data in _NOTES.items():
        box.good(f"{name}.jpg", encoded(textured(), ".jpg", exif=data))
    for name in ("garbage", "orientation-65535", "loop", "orientation-many"):
        box.good(f"{name}.png", encoded(textured(), ".png", exif=_NOTES[name]))
        box.good(f"{name}.webp", encoded(textured(), ".webp", exif=_NOTES[name]))
    jpeg = encoded(textured(), ".jpg", exif=_NOTES["orientation-9"])
    box.either("longer-than-the-file.jpg", jpeg[:22] + b"\xff\xe1\xff\xff" + jpeg[24:])


@kind("colour-profiles")
def _profiles(box: Box) -> None:
    for name, data in {"garbage": bytes(range(256)), "empty": b"\0", "zeros": bytes(4000)}.items():
        for suffix in (".jpg", ".png", ".webp", ".tif"):
            box.good(f"{name}{suffix}", encoded(textured(), suffix, icc_profile=data))


@kind("other-notes")
def _other_notes(box: Box) -> None:
    for name, packet in {
        "broken": b"<x:xmpmeta",
        "not-text": bytes(range(256)),
        "turned": b'<rdf:Description tiff:Orientation="999999999999"/>',
        "entities": b'<!DOCTYPE a [<!ENTITY b "bbbb">]>' + b"<a>&b;</a>" * 99,
    }.items():
        box.good(f"xmp-{name}.jpg", encoded(textured(), ".jpg", xmp=packet))
        box.good(f"xmp-{name}.webp", encoded(textured(), ".webp", xmp=packet))
    whole = encoded(textured(), ".png")
    text = png_chunk(b"tEXt", b"Comment\0" + b"\xff" * 5000)
    box.good("text.png", whole[:33] + text + whole[33:])
