"""Corrupts captions as a frame captioner errs, so that a fuser learns what not to believe."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

_ARTICLES = {"a", "an", "the"}
_JOINTS = {"in", "on", "at", "with", "near", "by", "over", "under", "behind", "while", "and"}
_COMMON_NOUNS = 800
_NOUN_SHARE = 0.2  # a word is taken for a noun if it follows an article that often
_SHORTEST = 3  # words; a caption that is cut keeps as many


class WordNoise:
    """Mistakes of words, drawn from the captions that it is made from.

    Args:
        captions: training captions, lower-case words parted by blanks.
    """

    def __init__(self, captions: Iterable[str]):
        total: Counter[str] = Counter()
        named: Counter[str] = Counter()
        tails: dict[str, None] = {}
        for caption in captions:
            words = caption.split()
            total.update(words)
            named.update(b for a, b in pairwise(words) if a in _ARTICLES)
            tails.update(dict.fromkeys(_tails(words)))
        nouns = Counter(
            {word: n for word, n in named.items() if n >= _NOUN_SHARE * total[word]}
        ).most_common(_COMMON_NOUNS)
        self._nouns = [word for word, _ in nouns]
        self._weights = [count for _, count in nouns]
        self._is_noun = set(self._nouns)
        self._tails = list(tails)

    def corrupt(self, caption: str, rng: random.Random) -> str:
        """``caption`` with one mistake."""
        words = caption.split()
        mistakes: Sequence[Callable[[list[str], random.Random], list[str]]] = (
            self._other_noun,
            self._other_noun,  # what captioners get wrong most often
            self._other_tail,
            self._other_tail,
            _drop,
            _swap,
            _cut,
            _stutter,
        )
        return " ".join(rng.choice(mistakes)(words, rng)) or caption

    def _other_noun(self, words: list[str], rng: random.Random) -> list[str]:
        places = [place for place, word in enumerate(words) if word in self._is_noun]
        if not places:
            return words
        place = rng.choice(places)
        return [*words[:place], *rng.choices(self._nouns, self._weights), *words[place + 1 :]]

    def _other_tail(self, words: list[str], rng: random.Random) -> list[str]:
        """Ends the caption as another one ends: "... in front of a building"."""
        if not self._tails:
            return words
        joints = [place for place, word in enumerate(words) if place > 1 and word in _JOINTS]
        kept = words[: rng.choice(joints)] if joints and rng.random() < 0.5 else words
        return kept + rng.choice(self._tails).split()


def _tails(words: list[str]) -> Iterable[str]:
    starts = [place for place, word in enumerate(words) if place > 1 and word in _JOINTS]
    if starts and 3 <= len(words) - starts[-1] <= 6:
        yield " ".join(words[starts[-1] :])


def _drop(words: list[str], rng: random.Random) -> list[str]:
    place = rng.randrange(len(words))
    return [*words[:place], *words[place + 1 :]]


def _swap(words: list[str], rng: random.Random) -> list[str]:
    place = rng.randrange(max(1, len(words) - 1))
    pair = words[place : place + 2]
    return [*words[:place], *reversed(pair), *words[place + 2 :]]


def _cut(words: list[str], rng: random.Random) -> list[str]:
    return words[: rng.randint(min(_SHORTEST, len(words)), len(words))]


def _stutter(words: list[str], rng: random.Random) -> list[str]:
    """Says the end again, as captioners that are stuck do."""
    return words + words[-rng.randint(1, min(3, len(words))) :]
