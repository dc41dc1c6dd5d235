"""Rows to write, and inputs that they are about."""

from captioner.batch.rows import Row
from captioner.types import Caption, TimedCaption


def image(name="a.jpg", text="a dog runs", score=-0.41, path=None):
    return Row(str(path or name), name, "image", text, score, model="tiny")


def timed(start, end, text):
    return TimedCaption(start, end, Caption(text, -0.5, tuple(text.split())))


def clip(name="b.gif", *frames, text="a dog", path=None):
    frames = frames or (timed(0.0, 0.6, 'a snowy dog, "running"\n'),)
    path = str(path or name)
    return Row(path, name, "animation", text, -0.5, frames, model="tiny", summarizer="joiner")


def failure(name="c.jpg"):
    return Row(name, name, None, error="is empty (0 bytes); copy it again")


def rows_of_files(folder):
    """A photo, a clip and a photo with an awkward name; the files are there."""
    names = ["a.jpg", "b.gif", 'comma, "quotes"\nlines\r\n雪.png']
    paths = [folder / f"input-{index}{name[-4:]}" for index, name in enumerate(names)]
    for index, path in enumerate(paths):
        path.write_bytes(bytes([index]) * 700)
    return [
        image(names[0], path=paths[0]),
        clip(names[1], path=paths[1]),
        image(names[2], 'a "white" dog,\nin 雪', path=paths[2]),
    ]
