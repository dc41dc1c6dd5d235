"""A file that every browser plays, from any clip that this package reads."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from captioner.media.frames import Frame, read_frames
from captioner.media.pixels import RGBArray
from captioner.media.silence import quiet_cv2
from captioner.runtime.process_state import standard_error_to
from captioner.types import MediaKind

SECONDS = 60.0  # a preview shows so much of a clip's beginning
_SIDE = 360  # pixels
RATE = 10.0  # frames a second

# (container by its suffix, codec as FFmpeg names it) -> what Chromium, Firefox and Safari play.
_PLAYED = {
    ".mp4": {"h264", "avc1"},
    ".m4v": {"h264", "avc1"},
    ".webm": {"vp80", "vp90"},
}
_USUAL_PIXELS = "I420"  # 8 bits in 4:2:0: browsers' decoders take no more, though H.264 has it


def playable(path: Path, kind: MediaKind, folder: Path) -> Path:
    """The clip itself where a browser plays it, else a small copy, silent, as WebM with VP8.

    Args:
        path: the clip.
        kind: what it is.
        folder: takes the copy.

    Raises:
        MediaError: the clip cannot be read.
    """
    played = _PLAYED.get(path.suffix.lower()) if kind == "video" else None
    if played and _codec(path) in played:
        return path
    copy = folder / f"{path.stem}.webm"
    write_video(copy, _evenly(read_frames(path, max_side=_SIDE)))
    return copy


def _codec(path: Path) -> str:
    """The codec of a video, in lower case; empty where its pixels are unusual."""
    cv2 = quiet_cv2()
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    try:
        codec, pixels = (
            int(capture.get(code)).to_bytes(4, "little", signed=True).decode("ascii", "replace")
            for code in (cv2.CAP_PROP_FOURCC, cv2.CAP_PROP_CODEC_PIXEL_FORMAT)
        )
    finally:
        capture.release()
    return codec.lower() if pixels == _USUAL_PIXELS else ""


def _evenly(frames: Iterator[Frame]) -> Iterator[RGBArray]:
    """The frames as a camera of constant speed would see them."""
    shown: Frame | None = None
    lasting = 1 / RATE
    count = 0
    for frame in frames:
        if shown is not None:
            lasting = frame.time - shown.time
            for _ in range(round(min(frame.time, SECONDS) * RATE) - count):
                yield shown.image
                count += 1
        shown = frame
        if frame.time >= SECONDS:
            return
    if shown is not None:  # the last frame shows as long as the one before it
        for _ in range(max(1, round((shown.time + lasting) * RATE) - count)):
            yield shown.image


def write_video(path: Path, images: Iterator[RGBArray], codec: str = "VP80") -> None:
    """Writes a video of `RATE` frames a second, silent; no file where there is no frame.

    Args:
        path: the file; its suffix picks the container.
        images: the frames, each uint8 [H, W, 3]; all get the size of the first.
        codec: a FourCC that OpenCV can write.

    Raises:
        OSError: the file cannot be written.
    """
    cv2 = quiet_cv2()
    writer = None
    for image in images:
        if writer is None:
            # Codecs with halved colour want even sides.
            height, width = (max(2, side // 2 * 2) for side in image.shape[:2])
            code = cv2.VideoWriter.fourcc(*codec)
            with _speechless():
                writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, code, RATE, (width, height))
            if not writer.isOpened():
                raise OSError(f"OpenCV cannot write {path}")
        even = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
        writer.write(cv2.cvtColor(even, cv2.COLOR_RGB2BGR))
    if writer is not None:
        writer.release()


@contextmanager
def _speechless() -> Iterator[None]:
    """Keeps OpenCV from telling standard error which tag WebM has for its codec.

    It does so whatever its log level is, by the C library, so the stream itself is turned away.
    """
    with Path(os.devnull).open("wb") as nowhere, standard_error_to(nowhere):
        yield
