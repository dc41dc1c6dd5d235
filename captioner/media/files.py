"""Opening a media file: everything that can be wrong before its content is looked at."""

import errno
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from captioner.errors import EmptyFileError, MissingFileError, UnreadableFileError


@contextmanager
def open_media(path: str | Path) -> Iterator[BinaryIO]:
    """Open a regular, readable, non-empty file for reading bytes, and close it in the end.

    Raises:
        MissingFileError: nothing is there.
        UnreadableFileError: a folder, a pipe or device (opening one could wait for ever), no
            permission, a name that the system refuses, or a disk that fails while the file is
            open.
        EmptyFileError: zero bytes.
    """
    with _open(path) as file:
        try:
            yield file
        except OSError as error:
            reason = f"cannot be read ({error.strerror or error})"
            raise UnreadableFileError(str(path), reason, "check the disk or network") from error


def _open(path: str | Path) -> BinaryIO:
    name = str(path)
    try:
        status = Path(path).stat()
        if stat.S_ISDIR(status.st_mode):
            raise UnreadableFileError(name, "is a folder", "name the files in it")
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableFileError(name, "is not an ordinary file", "save its content as a file")
        if status.st_size == 0:
            raise EmptyFileError(name, "is empty (0 bytes)", "copy or download it again")
        return Path(path).open("rb")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _missing(path) from error
    except PermissionError as error:
        raise UnreadableFileError(
            name, "permission was refused", "make it readable for this user"
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        if getattr(error, "errno", None) == errno.ELOOP:
            raise _missing(path) from error
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableFileError(
            name, f"cannot be opened ({reason})", "check the path and the disk"
        ) from error


def _missing(path: str | Path) -> MissingFileError:
    if Path(path).is_symlink():
        remedy = "mend the link, or delete it"
        return MissingFileError(str(path), "is a link to no such file", remedy)
    return MissingFileError(str(path), "there is no such file", "check the path")
