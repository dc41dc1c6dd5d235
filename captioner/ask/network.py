"""Answers by the network of this package."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from captioner.ask.base import CANNOT_TELL, Answerer, check_questions
from captioner.ask.frames import FrameChooser, a_third, evenly
from captioner.media.lazy_frames import Clip
from captioner.models.answer_features import FrameFeatures
from captioner.models.answer_folder import AnswerCalibration
from captioner.models.answer_model import AnswerModel, WrittenAnswer
from captioner.models.answer_reader import FeatureReader
from captioner.types import Answer, FrameUsed


class NetworkAnswerer(Answerer):
    """Answers by a Q-Former and a small language model that read features of frames.

    Args:
        model: the network.
        reader: makes the features.
        name: what rows and pages call it.
        calibration: from which probability on it answers.
        choose: which frames of a clip a question is about.
        max_frames: see `Answerer`.
    """

    def __init__(
        self,
        model: AnswerModel,
        reader: FeatureReader,
        name: str,
        *,
        calibration: AnswerCalibration | None = None,
        choose: FrameChooser = evenly,
        max_frames: int = 16,
    ):
        super().__init__(max_frames)
        self.model = model
        self.reader = reader
        self.name = name
        self.calibration = calibration or AnswerCalibration()
        self.choose = choose

    def answer_clip(self, clip: Clip, questions: Sequence[str]) -> list[Answer]:
        """See `Answerer.answer_clip`."""
        check_questions(questions)
        images = [frame.image for frame in clip.frames]
        count = a_third(len(images), self.model.config.max_frames)
        chosen = self.choose(questions, images, count)
        features = self._features(images, chosen)
        times = _relative_times(clip)
        ids = np.stack([self.model.question_ids(question) for question in questions])
        looked = self.model.look(features, [times[numbers] for numbers in chosen], ids)
        written = self.model.answers(looked)
        return [
            self._answer(question, texts, self._used(clip, numbers, where))
            for question, texts, numbers, where in zip(
                questions, written, chosen, looked.where, strict=True
            )
        ]

    def _features(
        self, images: Sequence[np.ndarray], chosen: Sequence[Sequence[int]]
    ) -> list[FrameFeatures]:
        """Of the frames that each question is about; each frame is encoded once."""
        needed = sorted({number for numbers in chosen for number in numbers})
        places = {number: place for place, number in enumerate(needed)}
        found = self.reader.read([images[number] for number in needed])
        return [found.of([places[number] for number in numbers]) for numbers in chosen]

    def _used(self, clip: Clip, numbers: Sequence[int], where: np.ndarray) -> tuple[FrameUsed, ...]:
        config = self.model.config
        shares = where[: len(numbers)].sum(axis=1)
        shares = shares / max(float(shares.sum()), 1e-9)
        frames = []
        for place, number in enumerate(numbers):
            grid = where[place, : config.places].reshape(config.grid, config.grid)
            grid = (grid / max(float(grid.sum()), 1e-9)).astype(np.float32)
            frames.append(FrameUsed(*clip.spans[number], float(shares[place]), grid))
        return tuple(frames)

    def _answer(
        self, question: str, texts: Sequence[WrittenAnswer], frames: tuple[FrameUsed, ...]
    ) -> Answer:
        known = [item for item in texts if item.text and math.isfinite(item.probability)]
        if not known:
            return Answer(question, CANNOT_TELL, 0.0, frames, told=False)
        others = tuple((item.text, item.probability) for item in known)
        score = known[0].probability
        right = self.calibration.right(score)
        if score < self.calibration.least:
            return Answer(question, CANNOT_TELL, score, frames, others, told=False, right=right)
        return Answer(question, known[0].text, score, frames, others[1:], right=right)


def _relative_times(clip: Clip) -> np.ndarray:
    """When frames come, from 0 to 1 of the clip, as the training has them: float32 [T]."""
    times = np.array([frame.time for frame in clip.frames], np.float32)
    last = float(times[-1] - times[0])
    return (times - times[0]) / last if last > 0 else np.zeros_like(times)
