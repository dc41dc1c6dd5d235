"""The words of a command line → the files to caption, in order. No file is opened here."""

import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from captioner.batch.folders import search
from captioner.batch.patterns import expand, is_pattern
from captioner.batch.rows import failure_reason
from captioner.errors import MissingFileError


@dataclass(frozen=True, slots=True)
class Input:
    """One file to caption, or what could not be found or opened.

    Attributes:
        path: opens from the current folder; for a file that was given, as given.
        file_name: how rows name it, with ``/`` between the parts: relative to the folder that was
            given; for a file that was given, and where several folders were, the path.
        error: what is already known to be wrong with it.
    """

    path: str
    file_name: str
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What the arguments name.

    Attributes:
        inputs: the files, in the order of the arguments, and natural order in each folder.
        empty: the folders given that hold no picture and no clip.
    """

    inputs: tuple[Input, ...]
    empty: tuple[str, ...]


def find_inputs(
    arguments: Sequence[str],
    recursive: bool = False,
    *,
    listed: Iterable[str] = (),
    hidden: bool = False,
) -> Found:
    """Find the files that the arguments name.

    A file that is named is taken whatever its suffix; in a folder those with a suffix in
    ``MEDIA_SUFFIXES`` are. A file that two arguments name is taken once.

    Args:
        arguments: files, folders and patterns; no empty strings.
        recursive: also take the files of the folders in the folders, and let ``**`` of a pattern
            stand for them. Links are followed, and no folder is entered twice.
        listed: more files and folders, which come after the arguments; no patterns.
        hidden: also take what is hidden in a folder, that is, begins with a dot.
    """
    named = [item for argument in arguments for item in _named(argument, recursive, hidden)]
    named.extend(map(_look_up, listed))
    # With several folders all names carry theirs: were it only those that two folders have, a
    # file that is added to one could change the name of a file in the other.
    several = len({os.path.abspath(path) for path, item in named if item is None}) > 1
    inputs: dict[str, Input] = {}
    empty = []
    for path, item in named:
        if item is not None:
            inputs.setdefault(os.path.abspath(path), item)  # and not the real path: links stay
            continue
        files = list(_files_of(path, recursive, hidden, relative=not several))
        if not files:
            empty.append(path)
        for key, file in files:
            inputs.setdefault(key, file)
    alone = several or len(named) == 1
    found = tuple(inputs.values()) if alone else _with_distinct_names(inputs.values())
    return Found(found, tuple(empty))


def _named(argument: str, recursive: bool, hidden: bool) -> "list[tuple[str, Input | None]]":
    """The paths that an argument stands for; the input is None for a folder."""
    if not is_pattern(argument):
        return [_look_up(argument)]
    if "**" in argument and not recursive:
        return [(argument, Input(argument, argument, "** stands for sub-folders; add -r"))]
    if paths := expand(argument, hidden=hidden):
        return [_look_up(path) for path in paths]
    return [(argument, Input(argument, argument, "nothing matches this pattern; check it"))]


def _look_up(path: str) -> "tuple[str, Input | None]":
    error = None
    try:
        if stat.S_ISDIR(os.stat(path).st_mode):
            return path, None
    except (FileNotFoundError, NotADirectoryError):
        if not os.path.lexists(path):
            missing = MissingFileError(path, "there is no such file", "check the path")
            error = failure_reason(missing)
    except (OSError, ValueError):
        pass  # what is wrong is found out when it is opened
    return path, Input(path, path, error)


def _files_of(
    folder: str, recursive: bool, hidden: bool, *, relative: bool
) -> Iterator[tuple[str, Input]]:
    """The files of a folder that was given, each with its absolute path."""
    base = str(Path(folder))
    start = "" if base == os.curdir else os.path.join(base, "")
    absolute = os.path.join(os.path.abspath(base), "")
    for name, error in search(base, recursive, hidden=hidden):
        if not name:
            yield absolute, Input(folder, folder, error)
            continue
        file_name = name if relative else start + name
        if os.sep != "/":
            file_name = file_name.replace(os.sep, "/")
        yield absolute + name, Input(start + name, file_name, error)


def _with_distinct_names(inputs: Iterable[Input]) -> tuple[Input, ...]:
    """Where a file of the folder and one that was given have the same name, both become paths."""
    inputs = tuple(inputs)
    counts = Counter(item.file_name for item in inputs)
    return tuple(
        replace(item, file_name=Path(item.path).as_posix()) if counts[item.file_name] > 1 else item
        for item in inputs
    )
