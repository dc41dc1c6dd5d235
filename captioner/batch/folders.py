"""Searching a folder for pictures and clips, by their names alone."""

import os
import re
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from captioner.batch.rows import failure_reason
from captioner.errors import UnreadableFileError
from captioner.media.detect import MEDIA_SUFFIXES

_NUMBERS = re.compile("0*([0-9]+)")


class Entry(NamedTuple):
    """What a search comes upon: a file, or a folder that cannot be opened.

    Attributes:
        name: relative to the folder that is searched, with the system's separator; empty for
            that folder itself.
        error: why it cannot be read; None where nothing is known against it.
    """

    name: str
    error: str | None = None


def search(
    folder: str, recursive: bool, *, hidden: bool = False, any_suffix: bool = False
) -> Iterator[Entry]:
    """Find the files of a folder: natural order, the files of each folder before its sub-folders.

    Links are followed, and no folder is entered twice, so that no loop of links is one here. What
    can be reached without a link is: linked folders come last.

    Args:
        folder: where to look.
        recursive: also look into the folders in it.
        hidden: also take files, and enter folders, whose names begin with a dot.
        any_suffix: take all files, not only those with a suffix in ``MEDIA_SUFFIXES``.
    """
    waiting, linked = [""], deque[str]()
    entered: set[tuple[int, int]] = set()
    while waiting or linked:
        below = waiting.pop() if waiting else linked.popleft()
        path = os.path.join(folder, below) if below else folder
        try:
            status = os.stat(path)
            if (status.st_dev, status.st_ino) in entered:
                continue
            entered.add((status.st_dev, status.st_ino))
            content = _Content(path, hidden, any_suffix)
        except OSError as error:
            yield Entry(below, _folder_error(path, error))
            continue
        start = os.path.join(below, "")
        for name in sorted(content.files, key=natural):
            error_of_link = _fault_of_link(path, name) if name in content.links else None
            yield Entry(start + name, error_of_link)
        if recursive:
            folders = sorted(content.folders, key=natural)
            linked.extend(start + name for name in folders if name in content.links)
            waiting.extend(start + name for name in reversed(folders) if name not in content.links)


def natural(name: str) -> tuple[str, str]:
    """The key that sorts names as people do: ``a9`` before ``a10``."""
    return _NUMBERS.sub(_number_key, name.casefold()), name


def _number_key(number: re.Match[str]) -> str:
    # A longer number, without leading zeros, is the larger one: its length goes first.
    return f"0{chr(len(number[1]))}{number[1]}"


def is_folder(path: str) -> bool:
    """Whether this is a folder, or a link to one.

    Unlike ``Path.is_dir``, this takes a name too long, or a folder above without permission, for
    "no": the file is then tried, and its row says what is wrong.
    """
    return os.path.isdir(path)


def has_media_suffix(name: str) -> bool:
    """Whether a search takes a file of this name."""
    dot = name.rfind(".")
    return dot > 0 and name[dot:].lower() in MEDIA_SUFFIXES


class _Content:
    """The names in one folder: ``files``, ``folders``, and ``links``, which are one of both."""

    def __init__(self, path: str, hidden: bool, any_suffix: bool) -> None:
        self.files: list[str] = []
        self.folders: list[str] = []
        self.links: set[str] = set()
        with os.scandir(path) as entries:
            for entry in entries:
                if hidden or not entry.name.startswith("."):
                    self._sort(entry, any_suffix)

    def _sort(self, entry: "os.DirEntry[str]", any_suffix: bool) -> None:
        link = entry.is_symlink()
        if link:
            self.links.add(entry.name)
        if is_folder(entry.path) if link else entry.is_dir():
            self.folders.append(entry.name)
        # A link to nothing is taken too, so that it is named as a failure; a pipe would never end.
        elif (any_suffix or has_media_suffix(entry.name)) and (link or entry.is_file()):
            self.files.append(entry.name)


def _fault_of_link(folder: str, name: str) -> str | None:
    there = os.path.exists(os.path.join(folder, name))
    return None if there else "is a link to no such file; mend the link, or delete it"


def _folder_error(folder: str, error: OSError) -> str:
    reason = f"the folder cannot be opened ({error.strerror or error})"
    return failure_reason(
        UnreadableFileError(folder, reason, "check its permissions, or leave it out")
    )
