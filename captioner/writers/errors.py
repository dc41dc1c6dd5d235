"""What can be wrong with a file that is to be written to, or gone on with."""

from pathlib import Path

from captioner.media.errors import printable


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
