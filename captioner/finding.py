"""Arguments of the command line → the files to caption, in order."""

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from captioner.media.errors import UnreadableFileError
from captioner.media.kinds import MEDIA_SUFFIXES, MediaKind, media_kind
from captioner.rows import failure_reason


@dataclass(frozen=True)
class Input:
    """One file to caption, or a folder that could not be opened.

    Attributes:
        path: opens from the current folder; for a file that was given, as given.
        file_name: how rows name it: relative to the folder that was given, with ``/`` between
            the parts; for a file that was given, the path as given.
        kind: what the file is; None where that could not be read.
        error: why it could not be read; None where it could.
    """

    path: str
    file_name: str
    kind: MediaKind | None = None
    error: str | None = None


@dataclass(frozen=True)
class Found:
    """What the arguments name.

    Attributes:
        inputs: the files, in the order of the arguments, and natural order in each folder.
        empty: the folders given that hold no picture and no clip.
    """

    inputs: tuple[Input, ...]
    empty: tuple[str, ...]


def find_inputs(arguments: Sequence[str], recursive: bool = False) -> Found:
    """Find the files that the arguments name, and look at the beginning of each.

    A file that is named is taken whatever its suffix; in a folder those with a suffix in
    ``MEDIA_SUFFIXES`` are, without the hidden ones. A file that two arguments name is taken
    once. Where files of two folders would have the same name in the rows, theirs begin with the
    folder.

    Args:
        arguments: paths of files and folders; no empty strings.
        recursive: also take the files of the folders in the folders. Links are followed, and no
            folder is entered twice.
    """
    inputs: dict[str, Input] = {}
    empty: list[str] = []
    for argument in arguments:
        if _is_folder(argument):
            found = list(_search(Path(argument), recursive))
        else:
            found = [Input(argument, argument)]
        if not found:
            empty.append(argument)
        for item in found:
            inputs.setdefault(os.path.abspath(item.path), item)  # noqa: PTH100 - keeps links
    return Found(tuple(map(_inspect, _with_distinct_names(inputs.values()))), tuple(empty))


def _search(folder: Path, recursive: bool) -> Iterator[Input]:
    waiting = [folder]
    entered: set[tuple[int, int]] = set()
    while waiting:
        current = waiting.pop()
        try:
            identity = current.stat()
            if (identity.st_dev, identity.st_ino) in entered:
                continue  # a link that leads back
            entered.add((identity.st_dev, identity.st_ino))
            with os.scandir(current) as entries:
                files, folders = _sort_entries(entries)
        except OSError as error:
            yield Input(
                str(current), _name_in(folder, current), error=_folder_error(current, error)
            )
            continue
        for name in files:
            yield Input(str(current / name), _name_in(folder, current / name))
        if recursive:
            waiting.extend(current / name for name in reversed(folders))


def _sort_entries(entries: Iterable["os.DirEntry[str]"]) -> tuple[list[str], list[str]]:
    files, folders = [], []
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if _is_folder(entry.path):
            folders.append(entry.name)
        elif _is_media(entry):
            files.append(entry.name)
    return sorted(files, key=_natural), sorted(folders, key=_natural)


def _is_folder(path: str) -> bool:
    # Unlike Path.is_dir, this takes a link to itself, a name too long, or a folder above without
    # permission for "no": the file is then tried, and its row says what is wrong.
    return os.path.isdir(path)  # noqa: PTH112


def _is_media(entry: "os.DirEntry[str]") -> bool:
    # A link to nothing is taken too, so that it is named as a failure; a pipe would never end.
    readable = entry.is_symlink() or entry.is_file()
    return readable and Path(entry.name).suffix.lower() in MEDIA_SUFFIXES


def _natural(name: str) -> tuple[list[str | int], str]:
    # re.split gives text and numbers in turn, so a text is only ever compared with a text.
    parts = re.split("([0-9]+)", name.casefold())
    return [int(part) if number % 2 else part for number, part in enumerate(parts)], name


def _name_in(folder: Path, path: Path) -> str:
    return str(path) if path == folder else path.relative_to(folder).as_posix()


def _folder_error(folder: Path, error: OSError) -> str:
    reason = f"the folder cannot be opened ({error.strerror or error})"
    return failure_reason(
        UnreadableFileError(str(folder), reason, "check its permissions, or leave it out")
    )


def _with_distinct_names(inputs: Iterable[Input]) -> list[Input]:
    inputs = list(inputs)
    counts = Counter(item.file_name for item in inputs)
    return [
        replace(item, file_name=Path(item.path).as_posix()) if counts[item.file_name] > 1 else item
        for item in inputs
    ]


def _inspect(item: Input) -> Input:
    if item.error is not None:
        return item
    try:
        return replace(item, kind=media_kind(item.path))
    except Exception as error:  # whatever one file does, the others are still to be captioned
        return replace(item, error=failure_reason(error))
