"""Small media files for the tests: pictures with shapes, numbered frames, animations, videos.

Every function that writes a file returns its path, so a test reads
``save_video(tmp_path / "clip.mp4", numbered_frames(30), fps=10)``.
"""

import os
import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Array = NDArray[np.uint8]

# Ten blocks, black or white, so that a frame says its own number after any lossy codec.
_NUMBER_BITS = 10

_CODECS = {
    ".mp4": "mp4v",
    ".m4v": "mp4v",
    ".mov": "mp4v",
    ".mkv": "mp4v",
    ".avi": "MJPG",
    ".webm": "VP80",
    ".mpg": "mpg2",
    ".ts": "mpg2",
    ".wmv": "WMV2",
    ".flv": "FLV1",
}


def photo(width: int = 96, height: int = 64, shift: int = 0) -> Array:
    """Return a picture [height, width, 3]: sky, grass, a red disc and a white box.

    ``shift`` moves the disc to the right by so many pixels.
    """
    image = Image.new("RGB", (width, height), (110, 170, 230))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, height * 2 // 3, width, height), fill=(60, 150, 60))
    radius = max(1, height // 5)
    left, top = width // 8 + shift, height // 4
    draw.ellipse((left, top, left + 2 * radius, top + 2 * radius), fill=(210, 40, 40))
    draw.rectangle(
        (width * 5 // 8, height // 2, width * 7 // 8, height * 7 // 8), fill=(250, 250, 250)
    )
    return np.array(image)


def plain(color: tuple[int, int, int], width: int = 96, height: int = 64) -> Array:
    """Return a picture [height, width, 3] of one colour."""
    return np.full((height, width, 3), color, np.uint8)


def corners(width: int = 48, height: int = 32) -> Array:
    """Return a picture of four quarters, red and green over blue and white: it shows any turn."""
    image = np.empty((height, width, 3), np.uint8)
    top, left = slice(0, height // 2), slice(0, width // 2)
    bottom, right = slice(height // 2, None), slice(width // 2, None)
    image[top, left], image[top, right] = (255, 0, 0), (0, 255, 0)
    image[bottom, left], image[bottom, right] = (0, 0, 255), (255, 255, 255)
    return image


def numbered_frame(number: int, width: int = 160, height: int = 96) -> Array:
    """Return a picture that carries ``number`` (0 to 1023); no two numbers look alike."""
    image = photo(width, height, shift=number % (width // 2))
    for bit in range(_NUMBER_BITS):
        left, right = bit * width // _NUMBER_BITS, (bit + 1) * width // _NUMBER_BITS
        image[: height // 4, left:right] = 255 * (number >> bit & 1)
    return image


def numbered_frames(
    count: int, width: int = 160, height: int = 96, first: int = 0
) -> Iterable[Array]:
    """Yield ``count`` pictures numbered from ``first``, one in memory at a time."""
    return (numbered_frame(first + index, width, height) for index in range(count))


def frame_number(image: Array) -> int:
    """Return the number in a picture that ``numbered_frame`` made, at any size, after any codec."""
    height, width = image.shape[:2]
    row = image[height // 16 : height * 3 // 16].mean(axis=(0, 2))
    blocks = [
        row[(4 * bit + 1) * width // 40 : max(1, (4 * bit + 3) * width // 40)].mean()
        for bit in range(_NUMBER_BITS)
    ]
    return sum(1 << bit for bit, block in enumerate(blocks) if block > 127)


def save_photo(path: Path, image: Array | Image.Image | None = None, **options: Any) -> Path:
    """Write one still picture; the suffix picks the format, ``options`` go to Pillow's ``save``."""
    picture = photo() if image is None else image
    if not isinstance(picture, Image.Image):
        picture = Image.fromarray(picture)
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, **options)
    return path


def save_heic(path: Path, image: Array | None = None, **options: Any) -> Path:
    """Write a HEIC picture; Pillow's list of formats stays as it is."""
    import pillow_heif

    picture = pillow_heif.from_pillow(Image.fromarray(photo() if image is None else image))
    picture.save(path, **options)
    return path


def save_oriented(path: Path, orientation: int, image: Array | None = None) -> Path:
    """Write a picture whose EXIF orientation is ``orientation`` (1 to 8); the pixels stay."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return save_photo(path, corners() if image is None else image, exif=exif.tobytes())


def save_animation(
    path: Path, frames: Iterable[Array], durations: int | Sequence[int] = 100, **options: Any
) -> Path:
    """Write a GIF, an animated WebP, APNG (``.png``) or AVIF; ``durations`` in milliseconds.

    Pillow joins equal neighbours in a GIF and an APNG, so give frames that differ.
    """
    pictures = [Image.fromarray(frame) for frame in frames]
    if path.suffix == ".webp":
        options.setdefault("lossless", True)
    path.parent.mkdir(parents=True, exist_ok=True)
    given = durations if isinstance(durations, int) else list(durations)
    pictures[0].save(
        path, save_all=True, append_images=pictures[1:], duration=given, loop=0, **options
    )
    return path


def save_video(path: Path, frames: Iterable[Array], fps: float = 10.0, codec: str = "") -> Path:
    """Write a video; the suffix picks container and codec unless ``codec`` (a FourCC) is given."""
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    import cv2

    # Changing OpenCV's global level here would hide what the tests look for, so put it back.
    level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = None
    for frame in frames:
        if writer is None:
            code = cv2.VideoWriter.fourcc(*(codec or _CODECS[path.suffix]))
            size = (frame.shape[1], frame.shape[0])
            writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, code, fps, size)
            if not writer.isOpened():
                raise RuntimeError(f"OpenCV cannot write {path.suffix} with codec {codec!r}")
        writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    if writer is not None:
        writer.release()
    cv2.utils.logging.setLogLevel(level)
    return path


def turn_mp4(path: Path, degrees: int) -> Path:
    """Set the rotation in an MP4's or MOV's track header, as a phone held upright does.

    A player turns the stored frames clockwise by ``degrees`` (0, 90, 180 or 270).
    """
    data = bytearray(path.read_bytes())
    cosine, sine = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}[degrees]
    header = data.index(b"tkhd")
    # Version 0: 4 (type) + 4 (version, flags) + 20 (times, ids) + 16 (layer, volume), then the
    # matrix: nine big-endian 16.16 (the last column 2.30) numbers. Source: ISO/IEC 14496-12.
    matrix = (cosine, sine, 0, -sine, cosine, 0, 0, 0)
    struct.pack_into(">9i", data, header + 44, *(value << 16 for value in matrix), 1 << 30)
    path.write_bytes(data)
    return path


def truncate(path: Path, keep: float = 0.5) -> Path:
    """Cut a file: the first ``keep`` (0 to 1) of its bytes remain."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    return path


def png_chunk(kind: bytes, body: bytes) -> bytes:
    """Return one PNG chunk with its length and checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def save_png_header(path: Path, width: int = 30_000, height: int = 30_000) -> Path:
    """Write a PNG of a few bytes that claims to be huge: a decompression bomb's first line."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1024))
    chunks = (b"IHDR", header), (b"IDAT", pixels), (b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in chunks))
    return path


def save_empty_gif(path: Path, width: int = 8, height: int = 8) -> Path:
    """Write a GIF that is well-formed and holds no frame: a header and a trailer."""
    path.write_bytes(b"GIF89a" + struct.pack("<HH", width, height) + b"\x00\x00\x00" + b";")
    return path


def save_flickr8k(
    folder: Path,
    colours: Mapping[str, tuple[int, int, int]],
    captions: Sequence[str],
    *,
    train: int,
    dev: int,
) -> Path:
    """Flickr8k's layout: photos of plain, slightly noisy colours in turn, 80 pixels square.

    Args:
        folder: where to write it.
        colours: by the word for each.
        captions: of each photo, ``{}`` for its colour.
        train: training photos.
        dev: dev photos, after the training photos.
    """
    random = np.random.default_rng(0)
    lines, names = [], []
    for number in range(train + dev):
        colour = list(colours)[number % len(colours)]
        name = f"{colour}_{number}.png"
        noise = random.integers(-20, 20, (80, 80, 3))
        image = np.clip(plain(colours[colour], 80, 80) + noise, 0, 255).astype(np.uint8)
        save_photo(folder / "images" / name, image)
        lines += [f"{name}#{k}\t{text.format(colour)}" for k, text in enumerate(captions)]
        names.append(name)
    (folder / "Flickr8k.token.txt").write_text("\n".join(lines) + "\n")
    (folder / "Flickr_8k.trainImages.txt").write_text("\n".join(names[:train]) + "\n")
    (folder / "Flickr_8k.devImages.txt").write_text("\n".join(names[train:]) + "\n")
    return folder


def touch(folder: Path, *names: str) -> Path:
    """Files whose names alone count."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return folder
