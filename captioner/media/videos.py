"""Videos as frame sources, by OpenCV's FFmpeg; AV1 and interlaced ones by PyAV's if installed."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from time import perf_counter as _clock
from typing import Any, BinaryIO

from captioner.errors import (
    CodecMissingError,
    MediaError,
    NoFramesError,
    TruncatedFileError,
    UnsupportedFileError,
)
from captioner.media.av_captures import AvCapture, is_installed
from captioner.media.budget import Budget
from captioner.media.containers import (
    HEAD_BYTES,
    has_only_sound,
    hides_its_index,
    is_cut_short,
    is_video,
)
from captioner.media.files import open_media
from captioner.media.interlaced import begins_interlaced, gives_true_pictures
from captioner.media.lazy_frames import Frame, LazyFrame
from captioner.media.pillow import check_pixels
from captioner.media.pixels import RGBArray
from captioner.media.silence import quiet_cv2

_USUAL_RATE = 25.0  # frames a second, where a file does not say
_HIGHEST_RATE = 1000.0  # what claims more states its clock's ticks instead
_LONGEST_GAP = 3600.0  # seconds; a frame that claims to show for longer has a damaged time

# To jump, a decoder goes back to the last full picture, at most this many frames with the usual
# encoders (x264's default). A clip that is shorter than that for each frame is read through.
_FRAMES_A_JUMP = 250
# Of a video with fewer full pictures (screen recorders may write one, at the start), a jump decodes
# all that lies before it. OpenCV does not tell where they are, but the time of a jump does.
_FRAMES_FOR_A_PACE = 16
_AV1 = b"AV01"  # OpenCV's wheels read its containers, and have no decoder for it


@dataclass(frozen=True)
class _Probe:
    """What a first look at a file tells.

    Attributes:
        by_av: PyAV decodes it.
        header: as `VideoSource._header`, where OpenCV decodes it.
    """

    by_av: bool
    header: tuple[int, float] | None = None


@dataclass(frozen=True)
class VideoSource:
    """A video, decoded frame by frame; one frame is in memory at a time.

    Rotation in the file's header is applied. Frame times come from the file as long as they
    rise; a time that does not is the one before plus the usual time of a frame.
    """

    path: Path
    max_pixels: int
    max_side: int | None
    budget: Budget

    def expected_duration(self) -> float | None:
        """Return the header's frame count over its frame rate, in seconds."""
        count, rate = self._header
        return count / rate if count else None

    def lazy_frames(self) -> Iterator[LazyFrame]:
        """Yield the frames up to the end or to where decoding fails."""
        interval = 1 / self._header[1]
        time = -interval
        with self._capture() as capture:
            while capture.grab():
                self.budget.check()
                if time < 0:
                    _retrieve(capture)  # see `_probe`
                time = _next_time(time, capture, interval)
                yield LazyFrame(time, interval, lambda: self._fetch(capture))
            if time < 0:
                raise self._no_frame(capture)

    def jump(self, times: Sequence[float], tolerance: float) -> list[Frame] | None:
        """Return the frames at ``times`` if that is quicker, and the header proves right."""
        if self._header[0] < _FRAMES_A_JUMP * len(times):
            return None
        frames: list[Frame] = []
        with self._capture() as capture:
            pace = _Pace(capture, self._header[0])
            if capture.grab():
                _retrieve(capture)  # see `_probe`
            for left, time in zip(range(len(times), 0, -1), times, strict=True):
                self.budget.check()
                begun = _clock()
                _seek(capture, time)
                if not capture.grab() or abs(_position(capture) - time) > tolerance:
                    return None
                taken = _clock() - begun
                if frames and _position(capture) <= frames[-1].time:
                    return None
                try:
                    frames.append(Frame(_position(capture), self._fetch(capture)))
                except MediaError:
                    return None
                if not pace.allows(taken, left - 1):
                    return None
            return frames if self._ends_in_time(capture, tolerance) else None

    @cached_property
    def _header(self) -> tuple[int, float]:
        """The number of frames that the header claims (0 for none), and frames a second."""
        if self._probe.header is not None:  # to open a file takes longer than to ask it this
            return self._probe.header
        with self._capture() as capture:
            return _header_of(capture)

    def _ends_in_time(self, capture: Any, tolerance: float) -> bool:
        """Tell whether the video ends within ``tolerance`` of where its header says."""
        count, rate = self._header
        _seek(capture, (count - 1) / rate)
        most = math.ceil(tolerance * rate) + 1
        return not all(capture.grab() for _ in range(most))

    @cached_property
    def _probe(self) -> _Probe:
        """What decodes this file.

        PyAV does AV1, and what begins interlaced: see `captioner.media.interlaced`. In others a
        frame may still be interlaced; it then shows the picture before it, as the first frame is
        retrieved in any case.

        Raises:
            UnsupportedFileError: it is no video.
            TruncatedFileError: its index is not where it should be.
            CodecMissingError: PyAV must decode it, and is not installed.
        """
        cv2 = quiet_cv2()
        with open_media(self.path) as file:
            if not is_video(file.read(HEAD_BYTES)):
                raise UnsupportedFileError(str(self.path), "is not a video", "give a video file")
            if hides_its_index(file):
                raise _damaged(str(self.path))
            file.seek(0)  # where a name of the open file shares its place
            name = _plain_name(file, self.path)
            capture = cv2.VideoCapture(name, cv2.CAP_FFMPEG)
            try:
                if not capture.isOpened():
                    return _Probe(False)
                self._check_size(capture)
                header = _header_of(capture)
                if _codec(capture).upper() == _AV1:
                    # Without PyAV no frame comes, and the header is right.
                    return _Probe(True) if is_installed() else _Probe(False, header)
                if gives_true_pictures(capture):
                    return _Probe(False, header)
            finally:
                capture.release()
            if is_installed():
                return (
                    _Probe(True) if _begins_interlaced(AvCapture(name)) else _Probe(False, header)
                )
            if begins_interlaced(name, file.fileno()):
                raise _needs_av(str(self.path), "an interlaced")
            return _Probe(False, header)

    @contextmanager
    def _capture(self) -> Iterator[Any]:
        """Open the video; raises ``MediaError`` where that fails or its frames are too large."""
        cv2 = quiet_cv2()
        probe = self._probe
        with open_media(self.path) as file:
            name = _plain_name(file, self.path)
            capture = AvCapture(name) if probe.by_av else cv2.VideoCapture(name, cv2.CAP_FFMPEG)
            try:
                if not capture.isOpened():
                    raise _unopened(str(self.path), file)
                self._check_size(capture)
                yield capture
            finally:
                capture.release()

    def _check_size(self, capture: Any) -> None:
        import cv2

        width = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
        height = int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        check_pixels(str(self.path), width, height, self.max_pixels)

    def _fetch(self, capture: Any) -> RGBArray:
        import cv2

        image = _retrieve(capture)
        if image is None:
            raise _damaged(str(self.path))
        if self.max_side is not None:
            image = _scaled_down(image, self.max_side)
        code = cv2.COLOR_GRAY2RGB if image.ndim == 2 else cv2.COLOR_BGR2RGB
        picture: RGBArray = cv2.cvtColor(image, code)
        return picture

    def _no_frame(self, capture: Any) -> MediaError:
        """Say why a video that opened gave no frame."""
        with open_media(self.path) as file:
            if is_cut_short(file):
                return _damaged(str(self.path))
        if self._header[0]:
            code = _codec(capture)
            if code.upper() == _AV1:
                return _needs_av(str(self.path), "an AV1")
            name = code.decode("ascii", "replace").strip("\0 ")
            return _no_codec(str(self.path), f"holds frames that OpenCV cannot decode ({name})")
        return NoFramesError(str(self.path), "holds no frame", "export it again")


