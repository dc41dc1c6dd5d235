"""Photos and clips to measure with, cut from the pictures that scikit-image and Gradio carry."""

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

SIZE = (500, 375)  # pixels; of most photos of Flickr8k, lying or standing
GIF_SIZE = (320, 240)
GIF_FRAMES = 24


def make_photos(folder: Path, count: int) -> list[Path]:
    """Writes JPEGs of a common size and quality, each another part of one of the pictures."""
    pictures, chance = _pictures(), random.Random(0)
    paths = [folder / f"{number:05}.jpg" for number in range(count)]
    for path in paths:
        size = SIZE if chance.random() < 0.7 else SIZE[::-1]
        _part(chance.choice(pictures), size, chance).save(path, quality=90)
    return paths


def make_gifs(folder: Path, count: int) -> list[Path]:
    """Writes GIFs of a few seconds, in each a camera that goes over a part of a picture."""
    pictures, chance = _pictures(), random.Random(1)
    paths = [folder / f"{number:05}.gif" for number in range(count)]
    width, height = GIF_SIZE
    for path in paths:
        part = _part(chance.choice(pictures), (2 * width, height), chance).quantize(128)
        step = width // GIF_FRAMES
        boxes = [(n * step, 0, n * step + width, height) for n in range(GIF_FRAMES)]
        first, *others = [part.crop(box) for box in boxes]
        first.save(path, save_all=True, append_images=others, duration=100, loop=0)
    return paths


def make_animation(path: Path, frames: int) -> Path:
    """Writes a GIF whose frames all show something else than the one before."""
    first, *others = (Image.fromarray(frame) for frame in _camera(frames, GIF_SIZE))
    first.save(path, save_all=True, append_images=others, duration=100, loop=0)
    return path


def make_video(
    path: Path, seconds: float, size: tuple[int, int] = (1280, 720), rate: float = 25.0
) -> Path:
    """Writes an MP4 (MPEG-4) of a camera that goes over one picture after another."""
    import cv2

    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), rate, size)
    for frame in _camera(round(seconds * rate), size):
        writer.write(frame[:, :, ::-1])
    writer.release()
    return path


def _camera(count: int, size: tuple[int, int]) -> Iterator[np.ndarray]:
    """Frames uint8 [H, W, 3] of a camera that changes pictures every four seconds of video."""
    pictures, shot = _pictures(), 100
    width, height = size
    for number in range(count):
        place = number % shot
        if place == 0:
            picture = pictures[number // shot % len(pictures)]
            scaled = np.asarray(picture.resize((width + shot, height + shot)))
        yield scaled[place : place + height, place : place + width]


def _pictures() -> list[Image.Image]:
    import gradio.media
    from skimage import data

    names = ("lion.jpg", "cheetah1.jpg", "tower.jpg", "bus.png")
    pictures = [Image.open(gradio.media.get_image(name)).convert("RGB") for name in names]
    for picture in pictures:
        picture.info.clear()  # a transparent colour that is no more would spoil a GIF
    return pictures + [
        Image.fromarray(getattr(data, name)()) for name in ("astronaut", "chelsea", "coffee")
    ]


def _part(picture: Image.Image, size: tuple[int, int], chance: random.Random) -> Image.Image:
    """A part of a picture, of this size in the end."""
    scale = min(picture.width / size[0], picture.height / size[1]) * chance.uniform(0.6, 1)
    width, height = size[0] * scale, size[1] * scale
    left, top = chance.uniform(0, picture.width - width), chance.uniform(0, picture.height - height)
    box = (left, top, left + width, top + height)
    return picture.resize(size, Image.Resampling.LANCZOS, box)
