"""PyAV with the few methods of OpenCV's captures, for videos that OpenCV's wheels cannot decode.

It is an extra: its wheels carry x264 and x265, which are GPL.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray


def is_installed() -> bool:
    """Tell whether PyAV is there."""
    try:
        import av  # noqa: F401
    except ImportError:
        return False
    return True


class AvCapture:
    """The first track of pictures of a file; see ``cv2.VideoCapture`` for what is not said here.

    Args:
        name: the file, as FFmpeg names it.

    Raises:
        ImportError: PyAV is not installed.
    """

    def __init__(self, name: str) -> None:
        import av

        self._error = av.error.FFmpegError
        self._container: Any = None
        self._frame: Any = None
        try:
            self._container = av.open(name, metadata_errors="replace")
            self._stream = self._container.streams.video[0]
        except (self._error, IndexError, ValueError):  # the last: text in a header that is none
            self.release()
            return
        self._stream.thread_type = "AUTO"
        self._start = float((self._stream.start_time or 0) * self._stream.time_base)
        self._frames = self._decoded()

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        """Tell whether there is a track of pictures."""
        return self._container is not None

    def is_interlaced(self) -> bool:
        """Decode the next frame, and tell whether it is made of two fields."""
        return self.isOpened() and self.grab() and bool(self._frame.interlaced_frame)

    def get(self, which: int) -> float:
        """Return one of the properties that are asked for in this package; 0 where unknown."""
        import cv2

        if which == cv2.CAP_PROP_POS_MSEC:
            return self._time(self._frame) * 1000
        answers = {
            cv2.CAP_PROP_FRAME_WIDTH: self._stream.width,
            cv2.CAP_PROP_FRAME_HEIGHT: self._stream.height,
            cv2.CAP_PROP_FPS: self._rate(),
            cv2.CAP_PROP_FRAME_COUNT: self._stream.frames or self._seconds() * self._rate(),
            cv2.CAP_PROP_FOURCC: int.from_bytes(self._stream.codec_tag.encode("latin-1"), "little"),
        }
        return float(answers.get(which, 0))

    def set(self, which: int, value: float) -> bool:
        """Go to a time in milliseconds: `grab` then gives the frame that is shown there."""
        import cv2

        if which != cv2.CAP_PROP_POS_MSEC:
            return False
        moment = value / 1000
        try:
            self._container.seek(
                int((moment + self._start) / self._stream.time_base), stream=self._stream
            )
        except self._error:
            return False
        self._frames = self._from(moment)
        return True

    def grab(self) -> bool:
        """Decode the next frame; False at the end, or where decoding fails."""
        try:
            self._frame = next(self._frames)
        except (StopIteration, self._error):
            return False
        return True

    def retrieve(self) -> tuple[bool, NDArray[np.uint8] | None]:
        """Return the frame that was grabbed last, upright: uint8 [H, W, 3], blue first."""
        try:
            image = self._frame.to_ndarray(format="bgr24")
        except (self._error, ValueError, MemoryError):
            return False, None
        return True, np.ascontiguousarray(np.rot90(image, round(self._frame.rotation / 90)))

    def release(self) -> None:
        """Close the file."""
        if self._container is not None:
            self._container.close()
            self._container = None

    def _decoded(self) -> Iterator[Any]:
        yield from self._container.decode(self._stream)

    def _from(self, moment: float) -> Iterator[Any]:
        """Yield the frame that is shown at ``moment``, and those behind it."""
        shown: Any = None
        for frame in self._decoded():
            if shown is not None and self._time(frame) > moment:
                yield shown
            shown = frame
        if shown is not None:
            yield shown

    def _time(self, frame: Any) -> float:
        if frame is None or frame.time is None:
            return float("nan")
        return float(frame.time) - self._start

    def _rate(self) -> float:
        return float(self._stream.average_rate or 0)

    def _seconds(self) -> float:
        if self._stream.duration:
            return float(self._stream.duration * self._stream.time_base)
        return (self._container.duration or 0) / 1e6