class _Pace:
    """Tells whether jumps are quicker than reading all that lies between.

    Args:
        capture: what jumps.
        count: the number of its frames.
    """

    def __init__(self, capture: Any, count: int) -> None:
        self._capture = capture
        self._count = count
        self._pass = 0.0  # seconds to read all of it

    def allows(self, taken: float, left: int) -> bool:
        """Tell whether ``left`` more jumps of ``taken`` seconds each are quicker.

        Where there is no full picture on the way, the first jump decodes half the frames between
        two moments, the second one and a half as many, and is the last.
        """
        if taken * left > self._pass:  # or else the pace that was measured before is good enough
            begun = _clock()
            read = sum(self._capture.grab() for _ in range(_FRAMES_FOR_A_PACE))
            self._pass = (_clock() - begun) / max(1, read) * self._count
        return taken * left <= self._pass


def _header_of(capture: Any) -> tuple[int, float]:
    """Return the number of frames that the header claims (0 for none), and frames a second."""
    import cv2

    count = float(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    rate = float(capture.get(cv2.CAP_PROP_FPS))
    return (
        int(count) if 0 < count < 2**31 else 0,
        rate if 1 / _LONGEST_GAP <= rate <= _HIGHEST_RATE else _USUAL_RATE,
    )


def _begins_interlaced(capture: AvCapture) -> bool:
    try:
        return capture.is_interlaced()
    finally:
        capture.release()


def _retrieve(capture: Any) -> Any:
    """Return the pixels of the frame that was grabbed last; None where they cannot be had."""
    import cv2

    try:
        ok, image = capture.retrieve()
    except cv2.error:
        return None
    return image if ok else None


def _codec(capture: Any) -> bytes:
    """Return the four letters by which the container names the codec."""
    import cv2

    return int(capture.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little", signed=True)


def _plain_name(file: BinaryIO, path: Path) -> str:
    """Return a name of the open ``file`` in which nothing but the file is meant.

    OpenCV crashes on a name that is not UTF-8, and FFmpeg takes ``%03d`` for a pattern and what
    ends in a colon for a protocol. (OpenCV can also read from a Python file object, but crashes on
    damaged WMV files then.)
    """
    descriptor = Path(f"/dev/fd/{file.fileno()}")  # on every Unix, and never on Windows
    return str(descriptor if descriptor.exists() else path.absolute())


def _scaled_down(image: Any, max_side: int) -> Any:
    """Halve as often as possible, then interpolate what is left.

    OpenCV has vector code for both, and none for the mean over another area: of a frame in 4K,
    three milliseconds instead of fourteen.
    """
    import cv2

    while max(image.shape[:2]) >= 2 * max_side:
        height, width = (max(1, side // 2) for side in image.shape[:2])
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    longest = max(image.shape[:2])
    if longest <= max_side:
        return image
    height, width = (max(1, round(side * max_side / longest)) for side in image.shape[:2])
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)


def _position(capture: Any) -> float:
    """Return the time of the frame that was grabbed last, in seconds."""
    import cv2

    return float(capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000


def _seek(capture: Any, time: float) -> None:
    import cv2

    capture.set(cv2.CAP_PROP_POS_MSEC, time * 1000)


def _next_time(last: float, capture: Any, interval: float) -> float:
    time = _position(capture)
    # Before the first frame ``last`` is one interval below 0: a time below 0 is no better.
    usable = math.isfinite(time) and max(0.0, last) <= time <= last + _LONGEST_GAP and time != last
    return time if usable else last + interval


def _unopened(path: str, file: BinaryIO) -> MediaError:
    if is_cut_short(file):
        return _damaged(path)
    if has_only_sound(file):
        return NoFramesError(path, "holds sound and no pictures", "give a video, picture or GIF")
    return _no_codec(path, "holds no video that OpenCV can decode, or is damaged")


def _damaged(path: str) -> MediaError:
    return TruncatedFileError(path, "is cut short or damaged", "copy or download it again")


def _no_codec(path: str, reason: str) -> MediaError:
    return CodecMissingError(path, reason, "copy it again, or convert it to an H.264 MP4")


def _needs_av(path: str, kind: str) -> MediaError:
    remedy = "pip install 'captionloom[av1]', or convert it to a progressive H.264 MP4"
    return CodecMissingError(path, f"is {kind} video, which needs the package av", remedy)
