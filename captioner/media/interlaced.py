"""Interlaced videos, of which OpenCV's captures give meaningless pictures and say nothing.

FFmpeg converts no interlaced frame into a progressive picture. OpenCV 4.13 to 5.0 asks it to, and
does not notice: ``retrieve`` then gives again what that memory held before, be it a picture of
another file. Only a decoded frame tells whether it is interlaced, and OpenCV does not pass it on.
"""

import os
import subprocess
import sys
import zlib
from typing import Any

_PROGRAM = "import cv2, sys; cv2.VideoCapture(sys.argv[1], cv2.CAP_FFMPEG).read()"
_LOG = {"OPENCV_FFMPEG_LOGLEVEL": "16"}  # AV_LOG_ERROR, which OpenCV prints to standard output
_COMPLAINT = b"Cannot convert interlaced"
_LONGEST = 30  # seconds; it takes half a one


def gives_true_pictures(capture: Any) -> bool:
    """Tell whether the first pictures of a capture were surely decoded; it moves on by a frame.

    A picture other than the one before was: a conversion that fails changes nothing. For the first
    one, it has to come again after the second. A video that stands still fails this, as does one
    that cannot be decoded.
    """
    import cv2

    first, second = _checksum(capture), _checksum(capture)
    if None in (first, second):
        return False
    capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
    return first != second and first == _checksum(capture)


def begins_interlaced(name: str, descriptor: int) -> bool:
    """Tell whether FFmpeg refuses to convert a video's first frame.

    Only its log says so, which belongs to the whole process: a child process reads the frame.

    Args:
        name: the file, as FFmpeg names it.
        descriptor: of the open file, for a name that rests on it.
    """
    inherited = {} if os.name == "nt" else {"pass_fds": (descriptor,)}
    try:
        child = subprocess.run(
            [sys.executable, "-P", "-c", _PROGRAM, name],
            env={**os.environ, **_LOG},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_LONGEST,
            check=False,
            **inherited,  # type: ignore[call-overload]
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return _COMPLAINT in child.stdout


def _checksum(capture: Any) -> int | None:
    """Read a frame, and return a number that stands for its pixels."""
    import cv2

    try:
        image = capture.read()[1]
    except cv2.error:
        return None
    return None if image is None else zlib.crc32(image)
