"""Decoding libraries kept from writing to the screen.

What they find wrong becomes a typed error. Their own words would run through the lines and the
progress bar of a job with thousands of files. Everything here is set once and never taken back, so
that files may be decoded in many threads.
"""

import ctypes
import functools
import logging
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _PillowHere(threading.local):
    """Stands in a warnings filter for the module's pattern: Pillow, in a thread that decodes.

    ``warnings.catch_warnings`` swaps one list for the whole process: two threads that leave it in
    the wrong order leave it changed. This filter matches nothing outside of `quiet_pillow`, so it
    can stay.
    """

    depth = 0

    def match(self, module: str) -> bool:
        return self.depth > 0 and module.startswith("PIL.")


# Without a handler, Python prints what Pillow logs. A program that sets one up still gets it.
logging.getLogger("PIL").addHandler(logging.NullHandler())

_pillow_here = _PillowHere()
_IGNORE = ("ignore", None, Warning, _pillow_here, 0)


@contextmanager
def quiet_pillow() -> Iterator[None]:
    """Run Pillow calls inside: this thread sees no warning of it, and libtiff prints nothing."""
    _silence_libtiff()
    filters: list[Any] = warnings.filters  # type: ignore[assignment]
    if not filters or filters[0] is not _IGNORE:
        filters.insert(0, _IGNORE)
    _pillow_here.depth += 1
    try:
        yield
    finally:
        _pillow_here.depth -= 1


def quiet_cv2() -> Any:
    """Import OpenCV with nothing of it or of FFmpeg on standard error, unless the user asked."""
    # FFmpeg reads this when its first video is opened; -8 is AV_LOG_QUIET.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    import cv2

    if "OPENCV_LOG_LEVEL" not in os.environ:
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    return cv2


@functools.cache
def _silence_libtiff() -> None:
    """Take away the function by which libtiff prints errors; Pillow does so for its warnings only.

    The library is found through Pillow's own, which is linked to it. Where libtiff is a part of
    Pillow's (in its wheels for Windows) or missing, nothing is done.
    """
    from PIL import _imaging

    try:
        set_handler = ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler
    except (AttributeError, OSError):
        return
    set_handler.argtypes = [ctypes.c_void_p]
    set_handler.restype = ctypes.c_void_p
    set_handler(None)
