"""What every answerer is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from captioner.media.budget import Budget
from captioner.media.frames import Clip, sample_frames
from captioner.media.images import load_image
from captioner.media.lazy_frames import Frame
from captioner.ranges import MAX_FRAMES, check_whole
from captioner.types import Answer

CANNOT_TELL = "I cannot tell"
MAX_SIDE = 1024  # pixels; encoders read squares of 260 and 299


class Answerer(ABC):
    """Answers questions about pictures, animations and videos.

    Args:
        max_frames: at most so many frames of a clip are looked through; 1 to 1,000.

    Attributes:
        name: what rows and pages call it.

    Raises:
        ValueError: ``max_frames`` is no such number.
    """

    name: str

    def __init__(self, max_frames: int = 16):
        check_whole("max_frames", max_frames, *MAX_FRAMES)
        self.max_frames = max_frames

    @abstractmethod
    def answer_clip(self, clip: Clip, questions: Sequence[str]) -> list[Answer]:
        """Answers questions about one clip, in their order.

        Args:
            clip: its frames; a picture is a clip of one.
            questions: each with at least one word.

        Raises:
            ValueError: a question has no word.
        """

    def ask(self, source: str | Path | np.ndarray, question: str) -> Answer:
        """Answers one question.

        Args:
            source: a picture, animation or video, or a picture as an array; see
                `captioner.Captioner.caption`.
            question: in English, in lower or upper case.

        Raises:
            MediaError: the file cannot be read.
            ValueError: the question has no word.
        """
        return self.ask_many(source, [question])[0]

    def ask_many(self, source: str | Path | np.ndarray, questions: Sequence[str]) -> list[Answer]:
        """Answers several questions about the same file, which is read and looked at once.

        Raises:
            MediaError: the file cannot be read.
            ValueError: a question has no word.
        """
        check_questions(questions)
        return self.answer_clip(self.read(source), questions)

    def read(self, source: str | Path | np.ndarray, budget: Budget | None = None) -> Clip:
        """The frames of a file that are looked through.

        Raises:
            MediaError: the file cannot be read.
        """
        if isinstance(source, np.ndarray):
            return Clip((Frame(0.0, load_image(source, max_side=MAX_SIDE)),), 0.0)
        return sample_frames(source, self.max_frames, max_side=MAX_SIDE, budget=budget)


def check_questions(questions: Sequence[str]) -> None:
    """Refuses what asks nothing.

    Raises:
        ValueError: a question has no letter and no digit.
    """
    for question in questions:
        if not any(character.isalnum() for character in question):
            raise ValueError(f"the question {question!r} has no word; ask in English words")
