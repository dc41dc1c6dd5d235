"""Every error of this package that a caller may want to tell from others.

* MediaError: a picture or a clip cannot be read
    * MissingFileError: nothing is there
    * EmptyFileError: zero bytes
    * UnreadableFileError: a folder, a pipe, or no permission
    * UnsupportedFileError: not a picture or clip that this package knows
    * TruncatedFileError: cut short or damaged
    * TooLargeError: more pixels, frames or side notes than the limits
        * BudgetError: more work than one file may make
    * NoFramesError: well-formed, with nothing to see
    * CodecMissingError: its decoder is not on this machine
* ModelError: a model is unknown, damaged or does not fit
* OutputFileError: a file that is to be gone on with holds something else
    * IndexFileError: an index for searching cannot be searched or gone on with
* InputLostError: an input that goes into the output itself has vanished

The summarizer's own is `summarizer.SummarizerError`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class MediaError(Exception):
    """A file (or a picture in memory) that cannot be read.

    Attributes:
        path: the file as the caller named it, or ``"<image>"`` for a picture in memory.
        reason: what is wrong with it.
        remedy: what to do about it.

    ``str(error)`` is ``path: reason; remedy`` on one line: control characters in the path show as
    escapes, so that a file name can neither break a log nor steer a terminal.
    """

    def __init__(self, path: str, reason: str, remedy: str) -> None:
        super().__init__(path, reason, remedy)
        self.path = path
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{printable(self.path)}: {self.reason}; {self.remedy}"


class MissingFileError(MediaError):
    """There is no such file."""


class EmptyFileError(MediaError):
    """The file has no bytes."""


class UnreadableFileError(MediaError):
    """The file cannot be opened: a folder, a pipe, or no permission."""


class UnsupportedFileError(MediaError):
    """The content is neither a picture nor a clip."""


class TruncatedFileError(MediaError):
    """The file is cut short or damaged."""


class TooLargeError(MediaError):
    """A picture or clip has more pixels, frames or side notes than the limits."""


class BudgetError(TooLargeError):
    """Reading the file takes more time, pixels, bytes or memory than one file may take."""


class NoFramesError(MediaError):
    """The file is well-formed and holds no frame."""


class CodecMissingError(MediaError):
    """The file's decoder is not on this machine."""


class ModelError(ValueError):
    """A model that is unknown, incomplete or does not fit its configuration."""


class InputLostError(OSError):
    """An input that is to go into the output itself cannot be read any more.

    ``filename`` is the input. The output is as it was before, and takes other inputs.
    """


class OutputFileError(ValueError):
    """A file that is already there does not hold what this program can go on with.

    Nothing has been changed in it.

    Attributes:
        path: the file.
        reason: what is wrong with it.
        remedy: what to do about it.

    ``str(error)`` is ``path: reason; remedy`` on one line.
    """

    def __init__(self, path: str | Path, reason: str, remedy: str) -> None:
        super().__init__(str(path), reason, remedy)
        self.path = str(path)
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{printable(self.path)}: {self.reason}; {self.remedy}"


class IndexFileError(OutputFileError):
    """An index for searching is missing, damaged, or of another model or format."""


# What may be wrong with a part of a file only: what comes before it can be used.
DAMAGE = (TruncatedFileError, UnsupportedFileError)


def printable(text: str) -> str:
    r"""Return ``text`` with every character that does not print as an escape such as ``\n``."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )
