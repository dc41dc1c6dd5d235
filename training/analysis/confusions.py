"""Which words a captioner gets wrong most: subjects, actions, colours, counts, scenes and things.

Compares captions with people's of the same photos, class of words by class (`word_classes`).
``python -m training.analysis.confusions`` reads the captions from the JSON that ``python -m
captioner.evaluate --json`` prints, and writes Markdown.

People leave out most of what a photo shows, and one of five may be mistaken. So a class is *there*
where at least two of them say it, and a caption that says it not has missed it; it is *wrong* only
where none of them says it. What one alone says counts neither as missed nor as wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from summarizer.ngrams import tokenize
from training.data.datasets import CaptionedImage, DatasetError, load_dataset
from training.data.word_classes import (
    BROADER,
    DETERMINERS,
    GROUPS,
    NUMBERS,
    ONLOOKERS,
    PLURALS_WITHOUT_S,
)

__all__ = [
    "AGREEING",
    "ALL",
    "ALL_GROUPS",
    "Tally",
    "classes",
    "compare",
    "read_captions",
    "report",
    "take_turns",
]

COUNTS = "counts"
ALL_GROUPS = ("subjects", "actions", "colours", COUNTS, "scenes", "things")
ALL = "all"  # a class of its own in each tally: all that a caption says of the group, as one
AGREEING = 2  # references that make a class one that is there

_BY_WORD = {
    group: {
        word: frozenset(name for name, words in rows.items() if word in words.split())
        for word in " ".join(rows.values()).split()
    }
    for group, rows in GROUPS.items()
}


@dataclass
class Tally:
    """How often captions say each class of a group.

    Under the name `ALL`: captions that say any class, those of them without a wrong one, photos
    where the references agree on any, those of them whose caption misses none.

    Attributes:
        said: captions that say it.
        right: those of them where some reference says it, too.
        there: photos where the references agree on it.
        found: those of them whose caption says it.
        instead: captions that miss the first class and say the second, which no reference says.
    """

    said: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    there: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    instead: Counter[tuple[str, str]] = field(default_factory=Counter)

    def precision(self, name: str) -> float | None:
        """Of the captions that say it, the part where some reference does; None if none says it."""
        return self.right[name] / self.said[name] if self.said[name] else None

    def recall(self, name: str) -> float | None:
        """Of the photos where it is there, the part where the caption says it; None if none is."""
        return self.found[name] / self.there[name] if self.there[name] else None


@lru_cache(maxsize=1 << 16)  # a reference is read again for each of the others that it is held to
def classes(text: str, group: str) -> frozenset[str]:
    """The classes of a group that a caption says, the broader ones of each included."""
    words = tokenize(text)
    if group == COUNTS:
        count = _count(words)
        return frozenset([count] if count else [])
    by_word = _BY_WORD[group]
    said = {name for word in words for name in by_word.get(word, ())}
    return frozenset(name for narrow in said for name in _with_broader(narrow))


def _with_broader(name: str) -> list[str]:
    return [name, *_with_broader(BROADER[name])] if name in BROADER else [name]


def _count(words: Sequence[str]) -> str | None:
    """How many people and animals a caption is about; None where it names none.

    "two dogs and a man" are three; "a group" and plurals without a number are many, as are four.
    """
    subjects = _BY_WORD["subjects"]
    total, many = 0, False
    number: int | None = 1  # of those that the next subject stands for
    for place, word in enumerate(words):
        if word in NUMBERS:
            number = NUMBERS[word]
        elif word in DETERMINERS:
            number = 1
        elif word in subjects and word not in ONLOOKERS:
            following = words[place + 1] if place + 1 < len(words) else ""
            if following in subjects or following == "'s":
                continue  # "a baby boy" is one; "a dog 's mouth" is none
            plural = word in PLURALS_WITHOUT_S or word.endswith("s")
            many = many or number is None or (plural and number == 1)
            total += number or 1
            number = 1
    if many or total > 3:
        return "many"
    return {0: None, 1: "one", 2: "two", 3: "three"}[total]


def compare(captions: Sequence[str], references: Sequence[Sequence[str]], group: str) -> Tally:
    """Holds the captions of N photos against people's, one or more each.

    Raises:
        ValueError: not as many captions as groups of references.
    """
    tally = Tally()
    for caption, theirs in zip(captions, references, strict=True):
        said = classes(caption, group)
        votes = Counter(name for text in theirs for name in classes(text, group))
        there = {name for name, count in votes.items() if count >= min(AGREEING, len(theirs))}
        tally.said.update(_and_all(said, bool(said)))
        tally.right.update(_and_all(said & votes.keys(), bool(said) and said <= votes.keys()))
        tally.there.update(_and_all(there, bool(there)))
        tally.found.update(_and_all(said & there, bool(there) and there <= said))
        tally.instead.update(
            (missed, wrong)
            for missed in _narrowest(there - said)
            for wrong in _narrowest(said - votes.keys())
        )
    return tally


def _and_all(names: Iterable[str], counts: bool) -> list[str]:
    return [*names, ALL] if counts else [*names]


def _narrowest(names: Iterable[str]) -> set[str]:
    """Without those of which a narrower one is among them: a missed girl is no missed child."""
    names = set(names)
    return names - {broad for name in names for broad in _with_broader(name)[1:]}


def take_turns(references: Sequence[Sequence[str]]) -> tuple[list[str], list[list[str]]]:
    """Each person's caption, and those of the others: how well people do by the same measure."""
    turns = [
        (text, [*group[:place], *group[place + 1 :]])
        for group in references
        if len(group) > 1
        for place, text in enumerate(group)
    ]
    return [text for text, _ in turns], [others for _, others in turns]


