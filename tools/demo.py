"""Makes the inputs of ``make demo``: four photos, a GIF and a video.

The photos are those of the web page and of ``tools/photos``. The GIF and the video are camera moves
over two of them.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from captioner.media.silence import quiet_cv2

Photo = NDArray[np.uint8]  # [H, W, 3] RGB
Box = tuple[float, float, float, float]  # left, top, right, bottom, as parts of the photo

_SIZE = (320, 240)
_TOOLS = Path(__file__).parent
_FOLDERS = (_TOOLS / "photos", _TOOLS.parent / "captioner" / "page" / "photos")


def make(folder: Path) -> list[Path]:
    """Writes the inputs; returns their paths.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    astronaut, camera, cat, coffee = (
        _read(f"{name}.jpg") for name in ("astronaut", "camera", "cat", "coffee")
    )
    return [
        _photo(folder / "astronaut.png", astronaut),
        _photo(folder / "camera.jpg", camera),
        _photo(folder / "cat.jpg", cat),
        _photo(folder / "coffee.webp", coffee),
        _gif(folder / "camera.gif", _move(camera, (0, 0.3, 0.7, 1), (0.3, 0, 1, 0.7), 12)),
        _video(folder / "cat.mp4", _move(cat, (0.2, 0.1, 0.9, 0.8), (0, 0, 1, 1), 60)),
    ]


def _read(name: str) -> Photo:
    (path,) = (folder / name for folder in _FOLDERS if (folder / name).is_file())
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def _move(photo: Photo, first: Box, last: Box, count: int) -> Iterator[Image.Image]:
    """Frames of a camera that goes from one part of a photo to another."""
    picture = Image.fromarray(photo)
    scale = np.array([picture.width, picture.height] * 2)
    for place in np.linspace(0, 1, count):
        left, top, right, bottom = scale * ((1 - place) * np.array(first) + place * np.array(last))
        yield picture.resize(
            _SIZE, Image.Resampling.LANCZOS, box=(left, top, right, bottom), reducing_gap=3
        )


def _photo(path: Path, photo: Photo) -> Path:
    Image.fromarray(photo).save(path)
    return path


def _gif(path: Path, frames: Iterator[Image.Image]) -> Path:
    next(frames).save(path, save_all=True, append_images=frames, duration=150, loop=0)
    return path


def _video(path: Path, frames: Iterator[Image.Image]) -> Path:
    cv2 = quiet_cv2()  # the first use of FFmpeg says for the whole process whether it talks
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 20.0, _SIZE)
    if not writer.isOpened():
        raise OSError(f"OpenCV cannot write {path}; is the folder writable?")
    for frame in frames:
        writer.write(cv2.cvtColor(np.asarray(frame), cv2.COLOR_RGB2BGR))
    writer.release()
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=Path("demo"))
    for made in make(parser.parse_args().folder):
        print(made)
