"""Opening a media file: everything that can be wrong before its content is looked at."""

import stat
from pathlib import Path
from typing import BinaryIO

from captioner.media.errors import EmptyFileError, MissingFileError, UnreadableFileError


def open_media(path: str | Path) -> BinaryIO:
    """Open a regular, readable, non-empty file for reading bytes; the caller closes it.

    Raises:
        MissingFileError: nothing is there.
        UnreadableFileError: a folder, a pipe or device (opening one could wait for ever), no
            permission, or a name that the system refuses.
        EmptyFileError: zero bytes.
    """
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
        raise MissingFileError(name, "there is no such file", "check the path") from error
    except PermissionError as error:
        raise UnreadableFileError(
            name, "permission was refused", "make it readable for this user"
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableFileError(
            name, f"cannot be opened ({reason})", "check the path and the disk"
        ) from error
