"""Patterns such as ``photos/**/*.jpg`` that no shell has expanded: quoted ones, and on Windows."""

import glob
import os
import re
from fnmatch import fnmatch

from captioner.batch.folders import has_media_suffix, is_folder, natural, search

_SEPARATORS = re.compile(r"[/\\]" if os.sep == "\\" else "/")


def is_pattern(argument: str) -> bool:
    """Whether this is a pattern: nothing has this very name, and it holds ``*``, ``?`` or ``[``."""
    return glob.has_magic(argument) and not os.path.lexists(argument)


def expand(pattern: str, *, hidden: bool = False) -> list[str]:
    """The files and folders that a pattern names, in natural order.

    ``**`` stands for any number of folders, and then only files are taken. Files need a media
    suffix, unless the pattern ends in a suffix of its own, as ``*.heic``. Names that begin with
    a dot match only with ``hidden``, or where the pattern has the dot.
    """
    parts = _SEPARATORS.split(pattern)
    if "**" in parts:
        return _expand_deep(parts, hidden)
    every = _names_its_suffix(pattern)
    names = (name.rstrip("/") or name for name in glob.iglob(pattern, include_hidden=hidden))
    return sorted(
        (name for name in names if every or has_media_suffix(name) or is_folder(name)), key=natural
    )


def _expand_deep(parts: list[str], hidden: bool) -> list[str]:
    # The glob module follows links round and round; a search does not.
    first = parts.index("**")
    base, rest = os.sep.join(parts[:first]), parts[first:]
    if first and not base:
        base = os.sep
    every = _names_its_suffix(rest[-1])
    found = []
    for folder in sorted(glob.glob(base), key=natural) if glob.has_magic(base) else [base]:
        for name, _ in search(folder or os.curdir, True, hidden=hidden, any_suffix=every):
            if name and _match(name.split(os.sep), rest):
                found.append(os.path.join(folder, name))
    return found


def _match(names: list[str], parts: list[str]) -> bool:
    if not parts or not names:
        return not names and all(part == "**" for part in parts)
    if parts[0] == "**":
        return _match(names, parts[1:]) or _match(names[1:], parts)
    return fnmatch(names[0], parts[0]) and _match(names[1:], parts[1:])


def _names_its_suffix(pattern: str) -> bool:
    suffix = os.path.splitext(pattern)[1]
    return len(suffix) > 1 and not glob.has_magic(suffix)
