"""What is searched for: sentences and pictures, added and taken away."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from captioner.describe.base import MAX_SIDE

if TYPE_CHECKING:
    from captioner.search.retriever import Retriever

_WEIGHT = re.compile(r"([0-9]+(?:\.[0-9]+)?):(?=\S)")
_WORD = re.compile(r"\w+")
# Words that are in most captions say nothing of a picture.
_COMMON = frozenset({
    "a", "an", "and", "are", "at", "by", "for", "from", "in", "is", "it", "of", "on", "or", "the",
    "this", "to", "with",
})  # fmt: skip


@dataclass(frozen=True)
class Term:
    """One part of a query.

    Attributes:
        text: a sentence, or the path of a picture.
        weight: how much it counts; below 0: it is taken away.
        picture: whether ``text`` is a path.
    """

    text: str
    weight: float = 1.0
    picture: bool = False


def parse_query(words: Sequence[str]) -> tuple[Term, ...]:
    """Terms from the words of a command line.

    ``+`` and ``-`` between them add and take away; ``2:snow`` counts twice; ``@photo.jpg`` is a
    picture. Words that follow each other without a sign are one sentence.

    Raises:
        ValueError: nothing is searched for, or a sign has nothing after it.
    """
    terms: list[Term] = []
    sign, waiting = 1.0, True
    for word in words:
        if word in ("+", "-"):
            if waiting and terms:
                raise ValueError(f"{word!r} follows another sign; put a sentence between them")
            sign, waiting = (1.0 if word == "+" else -1.0), True
            continue
        if not word.strip():
            raise ValueError("a part of the query is empty; say what to look for")
        term = _term(word, sign)
        joined = not waiting and not term.picture and not terms[-1].picture
        if joined and term.weight == sign:
            last = terms[-1]
            terms[-1] = Term(f"{last.text} {term.text}", last.weight)
        else:
            terms.append(term)
        waiting = False
    if not terms:
        raise ValueError("there is nothing to look for; give a sentence, or @ and a picture")
    if waiting:
        raise ValueError("the query ends in a sign; say what is added or taken away")
    if all(term.weight <= 0 for term in terms):
        raise ValueError("all of the query is taken away; say what to look for, too")
    return tuple(terms)


def _term(word: str, sign: float) -> Term:
    weight = 1.0
    if match := _WEIGHT.match(word):
        weight, word = float(match[1]), word[match.end() :]
    if word.startswith("@") and len(word) > 1:
        return Term(word[1:], sign * weight, picture=True)
    return Term(word, sign * weight)


def embed(terms: Sequence[Term], retriever: Retriever) -> np.ndarray:
    """Where a query lies, float32 [D], unit length.

    Raises:
        MediaError: a picture cannot be read.
        ValueError: the terms cancel each other out.
    """
    from captioner.media.images import load_image

    total = np.zeros(retriever.dimensions, np.float32)
    for term in terms:
        if term.picture:
            image = load_image(Path(term.text), max_side=MAX_SIDE)
            vector = retriever.embed_images([image])[0]
        else:
            vector = retriever.embed_texts([term.text])[0]
        total += term.weight * vector
    length = float(np.linalg.norm(total))
    if length < 1e-6:
        raise ValueError("the parts of the query cancel each other out")
    return total / length


def words_wanted(terms: Sequence[Term]) -> tuple[list[str], list[str]]:
    """The words that captions and names are searched for, and those that they must not have."""
    wanted, banned = (
        [
            word
            for term in terms
            if not term.picture and (term.weight > 0) is positive
            for word in _WORD.findall(term.text.lower())
            if word not in _COMMON
        ]
        for positive in (True, False)
    )
    return list(dict.fromkeys(wanted)), list(dict.fromkeys(banned))
