"""What an index keeps on disk: SQLite for files and words, a matrix of float16 for embeddings.

A folder's index lies in ``.captionloom`` in it::

    index.sqlite      files, captions, moments of clips, settings
    vectors-G.f16     embeddings, [rows, D], a row for each picture and each frame of a clip
    rows-G.bin        of each row the number of its file, 0 where it is gone, and whether a clip's

Embeddings are appended and flushed first; the transaction that names them comes after. So whenever
a run is killed, all that SQLite knows of is there, and what it does not know of is written over.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from captioner.errors import IndexFileError
from captioner.runtime.sqlite import sqlite3

PLACE = ".captionloom"
DATABASE = "index.sqlite"
ROW = np.dtype([("file", "<u4"), ("clip", "u1"), ("", "V3")])

_FORMAT = "1"
_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE files (
  id INTEGER PRIMARY KEY AUTOINCREMENT, path BLOB UNIQUE NOT NULL, size INTEGER NOT NULL,
  mtime INTEGER NOT NULL, digest BLOB, kind TEXT, first INTEGER NOT NULL, count INTEGER NOT NULL,
  error TEXT);
CREATE TABLE moments (
  file INTEGER NOT NULL, number INTEGER NOT NULL, start REAL NOT NULL, end REAL NOT NULL,
  PRIMARY KEY (file, number)) WITHOUT ROWID;
CREATE VIRTUAL TABLE words USING fts5(
  name, caption, tokenize = 'porter unicode61 remove_diacritics 2');
"""


@dataclass(frozen=True)
class Known:
    """What an index knows of a file without having read it again.

    Attributes:
        id: its number.
        size: bytes.
        mtime: when it was changed, in nanoseconds.
    """

    id: int
    size: int
    mtime: int


@dataclass(frozen=True)
class NewFile:
    """A file that was read.

    Attributes:
        path: below the folder, with ``/``, as the system's bytes.
        size: bytes.
        mtime: when it was changed, in nanoseconds.
        digest: of its content.
        kind: what it is; None where it could not be read.
        vectors: float32 [rows, D].
        spans: of a clip, the start and end of what each row stands for, in seconds.
        error: what is wrong with it.
    """

    path: bytes
    size: int
    mtime: int
    digest: bytes | None
    kind: str | None
    vectors: np.ndarray
    spans: Sequence[tuple[float, float]] = ()
    error: str | None = None


