"""JSON Lines: a JSON object a line."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from captioner.batch.rows import COLUMNS
from captioner.errors import OutputFileError
from captioner.writers.records import OTHER_FILE, RecordWriter

_COLUMNS = frozenset(COLUMNS)
_BEGINNING = b'{"file_name": '


class JsonLinesWriter(RecordWriter):
    """One JSON object a line, with the keys of ``COLUMNS``; non-Latin text stays readable."""

    def write_values(self, values: dict[str, Any]) -> None:
        """Write one row, as `Row.as_dict` gives it, into the stream's buffer."""
        self._stream.write(json.dumps(values, ensure_ascii=False, allow_nan=False) + "\n")

    @classmethod
    def _rows(cls, path: Path) -> Iterator[dict[str, Any]]:
        return (values for values, _ in _lines(path))

    @classmethod
    def _repair(cls, path: Path) -> bool:
        end = max((end for _, end in _lines(path)), default=0)
        with path.open("r+b") as file:
            file.truncate(end)
            file.seek(max(0, end - 1))
            # A whole row that lacks only its line end is a row.
            if file.read(1) not in (b"\n", b""):
                file.write(b"\n")
        return True


def _lines(path: Path) -> Iterator[tuple[dict[str, Any], int]]:
    """The rows of a file, and the byte after each; a torn last line is not one."""
    end = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            end += len(line)
            if not line.strip():
                continue
            try:
                values = json.loads(line)
            except ValueError:
                if _is_torn(line):
                    return
                raise OutputFileError(path, f"line {number} is not JSON", OTHER_FILE) from None
            if not isinstance(values, dict) or values.keys() != _COLUMNS:
                reason = f"line {number} has not the keys of a row ({', '.join(COLUMNS)})"
                raise OutputFileError(path, reason, OTHER_FILE)
            yield values, end


def _is_torn(line: bytes) -> bool:
    """Whether a line was cut off in writing; one that begins otherwise is not ours to cut."""
    ours = line.startswith(_BEGINNING) or _BEGINNING.startswith(line)
    return ours and not line.endswith(b"\n")
