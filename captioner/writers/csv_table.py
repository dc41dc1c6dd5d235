"""CSV as RFC 4180 has it: a header, then a record for each row."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from captioner.batch.rows import COLUMNS
from captioner.errors import OutputFileError
from captioner.writers.records import OTHER_FILE, RecordWriter

_STATUS = COLUMNS.index("status")


class CsvWriter(RecordWriter):
    """A header, then a record for each row; ``frames`` is JSON in its cell.

    What is null in JSON is an empty cell.
    """

    def write_values(self, values: dict[str, Any]) -> None:
        """Write one row, as `Row.as_dict` gives it, into the stream's buffer."""
        cells = dict(values)
        if cells["frames"] is not None:
            cells["frames"] = json.dumps(cells["frames"], ensure_ascii=False, allow_nan=False)
        csv.writer(self._stream).writerow([cells[column] for column in COLUMNS])

    def _begin(self) -> None:
        csv.writer(self._stream).writerow(COLUMNS)

    @classmethod
    def _rows(cls, path: Path) -> Iterator[dict[str, Any]]:
        for number, (cells, _) in enumerate(_records(path), start=1):
            if number > 1:
                yield _row(path, number, cells)

    @classmethod
    def _repair(cls, path: Path) -> bool:
        end = max((end for _, end in _records(path)), default=0)
        with path.open("r+b") as file:
            file.truncate(end)
        return end > 0


def _records(path: Path) -> Iterator[tuple[list[str], int]]:
    """The records of a file, its header among them, and the byte after each.

    A record can span lines: it ends at the first line end outside of quotes. What follows the last
    such line end was torn off in the middle of writing, and is no record.
    """
    csv.field_size_limit(2**31 - 1)  # the frames of a long clip can exceed the default of 128 KiB
    end = 0
    with path.open("rb") as file:
        lines = _Lines(file)
        reader = csv.reader(lines, strict=True)
        while True:
            try:
                cells = next(reader, None)
            except (csv.Error, UnicodeDecodeError) as error:
                if not lines.torn:
                    reason = f"line {lines.number} is not CSV in UTF-8 ({error})"
                    raise OutputFileError(path, reason, OTHER_FILE) from None
                break
            if cells is None or lines.torn:
                break
            if not cells:  # an empty line
                continue
            _check_width(path, lines.number, cells, header=end == 0)
            end = lines.end
            yield cells, end
        file.seek(end)
        _check_torn(path, file.read(), header=end == 0)


class _Lines:
    """The lines of a file as text; it counts their bytes, and knows when they run out.

    Attributes:
        number: how many lines were read.
        end: the byte after the last one.
        torn: whether there is no more to complete a record with: the last line has no end, or one
            more was asked for.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.number = 0
        self.end = 0
        self.torn = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._file.readline()
        self.torn = not line.endswith(b"\n")
        if not line:
            raise StopIteration
        self.number += 1
        self.end += len(line)
        return line.decode("utf-8")


def _check_width(path: Path, line: int, cells: list[str], header: bool) -> None:
    if header:
        cells[0] = cells[0].removeprefix("\ufeff")  # spreadsheets write a byte order mark
        if cells != list(COLUMNS):
            raise OutputFileError(path, f"its columns are not {','.join(COLUMNS)}", OTHER_FILE)
    elif len(cells) != len(COLUMNS):
        reason = f"line {line} ends a record of {len(cells)} cells instead of {len(COLUMNS)}"
        raise OutputFileError(path, reason, OTHER_FILE)


def _check_torn(path: Path, torn: bytes, header: bool) -> None:
    """Refuse an end that is more than one record half-written: it is not ours to cut off."""
    if header and not ",".join(COLUMNS).encode().startswith(torn.rstrip(b"\r")):
        raise OutputFileError(path, f"its columns are not {','.join(COLUMNS)}", OTHER_FILE)
    # A quote that an editor left open makes one record of all that follows it.
    later = torn.decode("utf-8", "replace").splitlines(keepends=True)[1:]
    for line in later:
        cells = next(csv.reader([line]), [])
        if len(cells) == len(COLUMNS) and cells[_STATUS] in ("ok", "error"):
            reason = "a quote is opened after its last whole record and never closed"
            raise OutputFileError(path, reason, "mend the quote in an editor; " + OTHER_FILE)


def _row(path: Path, number: int, cells: list[str]) -> dict[str, Any]:
    """A row as `Row.as_dict` gives it."""
    values: dict[str, Any] = {
        column: cell or None for column, cell in zip(COLUMNS, cells, strict=True)
    }
    if values["status"] == "ok" and values["text"] is None:
        values["text"] = ""  # a caption without words
    try:
        values["score"] = None if values["score"] is None else float(values["score"])
        values["frames"] = None if values["frames"] is None else json.loads(values["frames"])
    except ValueError as error:
        raise OutputFileError(path, f"record {number} is damaged ({error})", OTHER_FILE) from None
    return values
