"""Videos of codecs that OpenCV's writer does not have: PyAV writes them."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from tests.makers import Array, numbered_frames

CODECS = {
    "av1.mp4": ("libsvtav1", "yuv420p"),
    "av1.webm": ("libsvtav1", "yuv420p"),
    "av1-10-bit.mkv": ("libsvtav1", "yuv420p10le"),
    "vp9.webm": ("libvpx-vp9", "yuv420p"),
    "hevc-10-bit.mp4": ("libx265", "yuv420p10le"),
    "h264.mp4": ("libx264", "yuv420p"),
    "prores.mov": ("prores_ks", "yuv422p10le"),
    "mpeg2.mpg": ("mpeg2video", "yuv420p"),
}
INTERLACED = {
    "mpeg2.mpg": ("mpeg2video", "yuv420p"),
    "mpeg2.mts": ("mpeg2video", "yuv420p"),
    "mpeg4.avi": ("mpeg4", "yuv420p"),
    "prores.mov": ("prores_ks", "yuv422p10le"),
    "h264.mp4": ("libx264", "yuv420p"),
}
_QUIET = {"libx265": {"x265-params": "log-level=error"}, "libsvtav1": {"preset": "6"}}


@contextmanager
def _ordinary_priority() -> Iterator[None]:
    """As root, SVT-AV1 raises its process to a real-time priority, which starves all others."""
    try:
        yield
    finally:
        if hasattr(os, "sched_setscheduler"):
            for thread in Path("/proc/self/task").iterdir():
                with suppress(OSError):  # it has ended meanwhile
                    os.sched_setscheduler(int(thread.name), os.SCHED_OTHER, os.sched_param(0))


def write(
    path: Path,
    frames: Iterable[Array],
    times: Sequence[int] | None = None,
    *,
    codec: str,
    pixels: str = "yuv420p",
    options: dict[str, str] | None = None,
    flags: Any = None,
) -> Path:
    """Write frames (uint8 [H, W, 3]), 25 a second or at ``times`` in milliseconds."""
    import av

    os.environ.setdefault("SVT_LOG", "1")  # of SVT-AV1: errors alone
    kind = {"format": "mpegts"} if path.suffix == ".mts" else {}
    with _ordinary_priority(), av.open(str(path), "w", **kind) as container:
        stream: Any = container.add_stream(codec, rate=25, options=options or _QUIET.get(codec, {}))
        frames = list(frames)
        height, width, _ = frames[0].shape
        stream.width, stream.height, stream.pix_fmt = width, height, pixels
        stream.bit_rate = 2_000_000
        if times is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        if flags:
            stream.codec_context.flags |= flags
        for index, image in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            frame = frame.reformat(format=pixels)
            if times is not None:
                frame.time_base = Fraction(1, 1000)
            frame.pts = index if times is None else times[index]
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def written(folder: Path, name: str, count: int = 30) -> Path:
    """Write numbered frames of one of the ``CODECS``."""
    codec, pixels = CODECS[name]
    return write(folder / name, numbered_frames(count), codec=codec, pixels=pixels)


def interlaced(folder: Path, name: str, count: int = 30) -> Path:
    """Write numbered frames of one of ``INTERLACED``."""
    from av.codec.context import Flags

    codec, pixels = INTERLACED[name]
    return write(
        folder / name,
        numbered_frames(count),
        codec=codec,
        pixels=pixels,
        flags=Flags.interlaced_dct | Flags.interlaced_me,
        options={"x264-params": "interlaced=1"} if codec == "libx264" else None,
    )
