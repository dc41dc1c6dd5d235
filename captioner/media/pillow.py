"""Pillow with typed errors and without warnings."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from PIL import Image, ImageFile, UnidentifiedImageError

from captioner.errors import (
    CodecMissingError,
    MediaError,
    NoFramesError,
    TooLargeError,
    TruncatedFileError,
    UnsupportedFileError,
)
from captioner.media import tiff
from captioner.media.budget import Budget
from captioner.media.containers import HEAD_BYTES, is_heif, is_video
from captioner.media.heif import open_heif
from captioner.media.signatures import describe, is_postscript
from captioner.media.silence import quiet_pillow

# Pillow's own limit above which ``Image.open`` refuses: twice ``Image.MAX_IMAGE_PIXELS``.
MAX_PIXELS = 178_956_970

# TIFF is left out: its signature is also that of many raw camera formats.
_PICTURE_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"\x00\x00\x01\x00")
_COPY_IT_AGAIN = "copy or download it again"
_COPY_OR_SAVE = "copy it again, or save it as JPEG"
_SHRINK_IT = "make it smaller"

# What Pillow says where a format needs a program or library, and where it is of a rare variant.
_MISSING = ("Ghostscript", "cannot find loader", "not available")
_RARE = ("unsupported", "unknown", "unimplemented", "not supported", "cannot handle")


@contextmanager
def decoding(path: str, budget: Budget | None = None) -> Iterator[None]:
    """Run Pillow calls inside: no warning leaves, and every failure becomes a ``MediaError``.

    Raises:
        TooLargeError: beyond Pillow's own limits, or no memory.
        CodecMissingError: the format needs a program or library that is not here.
        UnsupportedFileError: a rare variant of the format.
        TruncatedFileError: anything else.
        BudgetError: a limit was met, whatever the decoder made of it.
    """
    with quiet_pillow():
        try:
            yield
        except MediaError:
            raise
        except Image.DecompressionBombError as error:
            raise TooLargeError(path, "has more pixels than Pillow allows", _SHRINK_IT) from error
        except MemoryError as error:
            raise TooLargeError(path, "does not fit into the memory", _SHRINK_IT) from error
        except Exception as error:  # a damaged file makes Pillow's parsers raise nearly anything
            if budget is not None:
                budget.check()
            raise _decoding_error(path, error) from error


def open_picture(file: BinaryIO, path: str, max_pixels: int, budget: Budget) -> ImageFile.ImageFile:
    """Open a picture or animation with Pillow, decoding no pixel of it yet.

    Raises:
        UnsupportedFileError: not a picture, or a video.
        TruncatedFileError: a picture without a usable header.
        NoFramesError: a GIF without a frame.
        TooLargeError: more than ``max_pixels``, or than Pillow's own limit.
        CodecMissingError: HEIC, and pillow-heif is not installed.
        BudgetError: opening it is more work than one file may make.
    """
    file = budget.metered(file)
    head = file.read(HEAD_BYTES)
    file.seek(0)
    if is_video(head):
        raise UnsupportedFileError(path, "is a video, not a picture", "give it as a clip")
    if is_postscript(head):  # Pillow would run it, by Ghostscript
        raise UnsupportedFileError(path, *describe(head))
    with decoding(path, budget):
        try:
            image: ImageFile.ImageFile = Image.open(file)
        except UnidentifiedImageError as error:
            if not is_heif(head):
                raise _unknown_picture(file, path, head) from error
            image = open_heif(file, path)
    check_pixels(path, *image.size, max_pixels)
    return image


def check_pixels(path: str, width: int, height: int, max_pixels: int) -> None:
    """Raise ``TooLargeError`` where a picture or frame has more than ``max_pixels`` pixels."""
    if width * height > max_pixels:
        reason = f"{width}x{height} pixels are more than the limit of {max_pixels:,}"
        raise TooLargeError(path, reason, _SHRINK_IT)


def _unknown_picture(file: BinaryIO, path: str, head: bytes) -> MediaError:
    size = file.seek(0, 2)
    file.seek(size - 1)
    if head[:4] == b"GIF8" and file.read() == b";":  # the trailer: all of it is here
        return NoFramesError(path, "is a GIF without a frame", "export it again")
    is_webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    is_avif = head[4:12] in (b"ftypavif", b"ftypavis")
    known = head.startswith(_PICTURE_SIGNATURES) or is_webp or is_avif
    unwritten = not any(head)  # zeros, as where a copy broke off after room was made for it
    if known or unwritten or _is_cut_tiff(head, size):
        return TruncatedFileError(path, "is cut short or damaged", _COPY_IT_AGAIN)
    return UnsupportedFileError(path, *(tiff.describe(file) or describe(head)))


def _is_cut_tiff(head: bytes, size: int) -> bool:
    """Tell whether a TIFF's directory, whose place its header names, lies behind its end."""
    if head.startswith(b"II*\x00"):
        return int.from_bytes(head[4:8], "little") >= size
    return head.startswith(b"MM\x00*") and int.from_bytes(head[4:8], "big") >= size


def _decoding_error(path: str, error: Exception) -> MediaError:
    text = " ".join(str(error).split())
    if any(sign in text for sign in _MISSING):
        return CodecMissingError(path, f"has no decoder here ({text})", _COPY_OR_SAVE)
    if "too large for PngImagePlugin" in text or "Too much memory used in text" in text:
        remedy = "save it again without its metadata"
        return TooLargeError(path, "carries more text or colour data than Pillow allows", remedy)
    if any(sign in text.lower() for sign in _RARE):
        reason = f"is damaged, or of a kind that Pillow does not read ({text})"
        return UnsupportedFileError(path, reason, _COPY_OR_SAVE)
    # Pillow's words ("index out of range", "7 bytes not processed") help nobody to mend a file, and
    # would make each failure one of its own in a count by reason. They stay in ``__cause__``.
    return TruncatedFileError(path, "is cut short or damaged", _COPY_IT_AGAIN)