def read_captions(path: Path, items: Sequence[CaptionedImage]) -> list[str]:
    """The captions of the photos, in their order, from a file of ``captioner.evaluate --json``.

    Raises:
        DatasetError: the file cannot be read, is something else, or lacks a photo.
    """
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["captions"]
        texts = {row["file_name"]: row["text"] for row in rows}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(
            f"{path}: holds no captions ({error}); make it by python -m captioner.evaluate --json"
        ) from error
    missing = [item.path.name for item in items if item.path.name not in texts]
    if missing:
        raise DatasetError(
            f"{path}: lacks {len(missing)} of the {len(items)} photos, such as {missing[0]}; "
            "is it of another data set or split?"
        )
    return [texts[item.path.name] for item in items]


def report(captions: Sequence[str], references: Sequence[Sequence[str]], *, pairs: int = 10) -> str:
    """Markdown: a table of the groups, one of each group's classes, one of what is confused.

    Args:
        captions: of N photos.
        references: people's of the same N.
        pairs: confusions shown of each group, the most frequent first.
    """
    turns = take_turns(references)
    tallies = {group: compare(captions, references, group) for group in ALL_GROUPS}
    people = {group: compare(*turns, group) for group in ALL_GROUPS}
    lines = _head("group")
    for group in ALL_GROUPS:
        lines.append(_row(group, ALL, tallies[group], people[group]))
    for group, tally in tallies.items():
        lines += ["", *_head(group)]
        names = sorted(
            (tally.there | tally.said).keys() - {ALL}, key=lambda name: (-tally.there[name], name)
        )
        lines += [_row(name, name, tally, people[group]) for name in names]
    lines += ["", "| | there, but missed | said instead | photos | the other way |"]
    lines.append("|---|---|---|---|---|")
    for group, tally in tallies.items():
        for (missed, wrong), count in tally.instead.most_common(pairs):
            back = tally.instead[wrong, missed]
            lines.append(f"| {group} | {missed} | {wrong} | {count} | {back} |")
    return "\n".join(lines)


def _head(first: str) -> list[str]:
    return [
        f"| {first} | said | right | people's right | there | found | people find |",
        "|---|---|---|---|---|---|---|",
    ]


def _row(title: str, name: str, model: Tally, people: Tally) -> str:
    """How often said and there, and beside each the percentages of the model and of people."""
    cells = (
        title,
        f"{model.said[name]:,}",
        _percent(model.precision(name)),
        _percent(people.precision(name)),
        f"{model.there[name]:,}",
        _percent(model.recall(name)),
        _percent(people.recall(name)),
    )
    return f"| {' | '.join(cells)} |"


def _percent(part: float | None) -> str:
    return "-" if part is None else f"{part:.0%}".replace("%", " %")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(
        prog="python -m training.analysis.confusions", description=(__doc__ or "").splitlines()[0]
    )
    result.add_argument(
        "captions", type=Path, metavar="FILE.json", help="of captioner.evaluate --json"
    )
    result.add_argument("--data", type=Path, required=True, metavar="DIR")
    result.add_argument("--split", default="dev", help="train, dev or test (default: dev)")
    result.add_argument("--pairs", type=int, default=10, help="confusions of each group")
    return result


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    options = parser().parse_args(arguments)
    try:
        items = load_dataset(options.data, options.split)
        captions = read_captions(options.captions, items)
    except DatasetError as error:
        print(f"training.analysis.confusions: {error}", file=sys.stderr)
        return 2
    print(report(captions, [item.captions for item in items], pairs=options.pairs))
    return 0


if __name__ == "__main__":
    sys.exit(main())
