"""The ``sqlite3`` that Python was built with, whatever else the process has loaded.

TensorFlow carries an SQLite of its own, without full-text search, and shows its functions to all
that is loaded after it: Python's module would call those instead of its own library's. Where
somebody has imported ``sqlite3`` after TensorFlow already, it is too late.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["sqlite3"]


@contextmanager
def _own_libraries_first() -> Iterator[None]:
    """What is loaded inside looks for functions in its own libraries before those of others."""
    deep = getattr(os, "RTLD_DEEPBIND", None)
    if deep is None:  # of Linux alone
        yield
        return
    before = sys.getdlopenflags()
    sys.setdlopenflags(before | deep)
    try:
        yield
    finally:
        sys.setdlopenflags(before)


with _own_libraries_first():
    import sqlite3
