"""Questions about what a caption says, with their answers, by templates over its parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from training.answering.parsing import NounPhrase, Parsed
from training.answering.words import (
    ANIMALS,
    COLOURS,
    MASSES,
    NO_PLACES,
    NUMBERS,
    ONE_SPELLING,
    PERSONS,
    PLACES,
    VAGUE,
)

# Of verbs that say little the answer would say as little.
_EMPTY_VERBS = frozenset(
    (
        *("being", "having", "doing", "getting", "going", "using", "making", "trying", "showing"),
        *("attempting", "describing", "displaying", "involving", "including", "missing", "setting"),
    )
)
_SAID = {"before": "in front of", "beside": "next to"}  # the parser's word: the usual one


@dataclass(frozen=True)
class Question:
    """A question about a photo or clip, and its answer.

    Attributes:
        question: as people ask, with a question mark.
        answer: a few words.
        kind: what is asked for: ``who``, ``what``, ``doing``, ``where``, ``color``, ``number`` or
            ``yes/no``.
    """

    question: str
    answer: str
    kind: str


@dataclass(frozen=True)
class Claim:
    """What can be asked with "yes" or "no", and what makes it false.

    Attributes:
        question: has ``{}`` where ``fact`` or another of its sort stands.
        fact: what the caption says.
        sort: facts of the same sort and, of verbs, of the same subject may stand for each other.
    """

    question: str
    fact: str
    sort: str


def questions_of(parsed: Parsed) -> Iterator[Question]:
    """All questions but those with "yes" or "no" and those of numbers."""
    yield from _colours(parsed)
    yield from _relations(parsed)
    if parsed.subject is not None and not _vague(parsed.subject):
        yield from _of_subject(parsed, parsed.subject)


def claims_of(parsed: Parsed) -> Iterator[Claim]:
    """What can be asked with "yes" or "no"."""
    for phrase in parsed.phrases:
        if not _vague(phrase):
            verb = "are" if phrase.plural else "is"
            question = there_is(phrase.name, plural=phrase.plural)
            asked = question.removesuffix(f"{phrase.name}?") + "{}?"
            yield Claim(asked, phrase.name, f"thing {phrase.plural}")
            for colour in _colours_of(phrase) if phrase.head not in PERSONS else ():
                yield Claim(f"{verb} the {phrase.name} {{}}?", colour, "color")
    subject = parsed.subject
    if subject is None or _vague(subject):
        return
    be = f"{_be(subject)} the {subject.name}"
    if parsed.verb is not None and parsed.verb not in _EMPTY_VERBS:
        yield Claim(f"{be} {{}}?", parsed.verb, f"verb {_sort(subject)}")
    place = _place(parsed)
    if place:
        yield Claim(f"{be} {{}}?", place, "place")


def there_is(name: str, *, plural: bool) -> str:
    """The question whether there is such a thing."""
    if plural or name.rsplit(maxsplit=1)[-1] in MASSES:
        return f"{'are' if plural else 'is'} there any {name}?"
    return f"is there {_article(name)} {name}?"


def counts_of(parsed: Parsed) -> Iterator[tuple[str, str]]:
    """Things that are counted, in the plural, and how many there are, in digits."""
    for phrase in parsed.phrases:
        if phrase.number is not None and phrase.plural and not _vague(phrase):
            yield plural_of(phrase.name), NUMBERS[phrase.number]
        elif _is_one(phrase):
            yield plural_of(phrase.name), "1"


def _is_one(phrase: NounPhrase) -> bool:
    alive = phrase.head in PERSONS | ANIMALS
    return alive and not phrase.plural and phrase.number is None and phrase.definite


def plural_of(name: str) -> str:
    """The plural of a name; what is plural already stays."""
    from textblob.en.inflect import pluralize

    *before, head = name.split()
    irregular = {"man": "men", "woman": "women", "person": "people", "child": "children"}
    if head in irregular:
        head = irregular[head]
    elif not head.endswith("s") and head not in (*irregular.values(), "sheep", "cattle", "fish"):
        head = pluralize(head)
    return " ".join([*before, head])


def _colours(parsed: Parsed) -> Iterator[Question]:
    for phrase in parsed.phrases:
        colours = _colours_of(phrase)
        if len(colours) == 1 and not _vague(phrase) and phrase.head not in PERSONS:
            question = f"what color {_be(phrase)} the {phrase.name}?"
            yield Question(question, colours[0], "color")


def _colours_of(phrase: NounPhrase) -> list[str]:
    found = [word for word in phrase.adjectives if word in COLOURS]
    return [ONE_SPELLING.get(word, word) for word in found]


def _relations(parsed: Parsed) -> Iterator[Question]:
    """Of "a cat on a table": what is on the table?"""
    for thing, preposition, other in parsed.relations:
        if preposition not in PLACES | {"before"} or _vague(thing) or _vague(other):
            continue
        asked = _asked(thing)
        said = _SAID.get(preposition, preposition)
        yield Question(f"{asked} {said} the {other.name}?", *_answer(thing))


def _of_subject(parsed: Parsed, subject: NounPhrase) -> Iterator[Question]:
    name, be, verb = subject.name, _be(subject), parsed.verb
    place = _place(parsed)
    if place:
        yield Question(f"where {be} the {name}?", place, "where")
    if verb is None or verb in _EMPTY_VERBS:
        return
    if verb != "wearing":
        yield Question(f"what {be} the {name} doing?", verb, "doing")
    thing, particle = parsed.object, parsed.particle
    if thing is None or _vague(thing):
        yield Question(f"{_asked(subject)} {verb}?", *_answer(subject))
        return
    done = " ".join(filter(None, [verb, _SAID.get(particle, particle)]))
    yield Question(f"{_asked(subject)} {done} the {thing.name}?", *_answer(subject))
    is_place = particle in PLACES and thing.head not in PERSONS | ANIMALS
    if not is_place or particle in ("on", "over"):
        animal = " animal" if thing.head in ANIMALS else ""
        asked = "who" if thing.head in PERSONS else f"what{animal}"
        question = f"{asked} {be} the {name} {done}?"
        yield Question(question, *_answer(thing))


def _place(parsed: Parsed) -> str:
    """Preposition and thing, such as "on the beach"; empty where the caption has none."""
    if parsed.place is None:
        return ""
    preposition, thing = parsed.place
    if preposition not in PLACES | {"before"} or _vague(thing) or thing.head in NO_PLACES:
        return ""
    return f"{_SAID.get(preposition, preposition)} the {thing.name}"


def _answer(phrase: NounPhrase) -> tuple[str, str]:
    """The answer that a thing is, and its kind."""
    kind = "who" if phrase.head in PERSONS | ANIMALS else "what"
    return (phrase.head if kind == "who" else phrase.name), kind


def _asked(subject: NounPhrase) -> str:
    if subject.head in PERSONS:
        return "who is"
    if subject.head in ANIMALS:
        return "what animals are" if subject.plural else "what animal is"
    return "what are" if subject.plural else "what is"


def _be(phrase: NounPhrase) -> str:
    return "are" if phrase.plural else "is"


def _sort(subject: NounPhrase) -> str:
    return "person" if subject.head in PERSONS else "animal" if subject.head in ANIMALS else "thing"


def _article(name: str) -> str:
    return "an" if name[0] in "aeio" else "a"


def _vague(phrase: NounPhrase) -> bool:
    return bool((VAGUE | COLOURS) & set(phrase.nouns[-2:])) or len(phrase.nouns) > 3
