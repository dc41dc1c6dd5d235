"""Scores of answers to questions about photos and clips, and how far chance reaches into them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

_ARTICLES = frozenset(["a", "an", "the"])
_NUMBER_WORDS = "zero one two three four five six seven eight nine ten"
_NUMBERS = {word: str(value) for value, word in enumerate(_NUMBER_WORDS.split())} | {"none": "0"}
# As the evaluation of VQA has it: these part words, a comma or period within a number stays.
_PUNCTUATION = re.compile(r"[;/\[\]\"{}()=+\\_\-><@`?!]|(?<!\d)[.,]|[.,](?!\d)")
_COMMA = re.compile(r"(?<=\d),(?=\d)")
_DRAWS = 1000


def normalise_answer(text: str) -> str:
    """An answer as the evaluation of VQA compares it.

    Lower-case, without punctuation and articles, small numbers in digits (``none`` is 0). Its list
    of contractions without their apostrophe ("dont") is left out: apostrophes are dropped here.

    Source: S. Antol et al., "VQA: Visual Question Answering", ICCV 2015, and its ``vqaEval.py``.
    """
    text = _COMMA.sub("", text.lower().replace("'", ""))
    words = _PUNCTUATION.sub(" ", text).split()
    return " ".join(_NUMBERS.get(word, word) for word in words if word not in _ARTICLES)


def vqa_accuracy(answer: str, people: Sequence[str]) -> float:
    """How far an answer agrees with ten people's, 0 to 1.

    An answer that three of nine others gave is right: the mean over all choices of nine of
    min(1, those who gave it / 3).
    """
    given = normalise_answer(answer)
    same = [normalise_answer(person) == given for person in people]
    if len(same) < 2:
        return float(any(same))
    total = sum(same)
    return sum(min(1.0, (total - one) / 3) for one in same) / len(same)


def is_same(answer: str, truth: str) -> float:
    """1 where both are the same answer, else 0: the accuracy of FrameQA."""
    return float(normalise_answer(answer) == normalise_answer(truth))


def squared_error(answer: str, truth: str, otherwise: float = 0.0) -> float:
    """Of a count; an answer that is no number counts as ``otherwise``."""
    return (_number(answer, otherwise) - _number(truth, otherwise)) ** 2


def _number(text: str, otherwise: float) -> float:
    try:
        return float(normalise_answer(text))
    except ValueError:
        return otherwise


def interval(scores: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """Between which a mean lies in 95 of 100 cases, by bootstrap over the questions."""
    values = np.asarray(scores, np.float64)
    draw = np.random.default_rng(seed)
    means = [values[draw.integers(0, len(values), len(values))].mean() for _ in range(_DRAWS)]
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)
