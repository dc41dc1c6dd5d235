"""A corpus of broken and odd inputs: hundreds of small files, each with what is expected of it.

``python -m tests.corpus FOLDER`` writes it; `make` does so for the tests. The same files come
again each time. A kind is a function with the decorator ``@kind`` in one of the modules below.
"""

from pathlib import Path

from tests.corpus import animations, others, photos, places, videos
from tests.corpus.entries import KINDS, Box, Entry

__all__ = ["KINDS", "Entry", "make"]

_MODULES = (animations, others, photos, places, videos)  # each enters its kinds when imported


def make(folder: Path) -> list[Entry]:
    """Write the corpus into ``folder``, a sub-folder for each kind; return what is expected."""
    entries: list[Entry] = []
    for name, maker in KINDS.items():
        box = Box(name, folder / name)
        maker(box)
        entries += box.entries
    return entries
