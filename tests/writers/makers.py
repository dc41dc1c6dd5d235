"""Rows to write."""

from captioner.captioner import Caption
from captioner.rows import Row
from captioner.video import TimedCaption


def image(name="a.jpg", text="a dog runs", score=-0.41):
    return Row(name, name, "image", text, score, model="tiny")


def timed(start, end, text):
    return TimedCaption(start, end, Caption(text, -0.5, tuple(text.split())))


def clip(name="b.gif", caption='a snowy dog, "running"\n', spans=((0.0, 0.6),)):
    frames = tuple(timed(start, end, caption) for start, end in spans)
    return Row(name, name, "animation", "a dog", -0.5, frames, model="tiny", summarizer="joiner")


def failure(name="c.jpg"):
    return Row(name, name, None, error="is empty (0 bytes); copy it again")
