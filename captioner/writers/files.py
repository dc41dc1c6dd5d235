"""Whole files that appear at once, or not at all."""

import errno
import os
import secrets
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from captioner.errors import OutputFileError

_START, _END = ".captionloom-", ".part"
_STALE_AFTER = 24 * 3600  # seconds; no file takes that long to write


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A new file to write, which takes the place of ``path`` when the block ends well.

    Readers see the old file or the new one and never a half. The new file keeps the permissions of
    the old one. When the block fails, the old file is left as it was.

    Raises:
        OutputFileError: what is there is no regular file, or a link to none.
        OSError: the file cannot be written; its ``filename`` is ``path``.
    """
    is_regular(path)
    target = Path(os.path.realpath(path))  # a link stays a link
    # A name of its own, so that two runs side by side cannot write into each other's file; short,
    # because the target's may already be as long as the file system allows.
    new = target.with_name(f"{_START}{secrets.token_hex(6)}{_END}")
    try:
        _check_writable(target)
        with new.open("xb"):
            pass
        yield new
        if target.exists():
            shutil.copymode(target, new)
        new.replace(target)
    except OSError as error:
        if error.filename in (None, str(new)):  # None: a full disk
            error.filename = str(path)
        raise
    finally:
        new.unlink(missing_ok=True)


def is_regular(path: Path) -> bool:
    """Whether a regular file, or a link to one, is there; False where nothing is.

    Raises:
        OutputFileError: something else is: a device, a pipe that could keep a reader for ever, a
            link that leads nowhere.
        IsADirectoryError: a folder is.
        OSError: it cannot be looked at.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        if not path.is_symlink():
            return False
        remedy = "mend the link, or delete it"
        raise OutputFileError(path, "is a link to no such file", remedy) from None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        raise OutputFileError(path, "is no ordinary file, and is left as it is", "move it away")
    return True


def sweep(folder: Path) -> None:
    """Remove the unfinished files that killed runs have left in a folder, a day after."""
    for left in folder.glob(f"{_START}*{_END}"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > _STALE_AFTER:
                left.unlink()


def write_text(path: Path, text: str) -> None:
    """Write a whole file as UTF-8, with newlines as they are in ``text``, all at once.

    Raises:
        OSError: as `replacing`.
    """
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write a whole file all at once.

    Raises:
        OSError: as `replacing`.
    """
    with replacing(path) as new:
        new.write_bytes(content)


def _check_writable(target: Path) -> None:
    # Replacing a file asks only its folder for permission; a file that is read-only stays as it is.
    if target.exists() and not os.access(target, os.W_OK):
        target.open("ab").close()
