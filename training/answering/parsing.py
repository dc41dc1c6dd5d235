"""The parts of a caption: who, does what, with what, where.

A caption is a short declarative sentence, mostly "a man in a red shirt is riding a horse on the
beach", so a tagger and rules of word order find its parts. The parts of speech are those of
TextBlob's lexicon (the Brill tagger of the `pattern` library), which comes with its package; they
are corrected by what captions show: what follows "is" somewhere is a verb elsewhere, too ("jumps").
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

from training.answering.words import (
    AUXILIARIES,
    DETERMINERS,
    NO_NOUNS,
    NO_VERBS,
    NUMBERS,
    PREPOSITIONS,
)
from training.data.word_classes import PLURALS_WITHOUT_S

_SEEN_OFTEN = 3  # a gerund after "is" is one from here on
# Prepositions of several words, as one.
_SEVERAL_WORDS = {
    "in front of": "before",
    "on top of": "on",
    "next to": "beside",
    "on the side of": "beside",
    "by the side of": "beside",
    "in the middle of": "in",
    "at the edge of": "at",
    "on the edge of": "on",
    "a couple of": "two",
    "a pair of": "two",
}


@dataclass(frozen=True)
class NounPhrase:
    """A thing of a caption.

    Attributes:
        nouns: its nouns, the head last.
        adjectives: what stands before them.
        number: a word such as "two"; None where there is none.
        definite: whether it has a determiner.
        plural: whether they are several.
    """

    nouns: tuple[str, ...]
    adjectives: tuple[str, ...] = ()
    number: str | None = None
    definite: bool = False
    plural: bool = False

    @property
    def head(self) -> str:
        """The last noun."""
        return self.nouns[-1]

    @property
    def name(self) -> str:
        """The last two nouns at most."""
        return " ".join(self.nouns[-2:])


@dataclass(frozen=True)
class Parsed:
    """What the rules found.

    Attributes:
        phrases: all things, in order.
        subject: the first of them, if the caption begins with it and with no other beside it.
        verb: what it does, as a gerund; None where that was not found.
        particle: the preposition between the verb and its object, or "".
        object: what it is done to.
        place: preposition and thing behind the verb, which say where.
        relations: (thing, preposition, thing), of neighbours.
    """

    phrases: tuple[NounPhrase, ...] = ()
    subject: NounPhrase | None = None
    verb: str | None = None
    particle: str = ""
    object: NounPhrase | None = None
    place: tuple[str, NounPhrase] | None = None
    relations: tuple[tuple[NounPhrase, str, NounPhrase], ...] = ()


@cache
def _tagger() -> Any:
    from textblob.en.taggers import PatternTagger

    return PatternTagger()


class Parser:
    """Parses captions; knows the verbs of a collection of captions.

    Args:
        captions: in which verbs are looked for; words parted by spaces.
    """

    def __init__(self, captions: Iterable[str]):
        gerunds: Counter[str] = Counter()
        for caption in captions:
            words = caption.split()
            gerunds.update(
                word
                for before, word in pairwise(words)
                if before in AUXILIARIES and word.endswith("ing")
            )
        known = {word for word, count in gerunds.items() if count >= _SEEN_OFTEN} - NO_VERBS
        self._gerunds = frozenset(known)
        # "jumps" and "jump" are forms of "jumping"; of two gerunds the more frequent has them.
        self._forms: dict[str, str] = {}
        for word in sorted(known, key=lambda word: gerunds[word]):
            self._forms.update(dict.fromkeys(_forms(word), word))

    def parse(self, caption: str) -> Parsed:
        """The parts of one caption.

        Args:
            caption: lower-case words, parted by spaces.
        """
        chunks = self._chunks(caption)
        phrases = tuple(part for kind, part in chunks if kind == "N")
        relations = tuple(
            (first, prep, second)
            for (a, first), (b, prep), (c, second) in zip(
                chunks, chunks[1:], chunks[2:], strict=False
            )
            if (a, b, c) == ("N", "P", "N")
        )
        found = Parsed(phrases=phrases, relations=relations)
        if not chunks or chunks[0][0] != "N" or (len(chunks) > 1 and chunks[1][0] == "C"):
            return found
        return _with_verb(found, chunks)

    def _chunks(self, caption: str) -> list[tuple[str, Any]]:
        """The caption as (kind, part): N things, V gerunds, P prepositions, C and, X else."""
        tagged = self._tagged(caption)
        chunks: list[tuple[str, Any]] = []
        at = 0
        while at < len(tagged):
            end, phrase = _noun_phrase(tagged, at)
            if phrase is not None:
                chunks.append(("N", phrase))
                at = end
                continue
            word, tag = tagged[at]
            if tag == "V":
                chunks.append(("V", self._forms.get(word, word)))
            elif tag in "PC":
                chunks.append((tag, word))
            elif tag != "A":  # "is" and adverbs stand between the parts and change none
                chunks.append(("X", word))
            at += 1
        return _without_of(chunks)

    def _tagged(self, caption: str) -> list[tuple[str, str]]:
        for several, one in _SEVERAL_WORDS.items():
            caption = caption.replace(several, one)
        words = caption.split()
        penn = dict(enumerate(tag for _, tag in _tagger().tag(caption, tokenize=False)))
        tags: list[str] = []
        for at, word in enumerate(words):
            before = tags[-1] if tags else ""
            after = words[at + 1] if at + 1 < len(words) else ""
            after_tag = penn.get(at + 1, "")
            tags.append(self._tag(word, penn.get(at, "NN"), before, after, after_tag))
        return list(zip(words, tags, strict=True))

    def _tag(self, word: str, penn: str, before: str, after: str, after_tag: str) -> str:
        """One letter: D determiner, M number, J, N and S nouns, V, P, C and, A is, X else."""
        return (
            _closed(word, penn, before, after_tag)
            or self._verb(word, penn, before, after, after_tag)
            or _open(word, penn, before)
        )

    def _verb(self, word: str, penn: str, before: str, after: str, after_tag: str) -> str:
        if word in self._gerunds or (penn == "VBG" and word not in NO_VERBS):
            noun_follows = after_tag.startswith("NN") and after not in self._forms
            return "J" if before in ("D", "J", "M") and noun_follows else "V"
        behind_noun = before in ("N", "S", "A")
        if word in self._forms and behind_noun and not after_tag.startswith("VB"):
            ends = not after or after in PREPOSITIONS or after in DETERMINERS
            if ends or after_tag in ("PRP$", "CD", "JJ", "RB") or penn.startswith("VB"):
                return "V"
        return ""


def _closed(word: str, penn: str, before: str, after_tag: str) -> str:
    """The tag of a word of which there are few; empty for others."""
    kinds = (
        ("P", word in PREPOSITIONS),
        ("A", word in AUXILIARIES or penn.startswith("RB")),
        ("M", word in NUMBERS),
        ("D", word in DETERMINERS or penn in ("DT", "PRP$")),
        ("X", word in NO_NOUNS),
        ("J", word == "and" and before == "J" and after_tag.startswith("JJ")),
        ("C", word in ("and", "or")),
    )
    return next((tag for tag, found in kinds if found), "")


def _open(word: str, penn: str, before: str) -> str:
    if penn.startswith("JJ") or penn in ("VBN", "VBD"):
        return "J"
    named = penn in ("VB", "VBP", "VBZ", "FW") and before in ("D", "J")
    if not penn.startswith("NN") and not named:
        return "X"
    plural = penn == "NNS" or word in PLURALS_WITHOUT_S or _ends_in_s(word)
    return "S" if plural else "N"


def _forms(gerund: str) -> set[str]:
    """The present forms that a gerund may have."""
    base = gerund.removesuffix("ing")
    bases = {base, base + "e"}
    if len(base) > 2 and base[-1] == base[-2]:
        bases.add(base[:-1])
    if base.endswith("y") and len(base) == 2:
        bases.add(base[:-1] + "ie")
    return bases | {form + "s" for form in bases} | {form + "es" for form in bases}


def _ends_in_s(word: str) -> bool:
    return word.endswith("s") and not word.endswith(("ss", "us", "is"))


def _noun_phrase(tagged: Sequence[tuple[str, str]], at: int) -> tuple[int, NounPhrase | None]:
    """The thing that begins here, and where it ends; None where none does."""
    number, adjectives, nouns, definite = None, [], [], False
    end = at
    while end < len(tagged):
        word, tag = tagged[end]
        if tag in "NS":
            nouns.append(word)
        elif nouns or tag not in "DMJ":
            break
        elif tag == "D":
            definite = True
        elif tag == "M":
            number = word
        else:
            adjectives.append(word)
        end += 1
    if not nouns:
        return at, None
    plural = tagged[end - 1][1] == "S"
    plural = plural or number is not None
    return end, NounPhrase(tuple(nouns), tuple(adjectives), number, definite, plural)


def _without_of(chunks: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """What is said of "a group of people" is about people."""
    result: list[tuple[str, Any]] = []
    for kind, part in chunks:
        if kind == "N" and len(result) > 1 and result[-1] == ("P", "of") and result[-2][0] == "N":
            result[-2:] = [(kind, part)]
        else:
            result.append((kind, part))
    return result


def _with_verb(found: Parsed, chunks: Sequence[tuple[str, Any]]) -> Parsed:
    subject = chunks[0][1]
    at = next((n for n, (kind, _) in enumerate(chunks) if kind in "VXC"), None)
    if at is None or chunks[at][0] != "V":
        return Parsed(found.phrases, subject, relations=found.relations)
    rest = list(chunks[at + 1 :])
    particle, thing, place = "", None, None
    if rest and rest[0][0] == "N":
        thing, rest = rest[0][1], rest[1:]
    elif len(rest) > 1 and (rest[0][0], rest[1][0]) == ("P", "N"):
        particle, thing = rest[0][1], rest[1][1]
        place = (particle, thing)
        rest = rest[2:]
    if len(rest) > 1 and (rest[0][0], rest[1][0]) == ("P", "N"):
        place = (rest[0][1], rest[1][1])
    verb = chunks[at][1]
    return Parsed(found.phrases, subject, verb, particle, thing, place, found.relations)
