"""What every format offers: a stream of rows, or a file beside each input."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, TypeAlias

from captioner.batch.rows import Row
from captioner.errors import InputLostError
from captioner.writers.files import replacing

Mode: TypeAlias = Literal["a", "w", "x"]


class Writer(ABC):
    """Writes rows as they come; what was written stays, however the run ends.

    ``write`` raises ``OSError`` where the output takes no more (a full disk, a closed pipe).
    """

    @abstractmethod
    def write(self, row: Row) -> None:
        """Write one row, through to the operating system."""


class FileWriter(Writer):
    """A format that a combined file can have; used with ``with``, it closes its file.

    Attributes:
        takes_inputs: whether the captioned files themselves go into it.
    """

    takes_inputs: ClassVar[bool] = False

    @classmethod
    @abstractmethod
    def open(cls, path: Path, mode: Mode) -> Self:
        """Make the file, or go on with it.

        Args:
            path: the file.
            mode: ``"x"`` for a file that must not be there yet, ``"w"`` to replace one, ``"a"`` to
                go on with one, or to make it where there is none. What a killed run left
                half-written at its end is then cut off first.

        Raises:
            FileExistsError: the file is there, and the mode is ``"x"``.
            OutputFileError: the mode is ``"a"``, and the file is of another make; it is unchanged.
            ImportError: the format needs a package that is not installed.
            OSError: the file cannot be made.
        """

    @classmethod
    @abstractmethod
    def read(cls, path: Path) -> Iterator[dict[str, Any]]:
        """The rows that are in a file, keyed by ``rows.COLUMNS``; none where none is.

        A row that a killed run left half-written at the end is not one.

        Raises:
            OutputFileError: the file is damaged or of another make.
            ImportError: the format needs a package that is not installed.
            OSError: the file cannot be read.
        """

    @classmethod
    @abstractmethod
    def keep(cls, path: Path, wanted: Callable[[dict[str, Any]], bool]) -> None:
        """Leave only the wanted rows in a file; it changes all at once, or not at all.

        Args:
            path: a file that no writer has open.
            wanted: whether a row, as `read` gives it, stays.

        Raises:
            OutputFileError: as `read`; the file is unchanged.
            OSError: the file cannot be written; it is unchanged.
        """

    @classmethod
    def renew(cls, path: Path, rows: Iterable[Row]) -> int:
        """Put a file with these rows in place of the one that may be there, all at once.

        Returns:
            How many rows it lacks; see `write_all`.

        Raises:
            OSError: the file cannot be written; it is unchanged.
        """
        with replacing(path) as new, cls.open(new, "w") as writer:
            return writer.write_all(rows)

    def write_all(self, rows: Iterable[Row]) -> int:
        """Write rows, but for those whose inputs are lost; return how many these were.

        Raises:
            OSError: the output takes no more.
        """
        lost = 0
        for row in rows:
            try:
                self.write(row)
            except InputLostError:
                lost += 1
        return lost

    @classmethod
    def exists(cls, path: Path) -> bool:
        """Whether there are rows of an earlier run, finished or killed."""
        return path.exists()

    @classmethod
    def check_installed(cls) -> None:
        """Say at once if the format needs a package that is not there.

        Raises:
            ImportError: with the command that installs it.
        """

    @abstractmethod
    def close(self) -> None:
        """Finish the file. Closing twice is closing once."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
