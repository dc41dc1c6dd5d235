"""Captions that were written before, for searching by their words."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from captioner.batch.rows import name_of
from captioner.outputs.locking import BusyError, locked
from captioner.search.store import DATABASE, PLACE
from captioner.writers import FILE_WRITERS

if TYPE_CHECKING:
    from captioner.search.index import Index


def take_captions(index: Index, file: Path) -> int:
    """Keeps the captions of a file that ``python -m captioner FOLDER -o FILE`` wrote.

    Args:
        index: of the same folder.
        file: of any format that is read back: JSON Lines, CSV, Parquet.

    Returns:
        How many of its captions are of files that the index knows.

    Raises:
        ValueError: the format is unknown; `OutputFileError`: the file is damaged;
            `IndexFileError`: the index is, or is being written.
        ImportError: the format needs a package that is not installed.
        OSError: the file cannot be read.
    """
    if file.suffix.lower() not in FILE_WRITERS:
        known = ", ".join(FILE_WRITERS)
        raise ValueError(f"{file}: captions are read from one of: {known}")
    if not file.is_file():
        raise ValueError(f"{file}: there is no such file; write it with python -m captioner -o")
    from captioner.errors import IndexFileError

    place = index.folder / PLACE
    try:
        with locked(place / DATABASE), index.open_store() as store:
            return store.caption_files(_captions(index.folder, file))
    except BusyError:
        raise IndexFileError(
            place, "is being written by another run", "wait for it, or stop it"
        ) from None


def _captions(folder: Path, file: Path) -> Iterator[tuple[bytes, str]]:
    """Paths below the folder, and captions."""
    start = os.fsencode(os.path.join(os.fspath(folder), "")).replace(b"\\", b"/")  # noqa: PTH118
    for row in FILE_WRITERS[file.suffix.lower()].read(file):
        if row["text"] is None:
            continue
        name = os.fsencode(name_of(row["file_name"]))
        # Where several folders were captioned together, names begin with theirs.
        yield name.removeprefix(start), row["text"]
