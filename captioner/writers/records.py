"""What JSON Lines and CSV share: a text file that grows by a record for each row."""

from abc import abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self, TextIO

from captioner.batch.rows import Row
from captioner.writers.base import FileWriter, Mode
from captioner.writers.files import is_regular, replacing

OTHER_FILE = "name another file, or replace this one with --existing overwrite"


class RecordWriter(FileWriter):
    """A text file of records, each written through to the operating system as it comes.

    Args:
        stream: takes the text as UTF-8, with newlines as they are written.
        begun: whether the stream already holds what stands before the first record.
    """

    def __init__(self, stream: TextIO, *, begun: bool = False) -> None:
        self._stream = stream
        if not begun:
            self._begin()

    @classmethod
    def open(cls, path: Path, mode: Mode) -> Self:
        """Make the file, or go on with it; see `FileWriter.open`."""
        begun = is_regular(path) and mode == "a" and cls._repair(path)
        return cls(path.open(mode, encoding="utf-8", newline=""), begun=begun)

    @classmethod
    def read(cls, path: Path) -> Iterator[dict[str, Any]]:
        """The rows that are in a file; see `FileWriter.read`."""
        return cls._rows(path) if is_regular(path) else iter(())

    @classmethod
    def keep(cls, path: Path, wanted: Callable[[dict[str, Any]], bool]) -> None:
        """Leave only the wanted rows in a file; see `FileWriter.keep`."""
        with replacing(path) as new, cls.open(new, "w") as writer:
            for values in cls.read(path):
                if wanted(values):
                    writer.write_values(values)

    def write(self, row: Row) -> None:
        """Write one row, through to the operating system."""
        self.write_values(row.as_dict())
        self._stream.flush()

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()

    @abstractmethod
    def write_values(self, values: dict[str, Any]) -> None:
        """Write one row, as `Row.as_dict` gives it, into the stream's buffer."""

    def _begin(self) -> None:
        """Write what stands before the first record; nothing by default."""
        return

    @classmethod
    @abstractmethod
    def _rows(cls, path: Path) -> Iterator[dict[str, Any]]:
        """The rows of a file that is there.

        Raises:
            OutputFileError: the file is damaged before its end, or of another make.
        """

    @classmethod
    @abstractmethod
    def _repair(cls, path: Path) -> bool:
        """Cut off a half-written end. True where what stands before the first record is there.

        Raises:
            OutputFileError: as `_rows`; the file is unchanged.
        """
