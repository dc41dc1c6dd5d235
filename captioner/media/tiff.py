"""What a TIFF is that Pillow does not read, told by the first of its directories."""

import struct
from collections.abc import Iterator
from typing import BinaryIO

_BITS, _COMPRESSION, _FORMAT = 258, 259, 339
_WHOLE, _SIGNED, _REAL = 1, 2, 3  # of _FORMAT; above are complex numbers and what is undefined
_SHORT, _LONG = 3, 4  # types of numbers that these tags have
_MOST_TAGS = 1000

# Source: libtiff's tiff.h, the list of the library tifffile, and Adobe's DNG 1.7.
_UNREAD = {
    22610: "JPEG XR",
    33003: "JPEG 2000",
    33004: "JPEG 2000",
    33005: "JPEG 2000",
    34661: "JBIG",
    34712: "JPEG 2000",
    34887: "LERC",
    34892: "lossy JPEG",
    34933: "PNG",
    34934: "JPEG XR",
    50002: "JPEG XL",
    52546: "JPEG XL",
}
# By a libtiff that was built with them; those of Pillow's wheels are not built with all.
_SELDOM_READ = {
    32809: "ThunderScan",
    34676: "SGI LogLuv",
    34677: "SGI LogLuv",
    34925: "LZMA",
    50000: "Zstandard",
    50001: "WebP",
}
_REMEDY = "save it as PNG or JPEG"


def describe(file: BinaryIO) -> tuple[str, str] | None:
    """Say what a file is that Pillow fails to read, and what to do; None where it should read it.

    Args:
        file: any; it is read from its beginning, a few kilobytes at most.
    """
    tags = _tags(file)
    compression, _ = tags.get(_COMPRESSION, (1, 1))
    if compression in _UNREAD:
        return f"is a TIFF with {_UNREAD[compression]} inside, which Pillow does not read", _REMEDY
    bits, samples = tags.get(_BITS, (1, 1))
    form, _ = tags.get(_FORMAT, (_WHOLE, 1))
    if bits > 32 or form > _REAL or (form == _REAL and bits < 32) or (bits > 16 and samples > 1):
        kind = {_WHOLE: "whole", _SIGNED: "whole", _REAL: "floating-point"}.get(form, "complex")
        numbers = f"{bits}-bit {kind} numbers ({samples} a pixel)"
        return f"is a TIFF of {numbers}, which Pillow does not read", _REMEDY
    if compression in _SELDOM_READ:
        name = _SELDOM_READ[compression]
        reason = f"is a TIFF with {name} inside, which is damaged or unknown to this Pillow"
        return reason, f"copy it again, or {_REMEDY}"
    return None


def _tags(file: BinaryIO) -> dict[int, tuple[int, int]]:
    """Return the first number and the count of numbers of each tag that is asked for here."""
    try:
        return {tag: (number, count) for tag, number, count in _entries(file)}
    except (struct.error, OverflowError, OSError):  # cut short, or places that no file has
        return {}


def _entries(file: BinaryIO) -> Iterator[tuple[int, int, int]]:
    file.seek(0)
    head = file.read(16)
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    if order is None:
        return
    (version,) = struct.unpack(order + "H", head[2:4])
    if version == 42:
        (place,), counts, form = struct.unpack(order + "I", head[4:8]), "H", "HHI4s"
    elif version == 43:  # BigTIFF
        (place,), counts, form = struct.unpack(order + "Q", head[8:16]), "Q", "HHQ8s"
    else:
        return
    file.seek(place)
    (number,) = struct.unpack(order + counts, file.read(struct.calcsize(order + counts)))
    size = struct.calcsize(order + form)
    directory = file.read(size * min(number, _MOST_TAGS))
    for entry in struct.iter_unpack(order + form, directory[: len(directory) // size * size]):
        tag, kind, count, value = entry
        if tag not in (_BITS, _COMPRESSION, _FORMAT) or kind not in (_SHORT, _LONG):
            continue
        letter = "H" if kind == _SHORT else "I"
        if struct.calcsize(letter) * count > len(value):  # the numbers lie elsewhere
            file.seek(struct.unpack(order + ("I" if len(value) == 4 else "Q"), value)[0])
            value = file.read(len(value))
        yield tag, struct.unpack_from(order + letter, value)[0], count
