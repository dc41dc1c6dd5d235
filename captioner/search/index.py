"""Searching the index of a folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from captioner.search.query import Term, embed, parse_query, words_wanted
from captioner.search.ranking import best_rows, cosines, fused
from captioner.search.store import DATABASE, PLACE, Store, damage_named

if TYPE_CHECKING:
    from captioner.search.building import Update
    from captioner.search.retriever import Retriever

Kind: TypeAlias = Literal["image", "clip"]

# How much rankings by words count beside that by pictures. Captions of a model: chosen on dev
# (training/results/matching.md). Names were given by somebody who knew.
_WEIGHTS = {"name": 1.0, "caption": 0.25}
_NEVER = -2.0  # below any cosine
_WIDEST = 4096  # files that have words of the query, and are ranked by them
_FUSED = 200  # of each ranking, so many count where two are made one, at least
_NEAR = 0.9  # of a clip's best score above the cut-off, a neighbouring frame must have to join it


@dataclass(frozen=True)
class Hit:
    """A file that shows what was looked for, or a moment of it.

    Attributes:
        path: opens from the current folder.
        file_name: below the folder, with ``/``.
        kind: ``image``, ``animation`` or ``video``.
        start: of a clip, when the moment begins, in seconds; 0 of a picture.
        end: when it ends.
        score: the cosine of query and picture, -1 to 1.
        caption: what it was captioned, where that is known.
        changed: whether the file has changed since it was indexed.
    """

    path: str
    file_name: str
    kind: str
    start: float
    end: float
    score: float
    caption: str | None = None
    changed: bool = False

    @property
    def location(self) -> str:
        """The path; of a clip with the time as a media fragment, ``clip.mp4#t=12,15.5``."""
        if self.kind == "image":
            return self.path
        return f"{self.path}#t={_seconds(self.start)},{_seconds(self.end)}"

    def as_dict(self) -> dict[str, Any]:
        """All of it, as JSON can hold it."""
        return {
            "path": self.path,
            "file_name": self.file_name,
            "kind": self.kind,
            "start": round(self.start, 3),
            "end": round(self.end, 3),
            "score": round(self.score, 4),
            "caption": self.caption,
            "changed": self.changed,
        }


