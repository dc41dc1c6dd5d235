"""Full-text search is there, whatever was imported before."""

import subprocess
import sys

import pytest

# The libraries of TensorFlow, which bring an SQLite of their own, without the rest of it.
_TENSORFLOW = """
import ctypes
from importlib.util import find_spec
from pathlib import Path
folder = Path(find_spec("tensorflow").origin).parent
for name in ("libtensorflow_framework.so.2", "libtensorflow_cc.so.2"):
    ctypes.CDLL(str(folder / name), mode=ctypes.RTLD_GLOBAL)
"""
_FIRST = """
from captioner.runtime.sqlite import sqlite3
sqlite3.connect(":memory:").execute("CREATE VIRTUAL TABLE words USING fts5(name)")
print("found")
"""
_TOO_LATE = """
import sys
import sqlite3
from captioner.errors import IndexFileError
from captioner.search.store import Store
try:
    Store.create(Path(sys.argv[1]) / "index", "model", 8).close()
    print("made")
except IndexFileError as error:
    print(error.reason)
"""


def _run(program, *words):
    command = [sys.executable, "-c", program, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(sys.platform != "linux", reason="libraries do not see each other so there")
def test_after_tensorflow():
    assert _run(_TENSORFLOW + _FIRST) == "found\n"


def test_where_it_is_too_late_the_index_is_not_called_damaged(tmp_path):
    assert _run(_TENSORFLOW + _TOO_LATE, tmp_path).strip() in (
        "made",  # where TensorFlow shows its functions to nobody
        "cannot be used, for SQLite has no full-text search (FTS5) here",
    )
