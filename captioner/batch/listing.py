"""Lists of inputs: what ``--files-from`` reads."""

import codecs
import os
import sys
from pathlib import Path

from captioner.batch.options import STANDARD_INPUT

_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_list(name: str, *, null: bool = False) -> list[str]:
    r"""Read a list of paths; empty lines are passed by.

    Lines may end in ``\n`` or ``\r\n``, and the list may begin with a byte order mark, as lists
    that are made on Windows do. All other bytes belong to the names.

    Args:
        name: the list's file, or ``-`` for standard input.
        null: paths end in zero bytes instead, as ``find -print0`` writes them; a path may then
            hold a line end.

    Raises:
        OSError: the list cannot be read.
    """
    data = sys.stdin.buffer.read() if name == STANDARD_INPUT else Path(name).read_bytes()
    if null:
        return [os.fsdecode(path) for path in data.split(b"\0") if path]
    if data.startswith(_UTF16_MARKS):
        lines = data.decode("utf-16", "replace").split("\n")
    else:
        lines = os.fsdecode(data.removeprefix(codecs.BOM_UTF8)).split("\n")
    return [path for line in lines if (path := line.removesuffix("\r"))]