class Index:
    """The index of a folder, for searching; any number of threads may share it.

    Args:
        retriever: embeds queries.
        folder: whose index it is.
        update: what was done to bring it up to date; None: nothing was.

    Attributes:
        cutoff: the score that a query reaches by chance: what is below shows something else.

    Raises:
        IndexFileError: there is no index, it is damaged, or of another model or format.
    """

    def __init__(self, retriever: Retriever, folder: str | Path, update: Update | None = None):
        self.folder = Path(folder)
        self.update = update
        self._retriever = retriever
        self._place = self.folder / PLACE
        with self.open_store() as store:
            self._vectors = store.vectors()
            self._rows = store.rows()
            self.cutoff = float(store.meta().get("cutoff", "-1"))

    def __len__(self) -> int:
        """How many pictures and frames it knows."""
        return len(self._rows)

    def open_store(self) -> Store:
        """What it keeps on disk, to be closed by the caller.

        Raises:
            IndexFileError: it is gone, damaged, or of another model by now.
        """
        return Store.open(self._place, self._retriever.identity, self._retriever.name)

    def search(
        self,
        query: str | Sequence[str] | Sequence[Term],
        *,
        limit: int = 10,
        min_score: float | None = None,
        kind: Kind | None = None,
        words: bool = True,
    ) -> list[Hit]:
        """The files that show what is looked for, best first; none where nothing does.

        Args:
            query: a sentence; or the words of a command line, as `query.parse_query` takes them.
            limit: so many at most.
            min_score: the least cosine; None: the index's cut-off.
            kind: only pictures, or only clips.
            words: whether names of files and captions count, too.

        Raises:
            MediaError: a picture of the query cannot be read.
            ValueError: the query says nothing.
            IndexFileError: the index is damaged.
        """
        terms = _terms(query)
        scores = cosines(self._vectors, embed(terms, self._retriever))
        if kind is not None:
            scores[self._rows["clip"] != (kind == "clip")] = _NEVER
        floor = self.cutoff if min_score is None else min_score
        with damage_named(self._place / DATABASE), self.open_store() as store:
            by_words = _by_words(store, terms) if words else {}
            ranking = self._ranking(scores, floor, limit, by_words)
            hits = (self._hit(store, number, scores, floor) for number in ranking)
            return list(islice((hit for hit in hits if hit is not None), limit))

    def _ranking(
        self, scores: np.ndarray, floor: float, limit: int, by_words: dict[str, list[int]]
    ) -> list[int]:
        """The numbers of files, best first."""
        rows = best_rows(scores, 64 * max(limit, _FUSED), floor)
        found = dict.fromkeys(int(number) for number in self._rows["file"][rows])
        nearest = list(found)
        return fused([nearest, *by_words.values()], [1.0, *map(_WEIGHTS.__getitem__, by_words)])

    def _hit(self, store: Store, number: int, scores: np.ndarray, floor: float) -> Hit | None:
        """What is shown of a file; None where it is none, is gone, or of another kind."""
        file = store.file(number)
        if file is None:
            return None
        name, kind, size, mtime, first, count = file
        mine = scores[first : first + count]
        if not count or mine.max() <= _NEVER:
            return None
        path = os.path.join(self.folder, os.fsdecode(name))  # noqa: PTH118
        try:
            status = os.stat(path)  # noqa: PTH116
        except OSError:
            return None  # it is gone since
        start, end = 0.0, 0.0
        if kind != "image":
            start, end = moment(mine, store.moments(number), floor)
        return Hit(
            path,
            os.fsdecode(name),
            kind,
            start,
            end,
            min(1.0, float(mine.max())),  # rounded vectors may be longer than 1 by a hair
            store.caption(number),
            (status.st_size, status.st_mtime_ns) != (size, mtime),
        )


def moment(
    scores: np.ndarray, spans: Sequence[tuple[float, float]], floor: float
) -> tuple[float, float]:
    """The part of a clip around its best frame: its neighbours that show it as well join it.

    Args:
        scores: of the clip's frames, in their order.
        spans: what each stands for, in seconds.
        floor: the cut-off.

    Returns:
        Its start and its end, in seconds.
    """
    best = int(np.argmax(scores))
    least = floor + _NEAR * (scores[best] - floor) if scores[best] > floor else scores[best]
    first = last = best
    while first > 0 and scores[first - 1] >= least:
        first -= 1
    while last + 1 < len(scores) and scores[last + 1] >= least:
        last += 1
    return spans[first][0], spans[last][1]


def _terms(query: str | Sequence[str] | Sequence[Term]) -> tuple[Term, ...]:
    if isinstance(query, str):
        return parse_query([query])
    given = list(query)
    if given and all(isinstance(term, Term) for term in given):
        return tuple(given)  # type: ignore[arg-type]
    return parse_query(given)  # type: ignore[arg-type]


def _by_words(store: Store, terms: Sequence[Term]) -> dict[str, list[int]]:
    """Files whose names, and whose captions, have words of the query, by BM25, best first."""
    wanted, banned = words_wanted(terms)
    if not wanted:
        return {}
    without = f" NOT ({_any_of(banned)})" if banned else ""
    found = {}
    for column in _WEIGHTS:
        rows = store.database.execute(
            "SELECT rowid FROM words WHERE words MATCH ? ORDER BY bm25(words) LIMIT ?",
            (f"({column} : ({_any_of(wanted)})){without}", _WIDEST),
        )
        found[column] = [number for (number,) in rows]
    return found


def _any_of(words: Sequence[str]) -> str:
    return " OR ".join(f'"{word}"' for word in words)


def _seconds(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")
