"""Caption sets for stage two: reading them, what to write for them, what to hold out.

A file has one JSON object a line, gzipped if its name ends in ``.gz``:

- ``{"id": "video7", "captions": ["a man sings", ...]}``: many people's captions of one scene.
- ``{"id": "photo3", "inputs": ["a dog on grass", ...], "captions": [...]}``: also what a captioner
  said of crops, blurs or frames of that scene, in the order of the frames. Then the model reads the
  ``inputs`` and learns to write what the ``captions`` agree on.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from summarizer.consensus_scoring import ConsensusScorer
from training.data.datasets import normalise_caption
from training.data.lines import DatasetError, Problems, read_lines


@dataclass(frozen=True)
class FusionSet:
    """The captions of one scene.

    Attributes:
        id: its name, unique in its file.
        captions: people's captions, with repetitions.
        inputs: a captioner's captions of it; empty where there is none.
        prefix: token for the style that it is written in.
    """

    id: str
    captions: tuple[str, ...]
    inputs: tuple[str, ...] = ()
    prefix: str = ""


@dataclass(frozen=True)
class HeldOut:
    """A scene to score on.

    Attributes:
        id: its name.
        inputs: captions that the summarizer sees.
        references: people's captions that it does not see.
    """

    id: str
    inputs: tuple[str, ...]
    references: tuple[str, ...]


def read_fusion_sets(path: str | Path, prefix: str = "") -> list[FusionSet]:
    """Reads a file of caption sets as described above; captions without a word are left out.

    Raises:
        DatasetError: the file is missing, damaged or empty, or lines are not as described (all of
            them are counted, with examples).
    """
    file = Path(path)
    problems = Problems(file)
    sets: dict[str, FusionSet] = {}
    for number, line in read_lines(file, problems):
        try:
            item = _parse(json.loads(line), prefix)
        except ValueError as error:
            damaged = isinstance(error, json.JSONDecodeError)
            problems.add("not JSON" if damaged else str(error), f"line {number}")
            continue
        if item.id in sets:
            problems.add("id used twice", f"line {number} ({item.id})")
        sets.setdefault(item.id, item)
    problems.settle(allowed=False)
    if not sets:
        raise DatasetError(f"{file}: holds no captions; give one set of captions a line")
    return list(sets.values())


def _parse(row: object, prefix: str) -> FusionSet:
    """Checks one line; what it raises names the kind of mistake."""
    if not isinstance(row, dict) or not isinstance(row.get("id"), str | int):
        raise ValueError('no object with an "id"')
    captions = _texts(row.get("captions"), "captions")
    inputs = _texts(row["inputs"], "inputs") if "inputs" in row else ()
    return FusionSet(str(row["id"]), captions, inputs, prefix)


def _texts(value: object, key: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise ValueError(f'"{key}" is no list of texts')
    texts = tuple(text for text in map(normalise_caption, value) if text)
    if not texts:
        raise ValueError(f'"{key}" has no words')
    return texts


def read_ids(path: str | Path) -> set[str]:
    """Reads ids to leave out, one a line: an id, or a file's name such as ``000000000139.jpg``.

    Raises:
        DatasetError: the file cannot be read, or names none.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: cannot be read ({error}); give one id a line") from error
    if not lines:
        raise DatasetError(f"{path}: names no ids; give one a line")
    return {plain_id(line) for line in lines}


def plain_id(name: str) -> str:
    """An id that can be compared: without a picture's suffix, a number without leading zeros."""
    stem, dot, suffix = name.rpartition(".")
    bare = stem if dot and suffix.isalnum() and len(suffix) <= 4 else name
    return str(int(bare)) if bare.isascii() and bare.isdigit() else bare


def without(sets: Iterable[FusionSet], ids: AbstractSet[str]) -> list[FusionSet]:
    """The sets whose `plain_id` is not among ``ids``."""
    return [item for item in sets if plain_id(item.id) not in ids]


def hold_out(sets: Iterable[FusionSet], inputs: int = 8, seed: int = 0) -> list[HeldOut]:
    """Parts captions into those to fuse and those to score against, the same for the same seed.

    Sets with ``inputs`` of their own keep them, and all people's captions are references. Of the
    others ``inputs`` captions are drawn, fewer where no reference would be left; those with a
    single caption are left out.

    Raises:
        DatasetError: ``inputs`` is less than 1, or no set is left.
    """
    if inputs < 1:
        raise DatasetError(f"{inputs} captions cannot be fused; give at least 1")
    examples = list(_hold_out(sets, inputs, seed))
    if not examples:
        raise DatasetError("every set has a single caption; scoring needs two or more")
    return examples


def _hold_out(sets: Iterable[FusionSet], inputs: int, seed: int) -> Iterator[HeldOut]:
    for item in sets:
        if item.inputs:
            yield HeldOut(item.id, item.inputs, item.captions)
        elif len(item.captions) > 1:
            # The id is in the seed, so that a set's draw does not depend on the others.
            order = list(item.captions)
            random.Random(f"{seed}:{item.id}").shuffle(order)
            cut = min(inputs, len(order) - 1)
            yield HeldOut(item.id, tuple(order[:cut]), tuple(order[cut:]))


def choose_targets(
    captions: Sequence[str],
    agreement: ConsensusScorer,
    *,
    share: float = 0.1,
    shortest: int = 4,
    longest: int = 14,
) -> tuple[str, ...]:
    """What to write for a scene: its most typical captions, the best first.

    Args:
        captions: people's captions of it.
        agreement: scores each against the others by mean CIDEr-D.
        share: fraction of the captions that are kept, one at least.
        shortest: fewest words, where any caption is within the limits.
        longest: most words, likewise.
    """
    distinct = list(dict.fromkeys(captions))
    fitting = [text for text in distinct if shortest <= len(text.split()) <= longest] or distinct
    scores = dict(zip(fitting, agreement.of(fitting, captions), strict=True))
    best = sorted(fitting, key=lambda text: -scores[text])
    return tuple(best[: max(1, round(share * len(captions)))])
