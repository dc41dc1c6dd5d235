"""Stand-ins for the two models, quick and predictable."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from captioner.ask.base import Answerer
from captioner.describe.base import Captioner
from captioner.media.frames import Clip
from captioner.types import Answer, Caption, FrameUsed
from summarizer import Summarizer
from tests.makers import plain, save_photo

Color = tuple[int, int, int]


def caption_of(color: Color) -> str:
    """What ``FakeCaptioner`` says of a picture of one colour."""
    return "a colour of {} {} {}".format(*color)


def save_color(path: Path, color: Color) -> Path:
    """Write a picture that ``FakeCaptioner`` calls ``caption_of(color)``."""
    return save_photo(path, plain(color, 8, 8))


class FakeCaptioner(Captioner):
    """Says a picture's colour; raises ``errors[text]`` instead where there is one."""

    name = "fake-captioner"

    def __init__(self, errors: dict[str, BaseException] | None = None) -> None:
        self.errors = errors or {}
        self.batches: list[int] = []

    def caption_images(self, images: Sequence[np.ndarray]) -> list[Caption]:
        self.batches.append(len(images))
        return [self._caption(image) for image in images]

    def searching(self, *, beams: int) -> Captioner:
        return self

    def _caption(self, image: np.ndarray) -> Caption:
        assert image.dtype == np.uint8
        assert image.ndim == 3
        mean = image.reshape(-1, 3).mean(axis=0).round().astype(int)
        text = caption_of((mean[0], mean[1], mean[2]))
        if text in self.errors:
            raise self.errors[text]
        return Caption(text, -float(mean[0]) / 100, tuple(text.split()))


class FakeAnswerer(Answerer):
    """Answers how many frames there are, and that each matters as much."""

    name = "fake-answerer"

    def answer_clip(self, clip: Clip, questions: Sequence[str]) -> list[Answer]:
        count = len(clip.frames)
        grid = np.full((3, 3), 1 / 9, np.float32)
        used = tuple(FrameUsed(start, end, 1 / count, grid) for start, end in clip.spans)
        text = "1 frame" if count == 1 else f"{count} frames"
        return [Answer(question, text, 0.5, used, (("none", 0.1),)) for question in questions]


class FakeSummarizer(Summarizer):
    """Joins the captions."""

    name = "fake-summarizer"

    def __init__(self) -> None:
        self.groups: list[list[str]] = []

    def summarize_many(self, groups: Sequence[Sequence[str]]) -> list[str]:
        self.groups += [list(captions) for captions in groups]
        return [" then ".join(captions) for captions in groups]


class Loaders:
    """Stand-ins for the two ``load_`` functions, that note how they are called."""

    def __init__(self, captioner: FakeCaptioner | None = None) -> None:
        self.captioner = captioner or FakeCaptioner()
        self.summarizer = FakeSummarizer()
        self.calls: list[tuple[str, Any]] = []

    def load_captioner(self, model: str | None, *, beams: int | None) -> FakeCaptioner:
        self.calls.append(("captioner", (model, beams)))
        return self.captioner

    def load_summarizer(self, model: str | None) -> FakeSummarizer:
        self.calls.append(("summarizer", model))
        return self.summarizer


def save_damaged(path: Path) -> Path:
    """Write a picture whose pixels end in the middle of the file."""
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:5000])
    return path
