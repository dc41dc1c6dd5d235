"""What an answerer learns from: media with their features, questions, and batches of both."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from captioner.models.answer_config import AnswerConfig
from captioner.models.answer_features import FrameFeatures, blind_inputs, network_inputs
from captioner.models.answer_model import word_ids
from captioner.models.vocabulary import PAD, UNK, Vocabulary
from training.answering.readers import AskedQuestion
from training.answering.recipe import AnswerRecipe
from training.data.datasets import normalise_caption
from training.metrics.answers import normalise_answer

DESCRIBE = "describe the picture"
_CLIP_FRAMES = 4


@dataclass(frozen=True)
class Medium:
    """A photo or clip to ask about.

    Attributes:
        features: of its frames.
    """

    features: FrameFeatures

    @property
    def times(self) -> np.ndarray:
        """When its frames are, from 0 to 1."""
        return relative_times(len(self.features))


@dataclass(frozen=True)
class Material:
    """What is taught and what it is chosen on.

    Attributes:
        media: photos and clips by name, those of all splits.
        people: questions of people.
        made: questions made from captions.
        captions: by the name of the photo or clip.
        dev: questions by the name of their set, people's first. The model with the highest sum of
            the first score and the mean of the others is kept.
    """

    media: Mapping[str, Medium]
    people: Sequence[AskedQuestion]
    made: Sequence[AskedQuestion]
    captions: Mapping[str, Sequence[str]]
    dev: Mapping[str, Sequence[AskedQuestion]]


@dataclass(frozen=True)
class Example:
    """A question that is taught.

    Attributes:
        media: the name of the photo or clip.
        question: its words.
        answers: different ones, with how often each is taught.
        kind: of the question.
    """

    media: str
    question: str
    answers: tuple[tuple[str, float], ...]
    kind: str


@dataclass(frozen=True)
class Lessons:
    """All that is taught.

    Attributes:
        people: questions of people, about photos.
        made: questions made from captions, about photos and clips.
        captions: of photos and clips.
    """

    people: Sequence[Example]
    made: Sequence[Example]
    captions: Sequence[Example]

    def vocabulary(self, min_count: int) -> Vocabulary:
        """The words of questions and answers that occur often enough."""
        texts = []
        for example in (*self.people, *self.made, *self.captions):
            texts.append(example.question)
            texts += [text for text, _ in example.answers]
        return Vocabulary.from_captions(texts, min_count)


def relative_times(frames: int) -> np.ndarray:
    """When evenly spaced frames are, from 0 to 1: float32 [T]."""
    return (np.arange(frames, dtype=np.float32)) / max(1, frames - 1)


def answer_text(text: str) -> str:
    """An answer as it is taught: normalised as the scores do, in words that captions have."""
    return normalise_caption(normalise_answer(text))


def examples_of(questions: Iterable[AskedQuestion]) -> list[Example]:
    """Questions as they are taught.

    An answer of several people is taught as often as the score rewards it: three of ten are as
    good as all. One that stands alone among ten is taught, too, but seldom.
    """
    examples = []
    for item in questions:
        counts = Counter(filter(None, map(answer_text, item.answers or (item.answer,))))
        total = sum(counts.values())
        if total:
            worth = {text: min(1.0, 10 * count / total / 3) ** 2 for text, count in counts.items()}
            answers = tuple((text, value / sum(worth.values())) for text, value in worth.items())
            question = normalise_caption(item.question)
            examples.append(Example(item.media, question, answers, item.kind))
    return examples


def caption_examples(captions: Mapping[str, Sequence[str]]) -> list[Example]:
    """To write each caption is an answer, too."""
    return [
        Example(name, DESCRIBE, tuple((text, 1 / len(texts)) for text in texts), "caption")
        for name, said in captions.items()
        if (texts := [normalise_caption(text) for text in said])
    ]


@dataclass(frozen=True)
class Batch:
    """One step of training.

    Attributes:
        shape: (frames, words of a question, words of an answer); what the graph must be built for.
        inputs: as `AnswerNetwork.training_graph` takes them.
        targets: int32 [B, A].
    """

    shape: tuple[int, int, int]
    inputs: list[np.ndarray]
    targets: np.ndarray


class Batches:
    """Draws batches, each of examples of one shape.

    Args:
        media: photos and clips by name.
        lessons: what is taught about them.
        vocabulary: the words.
        recipe: shares and sizes.
    """

    def __init__(
        self,
        media: Mapping[str, Medium],
        lessons: Lessons,
        vocabulary: Vocabulary,
        recipe: AnswerRecipe,
    ):
        self.media = media
        self.vocabulary = vocabulary
        self.recipe = recipe
        self.config = recipe.architecture
        self.draw = np.random.default_rng(recipe.seed)
        self._people = lessons.people
        self._made = self._by_medium(lessons.made)
        self._captions = self._by_medium(lessons.captions)

    def _by_medium(self, examples: Sequence[Example]) -> dict[bool, list[list[Example]]]:
        """Examples of photos (False) and of clips (True), in groups by their kind."""
        groups: dict[bool, dict[str, list[Example]]] = {False: defaultdict(list), True: {}}
        groups[True] = defaultdict(list)
        for example in examples:
            is_clip = len(self.media[example.media].features) > 1
            groups[is_clip][example.kind].append(example)
        return {is_clip: list(kinds.values()) for is_clip, kinds in groups.items()}

    def next(self) -> Batch:
        """A batch."""
        recipe, draw = self.recipe, self.draw
        clips = bool(self._captions[True]) and draw.random() < recipe.clip_share
        describing = draw.random() < recipe.caption_share
        source = self._captions if describing else self._made
        people = 0 if clips or describing else recipe.people_share
        chosen = [
            self._pick(self._people) if draw.random() < people else self._of_any_kind(source[clips])
            for _ in range(recipe.batch_size)
        ]
        words = (4, self.config.max_words) if describing else (0, self.config.max_answer)
        return self._batch(chosen, _CLIP_FRAMES if clips else 1, *words)

    def _of_any_kind(self, groups: Sequence[Sequence[Example]]) -> Example:
        """Kinds with many questions are drawn more often, but not as much more."""
        weights = np.sqrt([len(group) for group in groups])
        return self._pick(groups[self.draw.choice(len(groups), p=weights / weights.sum())])

    def _pick(self, examples: Sequence[Example]) -> Example:
        return examples[int(self.draw.integers(len(examples)))]

    def _batch(self, chosen: Sequence[Example], frames: int, asked: int, told: int) -> Batch:
        media = [self.media[example.media] for example in chosen]
        asked = asked or self.config.max_question
        answers = np.stack(
            [self.vocabulary.encode(self._answer(example), told + 1) for example in chosen]
        )
        ids = np.stack([word_ids(self.vocabulary, item.question, asked) for item in chosen])
        lost = (self.draw.random(ids.shape) < self.recipe.word_dropout) & (ids != PAD)
        ids = np.where(lost, UNK, ids).astype(np.int32)
        seen = self._seen(media, frames)
        return Batch((frames, asked, told), [*seen, ids, answers[:, :-1]], answers[:, 1:])

    def _answer(self, example: Example) -> str:
        texts, weights = zip(*example.answers, strict=True)
        return str(texts[self.draw.choice(len(texts), p=np.asarray(weights) / sum(weights))])

    def _seen(self, media: Sequence[Medium], frames: int) -> list[np.ndarray]:
        return inputs_of(media, self.config, self.recipe.seeing, frames)


def inputs_of(
    media: Sequence[Medium], config: AnswerConfig, seeing: str, frames: int
) -> list[np.ndarray]:
    """What the network sees of media; see `AnswerNetwork.frame_inputs`."""
    if seeing != "frames":
        return blind_inputs(config, len(media), frames)
    features = [medium.features.of(range(min(frames, len(medium.features)))) for medium in media]
    return network_inputs(features, [relative_times(len(part)) for part in features], frames)
