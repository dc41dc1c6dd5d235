"""Pillow with typed errors and without warnings."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from PIL import Image, ImageFile, UnidentifiedImageError

from captioner.media.containers import HEAD_BYTES, is_heif, is_video
from captioner.media.errors import (
    CodecMissingError,
    MediaError,
    NoFramesError,
    TooLargeError,
    TruncatedFileError,
    UnsupportedFileError,
)

# Pillow's own limit above which ``Image.open`` refuses: twice ``Image.MAX_IMAGE_PIXELS``.
MAX_PIXELS = 178_956_970

# TIFF is left out: its signature is also that of many raw camera formats.
_PICTURE_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"\x00\x00\x01\x00")
_SHRINK_IT = "make it smaller, or raise max_pixels if you trust it"
_COPY_IT_AGAIN = "copy or download it again"


class _Silence:
    """Ignore the warnings that Pillow's modules give while any thread is inside.

    ``warnings.catch_warnings`` alone saves and restores one list for the whole process, so that
    two threads leaving in the wrong order would leave it changed: here the last one out restores.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._caught = warnings.catch_warnings()

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._caught = warnings.catch_warnings()
                self._caught.__enter__()
                warnings.filterwarnings("ignore", module=r"PIL\b")
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._caught.__exit__(None, None, None)


_silence = _Silence()


@contextmanager
def decoding(path: str) -> Iterator[None]:
    """Run Pillow calls inside: no warning leaves, and every failure becomes a ``MediaError``.

    Raises:
        TooLargeError: Pillow's own limit, or no memory.
        CodecMissingError: the format needs a program or library that is not here.
        TruncatedFileError: anything else.
    """
    with _silence:
        try:
            yield
        except MediaError:
            raise
        except (Image.DecompressionBombError, MemoryError) as error:
            raise TooLargeError(path, f"is too large ({error or 'no memory'})", _SHRINK_IT) from (
                error
            )
        except Exception as error:  # a damaged file makes Pillow's parsers raise nearly anything
            raise _decoding_error(path, error) from error


def open_picture(file: BinaryIO, path: str, max_pixels: int) -> ImageFile.ImageFile:
    """Open a picture or animation with Pillow, decoding no pixel of it yet.

    Raises:
        UnsupportedFileError: not a picture, or a video.
        TruncatedFileError: a picture without a usable header.
        NoFramesError: a GIF without a frame.
        TooLargeError: more than ``max_pixels``, or than Pillow's own limit.
    """
    head = file.read(HEAD_BYTES)
    file.seek(0)
    if is_video(head):
        raise UnsupportedFileError(path, "is a video, not a picture", "sample its frames")
    with decoding(path):
        try:
            image = Image.open(file)
        except UnidentifiedImageError as error:
            raise _unknown_picture(file, path, head) from error
    check_pixels(path, *image.size, max_pixels)
    return image


def check_pixels(path: str, width: int, height: int, max_pixels: int) -> None:
    """Raise ``TooLargeError`` where a picture or frame has more than ``max_pixels`` pixels."""
    if width * height > max_pixels:
        reason = f"{width}x{height} pixels are more than the limit of {max_pixels}"
        raise TooLargeError(path, reason, _SHRINK_IT)


def _unknown_picture(file: BinaryIO, path: str, head: bytes) -> MediaError:
    if is_heif(head):
        return UnsupportedFileError(path, "is a HEIC picture", "save it as JPEG or PNG")
    is_webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    is_avif = head[4:12] in (b"ftypavif", b"ftypavis")
    if not (head.startswith(_PICTURE_SIGNATURES) or is_webp or is_avif):
        return UnsupportedFileError(
            path, "is not a picture or clip", "give a picture, GIF or video file"
        )
    file.seek(-1, 2)
    if head[:4] == b"GIF8" and file.read() == b";":  # the trailer: all of it is here
        return NoFramesError(path, "is a GIF without a frame", "export it again")
    return TruncatedFileError(path, "is cut short or damaged", _COPY_IT_AGAIN)


def _decoding_error(path: str, error: Exception) -> MediaError:
    text = " ".join(str(error).split()) or type(error).__name__
    if any(sign in text for sign in ("Ghostscript", "cannot find loader", "not available")):
        return CodecMissingError(path, f"has no decoder here ({text})", "save it as JPEG or PNG")
    return TruncatedFileError(path, f"is cut short or damaged ({text})", _COPY_IT_AGAIN)
