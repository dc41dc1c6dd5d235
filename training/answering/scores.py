"""How well an answerer answers: people's questions, made ones, counts, and multiple choice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from captioner.models.answer_model import AnswerModel, Looked, WrittenAnswer
from training.answering.examples import Medium, inputs_of
from training.answering.readers import AskedQuestion
from training.metrics.answers import interval, is_same, squared_error, vqa_accuracy

_TOGETHER = 64


@dataclass(frozen=True)
class Score:
    """A mean over questions.

    Attributes:
        mean: of all.
        low: lower end of its 95 % interval.
        high: upper end.
        count: questions.
    """

    mean: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Score:
        """Of the questions' own scores."""
        return cls(float(np.mean(values)), *interval(values), len(values))


def look_at(
    model: AnswerModel,
    media: Mapping[str, Medium],
    questions: Sequence[AskedQuestion],
    seeing: str = "frames",
) -> Looked:
    """What the network finds for each question; ``seeing`` as in `AnswerRecipe`."""
    parts = []
    for start in range(0, len(questions), _TOGETHER):
        group = questions[start : start + _TOGETHER]
        shown = [media[item.media] for item in group]
        ids = np.stack([model.question_ids(item.question) for item in group])
        inputs = inputs_of(shown, model.config, seeing, model.config.max_frames)
        found, where = model.look_run(*inputs, ids)
        parts.append(Looked(found, where, ids))
    return Looked(*(np.concatenate([vars(p)[name] for p in parts]) for name in vars(parts[0])))


def answers_of(model: AnswerModel, looked: Looked) -> list[WrittenAnswer]:
    """The best answer to each question."""
    best = []
    for start in range(0, len(looked.found), _TOGETHER):
        rows = list(range(start, min(start + _TOGETHER, len(looked.found))))
        best += [several[0] for several in model.answers(looked[rows])]
    return best


def rewards(questions: Sequence[AskedQuestion], answers: Sequence[str]) -> list[float]:
    """Each answer's own score: by ten people's where there are, else whether it is the same."""
    return [
        vqa_accuracy(text, item.answers) if item.answers else is_same(text, item.answer)
        for item, text in zip(questions, answers, strict=True)
    ]


def count_errors(
    questions: Sequence[AskedQuestion], answers: Sequence[str], otherwise: float
) -> list[float]:
    """Squared errors of counts; what is no number counts as ``otherwise``."""
    return [
        squared_error(text, item.answer, otherwise)
        for item, text in zip(questions, answers, strict=True)
    ]


def by_kind(questions: Sequence[AskedQuestion], values: Sequence[float]) -> dict[str, Score]:
    """The scores of each kind of question."""
    groups: dict[str, list[float]] = defaultdict(list)
    for item, value in zip(questions, values, strict=True):
        groups[item.kind].append(value)
    return {kind: Score.of(group) for kind, group in sorted(groups.items())}