@dataclass
class Store:
    """An open index.

    Attributes:
        place: the folder of its files.
        database: of SQLite.
        dimensions: D.
    """

    place: Path
    database: sqlite3.Connection
    dimensions: int = 0

    @classmethod
    def open(cls, place: Path, identity: str, name: str) -> Store:
        """Opens an index that is there.

        Args:
            place: the folder of its files.
            identity: of the model that it is searched with.
            name: of this model, for messages.

        Raises:
            IndexFileError: there is none, it is damaged, or of another model or format.
        """
        file = place / DATABASE
        if not file.is_file():
            raise IndexFileError(place, "there is no index here", "make it with --index")
        with damage_named(file):
            store = cls(place, _connect(file))
            values = store.meta()
            if values.get("format") != _FORMAT:
                raise IndexFileError(
                    file,
                    f"is an index of format {values.get('format')}, and this version reads format "
                    f"{_FORMAT}",
                    "make it anew with --rebuild",
                )
            if values["model"] != identity:
                raise IndexFileError(
                    file,
                    f"was made with the model {values['model'].split()[0]!r}, and not with "
                    f"this {name!r}",
                    "name that model with --model, or make it anew with --rebuild",
                )
            store.dimensions = int(values["dimensions"])
            store._check_sizes()
        return store

    @classmethod
    def create(cls, place: Path, identity: str, dimensions: int) -> Store:
        """Makes an empty index.

        Raises:
            OSError: the folder cannot be written.
        """
        place.mkdir(exist_ok=True)
        part = place / f".{DATABASE}"
        part.unlink(missing_ok=True)
        database = _connect(part)
        with database:
            database.executescript(_SCHEMA)
            settings = {
                "format": _FORMAT,
                "model": identity,
                "dimensions": str(dimensions),
                "generation": "1",
                "rows": "0",
                "dead": "0",
            }
            database.executemany("INSERT INTO meta VALUES (?, ?)", settings.items())
        database.close()
        part.replace(place / DATABASE)  # it appears whole
        return cls(place, _connect(place / DATABASE), dimensions)

    def close(self) -> None:
        """Closes the database; what is mapped stays."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def meta(self) -> dict[str, str]:
        """Its settings."""
        return dict(self.database.execute("SELECT key, value FROM meta"))

    def set_meta(self, **values: object) -> None:
        """Changes settings, in the transaction that is open, if any."""
        pairs = [(key, str(value)) for key, value in values.items()]
        self.database.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", pairs)

    # === Reading ===

    def known(self) -> dict[bytes, Known]:
        """All files by path."""
        rows = self.database.execute("SELECT path, id, size, mtime FROM files")
        return {path: Known(number, size, mtime) for path, number, size, mtime in rows}

    def file(self, number: int) -> tuple[Any, ...] | None:
        """Path, kind, size, mtime, first row and count of rows of a file; None: there is none."""
        found: tuple[Any, ...] | None = self.database.execute(
            "SELECT path, kind, size, mtime, first, count FROM files WHERE id = ?", (number,)
        ).fetchone()
        return found

    def moments(self, number: int) -> list[tuple[float, float]]:
        """The times of a clip's rows, in their order, in seconds."""
        return self.database.execute(
            "SELECT start, end FROM moments WHERE file = ? ORDER BY number", (number,)
        ).fetchall()

    def caption(self, number: int) -> str | None:
        """The caption of a file; None where it has none."""
        row = self.database.execute("SELECT caption FROM words WHERE rowid = ?", (number,))
        found = row.fetchone()
        return found[0] or None if found else None

    def vectors(self) -> np.ndarray:
        """The embeddings, float16 [rows, D], memory-mapped."""
        return self._mapped("vectors", np.dtype(np.float16), self.dimensions)

    def rows(self) -> np.ndarray:
        """Of each row its file, `ROW` [rows], memory-mapped."""
        return self._mapped("rows", ROW, 0)

    def _mapped(self, name: str, dtype: np.dtype[Any], width: int) -> np.ndarray:
        values = self.meta()
        count = int(values["rows"])
        shape = (count, width) if width else (count,)
        if not count:
            return np.zeros(shape, dtype)
        return np.memmap(self._path(name, values["generation"]), dtype, "r", shape=shape)

    def _path(self, name: str, generation: str) -> Path:
        return self.place / f"{name}-{generation}.{'f16' if name == 'vectors' else 'bin'}"

    def _check_sizes(self) -> None:
        values = self.meta()
        count = int(values["rows"])
        for name, size in (("vectors", 2 * self.dimensions), ("rows", ROW.itemsize)):
            path = self._path(name, values["generation"])
            there = path.stat().st_size if path.is_file() else 0
            if there < count * size:
                raise IndexFileError(
                    path,
                    f"has {there} bytes, and {count * size} are known of",
                    "make the index anew with --rebuild",
                )

    # === Writing ===

    def add(self, files: Sequence[NewFile]) -> None:
        """Adds files that were read; all of them are known afterwards, or none."""
        values = self.meta()
        first = int(values["rows"])
        last = self.database.execute("SELECT seq FROM sqlite_sequence WHERE name = 'files'")
        numbered = list(enumerate(files, start=(last.fetchone() or (0,))[0] + 1))
        contents = (
            ("vectors", [file.vectors.astype(np.float16) for file in files], 2 * self.dimensions),
            ("rows", [_rows_of(number, file) for number, file in numbered], ROW.itemsize),
        )
        for name, arrays, size in contents:
            self._write(self._path(name, values["generation"]), first * size, arrays)
        counts = [len(file.vectors) for file in files]
        starts = [first + sum_ for sum_ in itertools.accumulate([0, *counts])]
        with self.database:
            self.database.executemany(
                "INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        number, file.path, file.size, file.mtime, file.digest, file.kind, start,
                        len(file.vectors), file.error,
                    )
                    for (number, file), start in zip(numbered, starts, strict=False)
                ],
            )  # fmt: skip
            self.database.executemany(
                "INSERT INTO moments VALUES (?, ?, ?, ?)",
                [
                    (number, place, *span)
                    for number, file in numbered
                    for place, span in enumerate(file.spans)
                ],
            )
            self.database.executemany(
                "INSERT INTO words (rowid, name, caption) VALUES (?, ?, '')",
                [(number, words_of(file.path)) for number, file in numbered if file.error is None],
            )
            self.set_meta(rows=starts[-1])

    def _write(self, path: Path, at: int, arrays: Iterable[np.ndarray]) -> None:
        with path.open("r+b" if path.exists() else "w+b") as file:
            file.seek(at)
            for array in arrays:
                file.write(array.tobytes())
            file.truncate()
            file.flush()
            os.fsync(file.fileno())

    def remove(self, numbers: Sequence[int]) -> None:
        """Forgets files; their rows stay, and count no more."""
        if not numbers:
            return
        ours = [(number,) for number in numbers]
        with self.database:
            dead = 0
            for key in ours:
                found = self.database.execute("SELECT count FROM files WHERE id = ?", key)
                dead += found.fetchone()[0]
            for table, column in (("files", "id"), ("moments", "file"), ("words", "rowid")):
                self.database.executemany(f"DELETE FROM {table} WHERE {column} = ?", ours)
            self.set_meta(dead=int(self.meta()["dead"]) + dead)

    def rename(self, number: int, path: bytes, mtime: int) -> None:
        """A file has another name."""
        with self.database:
            self.database.execute(
                "UPDATE files SET path = ?, mtime = ? WHERE id = ?", (path, mtime, number)
            )
            self.database.execute(
                "UPDATE words SET name = ? WHERE rowid = ?", (words_of(path), number)
            )

    def digests(self, numbers: Iterable[int]) -> dict[int, bytes]:
        """The contents of files by number, as `NewFile.digest`."""
        query = "SELECT digest FROM files WHERE id = ?"
        found = {n: self.database.execute(query, (n,)).fetchone()[0] for n in numbers}
        return {number: digest for number, digest in found.items() if digest is not None}

    def caption_files(self, captions: Iterable[tuple[bytes, str]]) -> int:
        """Keeps captions by path; returns how many of the files are known."""
        done = 0
        with self.database:
            for path, text in captions:
                done += self.database.execute(
                    "UPDATE words SET caption = ? WHERE rowid = "
                    "(SELECT id FROM files WHERE path = ?)",
                    (text, path),
                ).rowcount
        return done

    def compact(self) -> None:
        """Writes the rows that count into new files, where most do not."""
        values = self.meta()
        if 2 * int(values["dead"]) <= int(values["rows"]):
            return
        vectors, rows = self.vectors(), self.rows()
        generation = str(int(values["generation"]) + 1)
        order = self.database.execute(
            "SELECT id, first, count FROM files WHERE count > 0 ORDER BY first"
        ).fetchall()
        for name, source in (("vectors", vectors), ("rows", rows)):
            parts = (source[first : first + count] for _, first, count in order)
            self._write(self._path(name, generation), 0, parts)
        with self.database:
            at = 0
            for number, _, count in order:
                self.database.execute("UPDATE files SET first = ? WHERE id = ?", (at, number))
                at += count
            self.set_meta(generation=generation, rows=at, dead=0)
        for name in ("vectors", "rows"):
            self._path(name, values["generation"]).unlink(missing_ok=True)


