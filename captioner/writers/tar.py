"""WebDataset: the inputs themselves with their captions, in tar archives that trainers stream."""

import json
import os
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Self

from captioner.batch.rows import Row, plain_text
from captioner.errors import InputLostError
from captioner.media.detect import MEDIA_SUFFIXES
from captioner.writers.base import FileWriter, Mode
from captioner.writers.files import replacing
from captioner.writers.tar_samples import (
    END_OF_ARCHIVE,
    Sample,
    add_member,
    copy_bytes,
    samples_of,
)

MAX_SHARD_BYTES = 1_000_000_000  # what WebDataset's documentation calls a good size

_COUNTER = re.compile(r"%0?(\d*)d")
_JPEG_SUFFIXES = frozenset({".jfif", ".jpe", ".jpeg"})


class TarWriter(FileWriter):
    """A sample for each input that has a caption: its file, ``.txt`` and ``.json``.

    A name with a counter, ``captions-%06d.tar``, becomes shards of about a gigabyte; any other is
    one archive. Inputs that failed are not in it: there is nothing to learn from them.

    Python's own ``tarfile`` has all that this takes. (The writer of the library ``webdataset`` is a
    thin layer on it, and cannot go on with an archive.)

    Args:
        shards: their names.
        index: the shard to write to; it ends after a whole sample, or is not there yet.
        number: of the next sample.
    """

    takes_inputs: ClassVar[bool] = True

    def __init__(self, shards: "_Shards", index: int, number: int) -> None:
        self._shards = shards
        self._index = index
        self._number = number
        self._file = shards.path(index).open("ab")

    @classmethod
    def open(cls, path: Path, mode: Mode) -> Self:
        """Make the shards, or go on with them; see `FileWriter.open`."""
        shards = _Shards(path)
        there = shards.there()
        if mode == "x" and there:
            raise FileExistsError(17, "File exists", str(shards.path(there[0])))
        if mode == "w":
            for index in there:
                shards.path(index).unlink()
        if mode != "a" or not there:
            return cls(shards, 0, 0)
        # The newest shard is empty where a run was killed right after it made it.
        ends = (_last_sample(shards.path(index)) for index in reversed(there))
        last = next(ends)
        newest = last or next(filter(None, ends), None)
        os.truncate(shards.path(there[-1]), last.end if last else 0)
        return cls(shards, there[-1], newest.number + 1 if newest else 0)

    @classmethod
    def read(cls, path: Path) -> Iterator[dict[str, Any]]:
        """The rows that are in the shards; see `FileWriter.read`."""
        shards = _Shards(path)
        samples = (samples_of(shards.path(index)) for index in shards.there())
        return (sample.row for sample in chain.from_iterable(samples))

    @classmethod
    def keep(cls, path: Path, wanted: Callable[[dict[str, Any]], bool]) -> None:
        """Leave only the wanted samples; one shard after the other changes all at once."""
        shards = _Shards(path)
        for index in shards.there():
            shard = shards.path(index)
            samples = list(samples_of(shard))
            kept = [sample for sample in samples if wanted(sample.row)]
            if len(kept) < len(samples):
                _copy_samples(shard, kept)

    @classmethod
    def renew(cls, path: Path, rows: Iterable[Row]) -> int:
        """Put an archive with these rows in place of the one that may be there, all at once.

        Shards are removed, and then written one after the other.
        """
        if not _Shards(path).many:
            return super().renew(path, rows)
        with cls.open(path, "w") as writer:
            return writer.write_all(rows)

    @classmethod
    def exists(cls, path: Path) -> bool:
        """Whether there is a shard of an earlier run, finished or killed."""
        return bool(_Shards(path).there())

    def write(self, row: Row) -> None:
        """Write the sample of one row, if it has a caption, through to the operating system.

        Raises:
            InputLostError: the input cannot be read, or became shorter meanwhile.
            OSError: the shard takes no more; the writer is then closed, behind the last whole
                sample.
        """
        if row.text is None:
            return
        with _opened(row.path) as source:
            size = os.fstat(source.fileno()).st_size
            start = self._file.tell()
            if self._shards.many and start > 0 and start + size > MAX_SHARD_BYTES:
                self._begin_next_shard()
                start = 0
            try:
                self._add_sample(row, source)
            except InputLostError as error:
                self._file.truncate(start)
                self._file.seek(start)
                error.filename = row.path
                raise
            except BaseException:
                with suppress(OSError):
                    self._file.close()
                os.truncate(self._shards.path(self._index), start)
                raise
        self._number += 1

    def close(self) -> None:
        """End the last archive."""
        if not self._file.closed:
            self._file.write(END_OF_ARCHIVE)
            self._file.close()

    def _begin_next_shard(self) -> None:
        self.close()
        self._index += 1
        self._file = self._shards.path(self._index).open("xb")

    def _add_sample(self, row: Row, source: BinaryIO) -> None:
        about = os.fstat(source.fileno())
        time = int(about.st_mtime)
        add_member(self._file, self._name(_extension(row.path)), source, about.st_size, time)
        caption = plain_text(row.text or "")
        values = json.dumps(row.as_dict(), ensure_ascii=False, allow_nan=False)
        for extension, text in (("txt", caption), ("json", values)):
            content = text.encode("utf-8")
            add_member(self._file, self._name(extension), BytesIO(content), len(content), time)
        self._file.flush()

    def _name(self, extension: str) -> str:
        # Names of inputs have dots, which would end a key, and are the same in other folders.
        return f"{self._number:09d}.{extension}"


class _Shards:
    """The files of one output.

    Args:
        path: with a counter such as ``%06d`` in its name, or without: then it is the only one.

    Attributes:
        many: whether there is a counter.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._counter = _COUNTER.search(path.name)
        self.many = self._counter is not None

    def path(self, index: int) -> Path:
        """Where a shard lies."""
        if self._counter is None:
            return self._path
        number = f"{index:0{self._counter[1] or 1}d}"
        name = self._path.name
        return self._path.with_name(
            name[: self._counter.start()] + number + name[self._counter.end() :]
        )

    def there(self) -> list[int]:
        """The shards that are there, in order."""
        if self._counter is None:
            return [0] if self._path.exists() else []
        name = self._path.name
        before, after = name[: self._counter.start()], name[self._counter.end() :]
        pattern = re.compile(re.escape(before) + r"(\d+)" + re.escape(after))
        matches = (pattern.fullmatch(path.name) for path in self._path.parent.iterdir())
        indices = {int(match[1]) for match in matches if match}
        return sorted(index for index in indices if self.path(index).exists())


def _opened(path: str) -> BinaryIO:
    try:
        return Path(path).open("rb")
    except OSError as error:
        raise InputLostError(error.errno, error.strerror, path) from error


def _last_sample(shard: Path) -> Sample | None:
    return next(iter(deque(samples_of(shard), maxlen=1)), None)


def _copy_samples(shard: Path, samples: list[Sample]) -> None:
    with shard.open("rb") as source, replacing(shard) as new, new.open("wb") as file:
        for sample in samples:
            source.seek(sample.start)
            copy_bytes(source, file, sample.end - sample.start)
        file.write(END_OF_ARCHIVE)


def _extension(path: str) -> str:
    """By what WebDataset tells how to decode a file."""
    suffix = Path(path).suffix.lower()
    if suffix in _JPEG_SUFFIXES:
        return "jpg"
    return suffix[1:] if suffix in MEDIA_SUFFIXES else "bin"
