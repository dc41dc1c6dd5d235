"""Parquet, which is whole only once it is closed: its rows wait in a journal beside it."""

from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from captioner.batch.rows import COLUMNS, Row
from captioner.errors import OutputFileError
from captioner.writers.base import FileWriter, Mode
from captioner.writers.files import replacing
from captioner.writers.json_lines import JsonLinesWriter
from captioner.writers.records import OTHER_FILE

if TYPE_CHECKING:
    import pyarrow

_ROWS_AT_ONCE = 10_000  # a row group; large enough to compress well, small in memory


class ParquetWriter(FileWriter):
    """Typed columns; ``frames`` is a list of ``start``, ``end``, ``text`` and ``score``.

    A Parquet file cannot grow. So rows go to the journal ``FILE.part``, as JSON Lines, each through
    to the operating system; ``close`` writes them to the file, behind those that are there, and
    removes the journal. After a run that was killed, the journal still has its rows: `read` gives
    them too, and the mode ``"a"`` goes on with it.

    Args:
        path: the file.
        journal: takes the rows until the file is closed.
    """

    def __init__(self, path: Path, journal: JsonLinesWriter) -> None:
        self._path = path
        self._journal = journal
        self._closed = False

    @classmethod
    def open(cls, path: Path, mode: Mode) -> Self:
        """Make the file, or go on with it; see `FileWriter.open`."""
        cls.check_installed()
        if mode == "x" and path.exists():
            raise FileExistsError(17, "File exists", str(path))
        if mode == "a":
            _check_columns(path)
        journal = JsonLinesWriter.open(_journal_of(path), mode)
        if mode == "w":
            path.unlink(missing_ok=True)
        return cls(path, journal)

    @classmethod
    def read(cls, path: Path) -> Iterator[dict[str, Any]]:
        """The rows of the file, then those of its journal; see `FileWriter.read`."""
        cls.check_installed()
        _check_columns(path)
        return _rows(path)

    @classmethod
    def keep(cls, path: Path, wanted: Callable[[dict[str, Any]], bool]) -> None:
        """Leave only the wanted rows, all of them in the file; see `FileWriter.keep`."""
        _write(path, filter(wanted, cls.read(path)))

    @classmethod
    def renew(cls, path: Path, rows: Iterable[Row]) -> int:
        """Put a file with these rows in place of the one that may be there, and its journal."""
        lost = super().renew(path, rows)
        _journal_of(path).unlink(missing_ok=True)
        return lost

    @classmethod
    def exists(cls, path: Path) -> bool:
        """Whether there are rows of an earlier run, finished or killed."""
        return path.exists() or _journal_of(path).exists()

    @classmethod
    def check_installed(cls) -> None:
        """Say at once if pyarrow is not there."""
        if find_spec("pyarrow") is None:
            raise ImportError(
                "Parquet needs the package pyarrow; pip install 'captionloom[parquet]' brings it, "
                "and .jsonl or .csv does without"
            )

    def write(self, row: Row) -> None:
        """Write one row to the journal, through to the operating system."""
        self._journal.write(row)

    def close(self) -> None:
        """Write the rows of the journal to the file, all at once, and remove the journal.

        Raises:
            OSError: the file cannot be written; the journal stays.
        """
        if self._closed:
            return
        self._closed = True
        self._journal.close()
        journal = _journal_of(self._path)
        if journal.stat().st_size == 0 and self._path.exists():
            journal.unlink()
        else:
            _write(self._path, _rows(self._path))


def _journal_of(path: Path) -> Path:
    return path.with_name(path.name + ".part")


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a file and its journal, where there are any, each input once.

    A run that is killed between the two steps of closing leaves rows in both.
    """
    journal = _journal_of(path)
    newer = {row["file_name"] for row in JsonLinesWriter.read(journal)}
    if path.exists():
        import pyarrow.parquet

        with pyarrow.parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(_ROWS_AT_ONCE):
                yield from (row for row in batch.to_pylist() if row["file_name"] not in newer)
    yield from JsonLinesWriter.read(journal)


def _write(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Put a file with these rows in place of the file and its journal."""
    import pyarrow
    import pyarrow.parquet

    rows = iter(rows)
    schema = parquet_schema()
    with replacing(path) as new, pyarrow.parquet.ParquetWriter(new, schema) as file:
        while group := list(islice(rows, _ROWS_AT_ONCE)):
            file.write_table(pyarrow.Table.from_pylist(group, schema))
    _journal_of(path).unlink(missing_ok=True)


def parquet_schema() -> "pyarrow.Schema":
    """The columns of rows in Parquet: a `pyarrow.Schema` in the order of ``COLUMNS``."""
    import pyarrow

    text, number = pyarrow.string(), pyarrow.float64()
    frame = pyarrow.struct({"start": number, "end": number, "text": text, "score": number})
    types = {"score": number, "frames": pyarrow.list_(frame)}
    return pyarrow.schema([(column, types.get(column, text)) for column in COLUMNS])


def _check_columns(path: Path) -> None:
    """Refuse a file that is there and is not of this make."""
    if not path.exists():
        return
    import pyarrow
    import pyarrow.parquet

    try:
        schema = pyarrow.parquet.read_schema(path)
    except pyarrow.ArrowInvalid as error:
        raise OutputFileError(path, f"is no whole Parquet file ({error})", OTHER_FILE) from None
    if not schema.equals(parquet_schema()):
        raise OutputFileError(path, f"its columns are not {', '.join(COLUMNS)}", OTHER_FILE)