def _rows_of(number: int, file: NewFile) -> np.ndarray:
    rows = np.zeros(len(file.vectors), ROW)
    rows["file"] = number
    rows["clip"] = file.kind != "image"
    return rows


def words_of(path: bytes) -> str:
    """The words of a file's name and of those of its folders, without the suffix."""
    name = path.decode("utf-8", "replace")
    stem, dot, suffix = name.rpartition(".")
    return (stem if dot and "/" not in suffix else name).replace("_", " ").replace("/", " ")


@contextmanager
def damage_named(file: Path) -> Iterator[None]:
    """What SQLite finds wrong with an index, as what can be done about it.

    Raises:
        IndexFileError: see above.
    """
    try:
        yield
    except (sqlite3.DatabaseError, KeyError, ValueError, TypeError) as error:
        if isinstance(error, IndexFileError):
            raise
        raise IndexFileError(
            file, f"is damaged ({error})", "make the index anew with --rebuild"
        ) from error


def _connect(file: Path) -> sqlite3.Connection:
    # Readers wait for a writer's transaction; any thread may close what another opened.
    database = sqlite3.connect(file, timeout=20, check_same_thread=False)
    if ("ENABLE_FTS5",) not in database.execute("PRAGMA compile_options").fetchall():
        database.close()
        raise IndexFileError(
            file,
            "cannot be used, for SQLite has no full-text search (FTS5) here",
            "import captioner.search before tensorflow, or take a Python whose SQLite has it",
        )
    return database
