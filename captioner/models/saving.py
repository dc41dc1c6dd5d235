"""Files that belong together, written whole or not at all, whenever the process is killed.

They are made in a hidden folder inside their own, which a single renaming then makes valid: from
there they move to their places, and until each has, it is read from where it is. A new folder in
place of the old one would do for a folder that holds nothing else; but that of a training run also
holds its log and its checkpoints, and may be a link or a mounted disk.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

_VALID = ".saved"
_UNFINISHED = ".saving"


def write_whole(folder: Path, write: Callable[[Path], None]) -> None:
    """Writes files into a folder, in place of those of the same names; all others stay.

    Args:
        folder: made where it is missing.
        write: writes the files into the folder that it is called with.

    Raises:
        OSError: the folder cannot be written.
    """
    part = folder / _UNFINISHED
    shutil.rmtree(part, ignore_errors=True)  # of a process that was killed
    part.mkdir(parents=True)
    try:
        write(part)
        _move_to_places(folder)
        part.rename(folder / _VALID)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    _move_to_places(folder)


def whole_file(folder: Path, name: str) -> Path:
    """Where a file that `write_whole` wrote is to be read from; it need not exist."""
    saved = folder / _VALID / name
    return saved if saved.is_file() else folder / name


def _move_to_places(folder: Path) -> None:
    saved = folder / _VALID
    if saved.is_dir():
        for file in sorted(saved.iterdir()):
            file.replace(folder / file.name)
        saved.rmdir()
