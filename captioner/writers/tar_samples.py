"""The samples of one WebDataset shard: a tar archive of inputs, their captions and their rows.

The layout is that of https://github.com/webdataset/webdataset: plain POSIX tar, in which all files
of the same name up to the first dot are one sample. A sample here is ``000000000.jpg`` (or the
input's other suffix), ``000000000.txt`` with the caption, and last ``000000000.json`` with the row.
"""

import errno
import json
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from captioner.batch.rows import COLUMNS
from captioner.errors import InputLostError, OutputFileError
from captioner.writers.records import OTHER_FILE

END_OF_ARCHIVE = bytes(2 * tarfile.BLOCKSIZE)

_PIECE = 1 << 20
_COLUMNS = frozenset(COLUMNS)
_MEMBER = re.compile(r"(\d{9,})\.[a-z0-9]+")
_ROW_HEADER = re.compile(rb"(\d{9,})\.json\0")


@dataclass(frozen=True)
class Sample:
    """A whole sample of a shard.

    Attributes:
        number: what its files are called.
        row: keyed by ``COLUMNS``.
        start: its first byte in the shard.
        end: the byte after its last.
    """

    number: int
    row: dict[str, Any]
    start: int
    end: int


def samples_of(path: Path) -> Iterator[Sample]:
    """The whole samples of a shard; one that was torn off in writing, at the end, is none.

    Raises:
        OutputFileError: the archive is damaged before its end, or of another make.
    """
    end = 0
    with path.open("rb") as file:
        for member, member_end in _members(file):
            name = _MEMBER.fullmatch(member.name)
            if name is None:
                raise OutputFileError(path, f"it holds {member.name!r}", OTHER_FILE)
            if member.name.endswith(".json"):
                file.seek(member.offset_data)
                row = _row(path, member.name, file.read(member.size))
                yield Sample(int(name[1]), row, end, member_end)
                end = member_end
        file.seek(end)
        _check_rest(path, file)


def add_member(shard: BinaryIO, name: str, source: BinaryIO, size: int, time: int) -> None:
    """Write one file into a shard.

    Args:
        shard: takes the bytes.
        name: of the file.
        source: gives its bytes.
        size: how many it has.
        time: when it was last changed, in seconds since 1970.

    Raises:
        InputLostError: as `copy_bytes`.
        OSError: the shard takes no more.
    """
    header = tarfile.TarInfo(name)
    header.size = size
    header.mtime = time
    # GNU's form has room for files above 8 GB without a second header.
    shard.write(header.tobuf(tarfile.GNU_FORMAT))
    copy_bytes(source, shard, size)
    shard.write(bytes(-size % tarfile.BLOCKSIZE))


def copy_bytes(source: BinaryIO, target: BinaryIO, size: int) -> None:
    """Copy so many bytes.

    Raises:
        InputLostError: the source gives fewer. It has no ``filename`` yet.
        OSError: the target takes no more.
    """
    while size > 0:
        try:
            piece = source.read(min(size, _PIECE))
        except OSError as error:
            raise InputLostError(error.errno, error.strerror) from error
        if not piece:
            raise InputLostError(errno.EIO, f"it became shorter by {size} bytes meanwhile")
        target.write(piece)
        size -= len(piece)


def _members(file: BinaryIO) -> Iterator[tuple[tarfile.TarInfo, int]]:
    """The whole members up to where the archive is damaged or ends, and the byte after each."""
    size = file.seek(0, 2)
    end = 0
    while True:
        file.seek(end)
        header = file.read(tarfile.BLOCKSIZE)
        try:
            member = tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape")
        except tarfile.HeaderError:
            return
        member.offset_data = file.tell()
        end = member.offset_data + member.size + -member.size % tarfile.BLOCKSIZE
        if end > size:
            return
        yield member, end


def _row(path: Path, name: str, text: bytes) -> dict[str, Any]:
    try:
        row = json.loads(text)
    except ValueError:
        raise OutputFileError(path, f"its {name} is not JSON", OTHER_FILE) from None
    if not isinstance(row, dict) or row.keys() != _COLUMNS:
        reason = f"its {name} has not the keys of a row ({', '.join(COLUMNS)})"
        raise OutputFileError(path, reason, OTHER_FILE)
    return row


def _check_rest(path: Path, file: BinaryIO) -> None:
    """Refuse an end that is more than one sample half-written: it is not ours to cut off."""
    first = file.read(tarfile.BLOCKSIZE)
    if not re.match(rb"\d{9,}\.|\d{0,9}\Z|\0", first):
        raise OutputFileError(path, "it is no shard of this program", OTHER_FILE)
    torn = first.split(b".")[0]
    for block in iter(lambda: file.read(tarfile.BLOCKSIZE), b""):
        later = _ROW_HEADER.match(block)
        if later is not None and later[1] != torn:
            reason = f"it is damaged before the sample {later[1].decode()}"
            raise OutputFileError(path, reason, OTHER_FILE)
