"""Reading data files line by line, and telling what is wrong with them."""

from __future__ import annotations

import codecs
import gzip
import logging
import zlib
from collections.abc import Iterator
from pathlib import Path

_log = logging.getLogger(__name__)

_EXAMPLES = 5
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class DatasetError(ValueError):
    """A data set that is not there, not whole or not understood; says what, where and how many."""


class MissingSplitError(DatasetError):
    """A data set that is in order, but has no such split."""


class Problems:
    """What is wrong with a data set, gathered so that it can be told at once.

    Args:
        place: the file or folder that is read.
    """

    def __init__(self, place: Path):
        self.place = place
        self._examples: dict[str, list[str]] = {}

    def add(self, kind: str, example: str) -> None:
        """Notes one; ``kind`` says what is wrong, ``example`` where."""
        self._examples.setdefault(kind, []).append(example)

    def settle(self, *, allowed: bool) -> None:
        """Ends the search.

        Args:
            allowed: log what was found as a warning, since it was skipped.

        Raises:
            DatasetError: something was found, and it is not allowed.
        """
        if not self._examples:
            return
        found = "; ".join(_described(*item) for item in self._examples.items())
        if not allowed:
            raise DatasetError(
                f"{self.place}: {found}. Put this right, or skip it with allow_missing=True"
            )
        _log.warning("%s: skipped: %s", self.place, found)


def _described(kind: str, examples: list[str]) -> str:
    shown = ", ".join(examples[:_EXAMPLES])
    more = ", ..." if len(examples) > _EXAMPLES else ""
    return f"{kind} ({len(examples)}): {shown}{more}"


def read_lines(path: Path, problems: Problems) -> Iterator[tuple[int, str]]:
    """The lines of a UTF-8 text file, plain or gzipped (``.gz``), with their numbers from 1.

    Line ends of any system and a byte order mark are taken off. Blank lines are left out; lines
    that are not UTF-8 too, and they are noted in ``problems``.

    Raises:
        DatasetError: the file cannot be read, is not gzipped as its name says, or is UTF-16.
    """
    data = _bytes(path)
    if data.startswith(_UTF16):
        raise DatasetError(f"{path}: is written in UTF-16; save it as UTF-8")
    # Split before decoding: str.splitlines also breaks lines at characters that a caption may hold.
    lines = data.removeprefix(codecs.BOM_UTF8).splitlines()
    for number, line in enumerate(lines, start=1):
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            problems.add("not UTF-8", f"{path.name} line {number}")
            continue
        if text.strip():
            yield number, text


def _bytes(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if path.suffix == ".gz" else data
    except FileNotFoundError as error:
        raise DatasetError(f"{path}: there is no such file") from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DatasetError(f"{path}: is no whole gzip file ({error}); fetch it again") from error
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror or error})") from error
