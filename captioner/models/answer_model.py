"""An answerer's network as it is used: it looks at frames once a question, then writes words."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import numpy as np

from captioner.models.answer_config import AnswerConfig
from captioner.models.answer_features import FrameFeatures, network_inputs
from captioner.models.answer_folder import LOOK, WRITE, AnswerFolder
from captioner.models.vocabulary import END, PAD, START, UNK, Vocabulary
from captioner.types import Precision
from summarizer.ngrams import tokenize

Run = Callable[..., list[np.ndarray]]
_BEAMS = 3  # answers followed side by side


@dataclass(frozen=True)
class WrittenAnswer:
    """Words of an answer.

    Attributes:
        text: the words.
        probability: of this answer among all, 0 to 1.
    """

    text: str
    probability: float


@dataclass(frozen=True)
class Looked:
    """What was found for each of B questions.

    Attributes:
        found: float32 [B, Q, D].
        where: float32 [B, T, F], in all 1 for each question.
        questions: int32 [B, L].
    """

    found: np.ndarray
    where: np.ndarray
    questions: np.ndarray

    def __getitem__(self, rows: Any) -> Looked:
        """Those of some questions, as a list or array of their numbers."""
        return Looked(self.found[rows], self.where[rows], self.questions[rows])


class AnswerModel:
    """The network, however it runs; any number of threads may share it.

    Args:
        config: the architecture.
        vocabulary: the words.
        look: `AnswerNetwork.look_graph` as a function of arrays.
        write: `AnswerNetwork.write_graph`.
    """

    def __init__(self, config: AnswerConfig, vocabulary: Vocabulary, look: Run, write: Run):
        self.config = config
        self.vocabulary = vocabulary
        self.look_run = look
        self._write = write

    @classmethod
    def from_folder(cls, folder: AnswerFolder, precision: Precision | None = None) -> Self:
        """On OpenVINO, from the folder's graphs.

        Raises:
            ModelError: the folder has no graphs, or a file is damaged.
        """
        from captioner.runtime.openvino_graphs import runner

        graphs = folder.graphs()
        look, write = (_Once(partial(runner, graphs[name], 1, precision)) for name in (LOOK, WRITE))
        return cls(folder.config, folder.vocabulary, look, write)

    def question_ids(self, question: str) -> np.ndarray:
        """The words' numbers, int32 [L]; of a longer question its first words."""
        return word_ids(self.vocabulary, question, self.config.max_question)

    def unknown_words(self, question: str) -> list[str]:
        """Words of a question that the network never learnt."""
        words = tokenize(question)
        ids = self.vocabulary.encode(" ".join(words), len(words) + 1)[1:]
        return [word for word, number in zip(words, ids, strict=True) if number == UNK]

    def look(
        self, clips: Sequence[FrameFeatures], times: Sequence[np.ndarray], questions: np.ndarray
    ) -> Looked:
        """Asks the frames of B clips.

        Args:
            clips: each of at most ``config.max_frames`` frames.
            times: see `network_inputs`.
            questions: int32 [B, L].
        """
        inputs = network_inputs(clips, times, self.config.max_frames)
        found, where = self.look_run(*inputs, questions)
        return Looked(found, where, questions)

    def answers(self, looked: Looked, beams: int = _BEAMS) -> list[list[WrittenAnswer]]:
        """The likeliest answers to each question, likeliest first.

        The score of an answer is the product of its words' probabilities, that of the end included:
        how likely it is among all answers, long and short.
        """
        count, length = len(looked.found), self.config.max_answer
        ids = np.full((count, 1, length + 1), PAD, np.int32)
        ids[:, :, 0] = START
        scores = np.zeros((count, 1), np.float32)
        done = np.zeros((count, 1), bool)
        for place in range(length):
            if done.all():
                break
            chances = self._next(looked, ids, place)
            chances[done] = -np.inf
            chances[done, PAD] = 0.0  # a finished answer goes on as it is
            kept, words, scores = _best(scores, chances, beams)
            rows = np.arange(count)[:, None]
            ids, done = ids[rows, kept], done[rows, kept] | (words == END)
            ids[:, :, place + 1] = words
        return [
            [
                WrittenAnswer(" ".join(self.vocabulary.decode(words[1:])), math.exp(score))
                for words, score in zip(*row, strict=True)
            ]
            for row in zip(ids, scores, strict=True)
        ]

    def likelihoods(self, looked: Looked, options: Sequence[Sequence[str]]) -> list[list[float]]:
        """How likely each of some answers is, a mean log-probability a word.

        Args:
            looked: of B questions.
            options: for each the answers to choose from.
        """
        result = []
        for row, texts in enumerate(options):
            length = self.config.max_answer + 1
            ids = np.stack([self.vocabulary.encode(" ".join(tokenize(t)), length) for t in texts])
            several = looked[[row] * len(texts)]
            chances = self._write(several.found, several.questions, ids[:, :-1])[0]
            of_words = np.take_along_axis(chances, ids[:, 1:, None], axis=2)[..., 0]
            real = ids[:, 1:] != PAD
            result.append((np.where(real, of_words, 0).sum(1) / real.sum(1)).tolist())
        return result

    def _next(self, looked: Looked, ids: np.ndarray, place: int) -> np.ndarray:
        """Log-probabilities [B, K, V] of the word that comes at a place."""
        count, beams, _ = ids.shape
        rows = np.repeat(np.arange(count), beams)
        several = looked[rows]
        written = ids.reshape(count * beams, -1)[:, : self.config.max_answer]
        chances = self._write(several.found, several.questions, written)[0][:, place]
        chances = chances.reshape(count, beams, -1).astype(np.float32, copy=True)
        chances[..., [PAD, START, UNK]] = -np.inf
        return chances


def word_ids(vocabulary: Vocabulary, text: str, length: int) -> np.ndarray:
    """The numbers of a text's words without start and end, cut and padded; int32 [length]."""
    ids = vocabulary.encode(" ".join(tokenize(text)), length + 1)[1:]
    return np.where(ids == END, PAD, ids)


def _best(
    scores: np.ndarray, chances: np.ndarray, beams: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One step of a beam search for B questions at once.

    Args:
        scores: [B, K], of what is written.
        chances: [B, K, V], of the words that may follow.
        beams: so many go on.

    Returns:
        Which of the K each goes on from, its word, and its score; each [B, beams].
    """
    count, _, words = chances.shape
    total = (scores[..., None] + chances).reshape(count, -1)
    kept = np.argsort(-total, axis=1, kind="stable")[:, :beams]
    return kept // words, kept % words, np.take_along_axis(total, kept, axis=1)


class _Once:
    """A function that is made when it is first called, by one of the threads."""

    def __init__(self, make: Callable[[], Run]):
        self._make = make
        self._run: Run | None = None
        self._lock = threading.Lock()

    def __call__(self, *arrays: np.ndarray) -> list[np.ndarray]:
        with self._lock:
            if self._run is None:
                self._run = self._make()
        return self._run(*arrays)
