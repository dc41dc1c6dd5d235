"""Rows → output: one small class for each format."""

import csv
import json
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Literal, Self, TextIO

from captioner.rows import COLUMNS, Row, one_line


class Writer(ABC):
    """Writes rows as they come; what was written stays, however the run ends.

    ``write`` raises ``OSError`` where the output takes no more (a full disk, a closed pipe).
    """

    @abstractmethod
    def write(self, row: Row) -> None:
        """Write one row, through to the operating system."""


class FileWriter(Writer):
    """A format that a combined file can have; used with ``with``, it closes its file.

    Args:
        stream: takes the text as UTF-8, with newlines as they are written.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @classmethod
    def open(cls, path: Path, mode: Literal["w", "x"]) -> Self:
        """Make the file.

        Args:
            path: the file.
            mode: ``"x"`` for a file that must not be there yet, ``"w"`` to replace one.

        Raises:
            FileExistsError: the file is there, and the mode is ``"x"``.
            OSError: the file cannot be made.
        """
        return cls(path.open(mode, encoding="utf-8", newline=""))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stream.close()


class JsonLinesWriter(FileWriter):
    """One JSON object a line, with the keys of ``COLUMNS``; non-Latin text stays readable."""

    def write(self, row: Row) -> None:
        """Write one row, through to the operating system."""
        line = json.dumps(row.as_dict(), ensure_ascii=False, allow_nan=False)
        self._stream.write(line + "\n")
        self._stream.flush()


class CsvWriter(FileWriter):
    """RFC 4180: a header, then a record for each row; ``frames`` is JSON in its cell.

    What is null in JSON is an empty cell.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._records = csv.DictWriter(stream, COLUMNS)
        self._records.writeheader()

    def write(self, row: Row) -> None:
        """Write one row, through to the operating system."""
        cells = row.as_dict()
        if cells["frames"] is not None:
            cells["frames"] = json.dumps(cells["frames"], ensure_ascii=False, allow_nan=False)
        self._records.writerow(cells)
        self._stream.flush()


class TextWriter(Writer):
    """For a reader at a terminal: ``path: caption``, a line for each input that has a caption.

    Args:
        stream: standard output.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, row: Row) -> None:
        """Write one row, through to the operating system."""
        if row.text is not None:
            caption = " ".join(row.text.split())
            self._stream.write(f"{one_line(row.path)}: {one_line(caption)}\n")
            self._stream.flush()


# The formats of --output, by suffix; another one is a class and a line here.
FILE_WRITERS: dict[str, type[FileWriter]] = {".csv": CsvWriter, ".jsonl": JsonLinesWriter}
