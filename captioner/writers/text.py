"""Captions as lines for a reader at a terminal."""

from typing import TextIO

from captioner.batch.rows import Row, one_line, plain_name
from captioner.errors import printable
from captioner.writers.base import Writer


class TextWriter(Writer):
    """``path: caption``, a line for each input that has a caption.

    Args:
        stream: standard output.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, row: Row) -> None:
        """Write one row, through to the operating system."""
        if row.text is not None:
            caption = " ".join(row.text.split())
            self._stream.write(f"{printable(plain_name(row.path))}: {one_line(caption)}\n")
            self._stream.flush()
