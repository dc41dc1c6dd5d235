"""From data folders to what an answerer is taught and chosen on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from captioner.models.answer_config import AnswerConfig
from training.answering.examples import Material, Medium
from training.answering.features import cached_frames
from training.answering.questions import make_questions
from training.answering.readers import AskedQuestion, read_vqa
from training.answering.sources import Source, read_sources

_DEV_QUESTIONS = 400  # of each data set that are asked after each epoch
PEOPLE = "people"  # the dev set of people's questions


@dataclass(frozen=True)
class AnswerData:
    """Where the data lies.

    Attributes:
        captioned: folders of captioned photos, or of frames of clips, with train and dev splits.
        people: VQA-style JSON Lines to learn from; photos lie beside the file.
        people_dev: the same to choose the model on.
        cache: folder of the features.
        dev_questions: so many made questions of each folder; None: all.
    """

    captioned: tuple[Path, ...]
    people: Path
    people_dev: Path
    cache: Path
    dev_questions: int | None = _DEV_QUESTIONS


def read_material(data: AnswerData, config: AnswerConfig) -> Material:
    """Reads captions, makes questions of them, and computes or finds the features.

    Photos of dev sets are not taught, by whichever file they come in.

    Raises:
        DatasetError: data is missing or malformed.
        MediaError: a photo cannot be read.
        ModelError: a visual model cannot be loaded.
    """
    people, people_dev = read_vqa(data.people), read_vqa(data.people_dev)
    media: dict[str, Medium] = {}
    captions: dict[str, tuple[str, ...]] = {}
    made: list[AskedQuestion] = []
    dev = {PEOPLE: people_dev}
    for folder in data.captioned:
        train = _without(read_sources(folder, "train"), people_dev)
        chosen_on = _without(read_sources(folder, "dev"), people)
        media |= _media([*train, *chosen_on], config, data.cache)
        captions |= {source.name: source.captions for source in train}
        made += questions_about(train)
        dev[folder.name] = _some(questions_about(chosen_on), data.dev_questions)
    for file, questions in ((data.people, people), (data.people_dev, people_dev)):
        media |= _photos(questions, file.parent, config, data.cache)
    return Material(media, people, made, captions, dev)


def questions_about(sources: Iterable[Source]) -> list[AskedQuestion]:
    """Questions made from the captions of photos or clips."""
    made = make_questions({source.name: source.captions for source in sources})
    return [AskedQuestion(q.file_name, q.question, q.answer, (), q.answer_type) for q in made]


def _without(sources: Sequence[Source], asked: Iterable[AskedQuestion]) -> list[Source]:
    """Leaves out the photos that questions of another split are about."""
    held = {Path(question.media).stem for question in asked}
    return [source for source in sources if Path(source.name).stem not in held]


def _some(questions: Sequence[AskedQuestion], count: int | None) -> list[AskedQuestion]:
    """Of the kinds that FrameQA has, so without "yes" and "no"."""
    open_ones = [question for question in questions if question.kind != "yes/no"]
    if count is None or len(open_ones) <= count:
        return open_ones
    rows = np.random.default_rng(0).choice(len(open_ones), count, replace=False)
    return [open_ones[row] for row in sorted(rows)]


def _media(sources: Sequence[Source], config: AnswerConfig, cache: Path) -> dict[str, Medium]:
    features = cached_frames([path for s in sources for path in s.frames], config, cache)
    media, start = {}, 0
    for source in sources:
        end = start + len(source.frames)
        media[source.name] = Medium(features.of(slice(start, end)))
        start = end
    return media


def _photos(
    questions: Iterable[AskedQuestion], folder: Path, config: AnswerConfig, cache: Path
) -> dict[str, Medium]:
    names = list(dict.fromkeys(question.media for question in questions))
    features = cached_frames([folder / name for name in names], config, cache)
    return {name: Medium(features.of(slice(n, n + 1))) for n, name in enumerate(names)}
