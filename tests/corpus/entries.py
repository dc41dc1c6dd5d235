"""What the corpus is made of: files of many kinds, each with what may be said of it."""

import hashlib
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from captioner.errors import (
    CodecMissingError,
    MediaError,
    NoFramesError,
    TooLargeError,
    TruncatedFileError,
    UnsupportedFileError,
)

Errors = tuple[type[MediaError], ...]

# What damage at a random place may lead to.
ANY_DAMAGE: Errors = (
    TruncatedFileError,
    UnsupportedFileError,
    TooLargeError,
    NoFramesError,
    CodecMissingError,
)


@dataclass(frozen=True)
class Entry:
    """One file of the corpus, and what is expected of it.

    Attributes:
        kind: the group it belongs to.
        path: where it is.
        captioned: True: it must get a caption; False: it must not; None: either is right.
        errors: what may be wrong with it, where it gets none.
        found: whether the search of a folder finds it; the others are given by name.
    """

    kind: str
    path: Path
    captioned: bool | None
    errors: Errors = ()
    found: bool = True


class Box:
    """The folder of one kind, which its maker fills."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self.folder = folder
        self.entries: list[Entry] = []
        folder.mkdir(parents=True, exist_ok=True)

    def good(self, name: str, data: bytes | None = None, *, found: bool = True) -> None:
        """Add a file that must be captioned; ``data`` of None: it is there already."""
        self._add(name, data, True, (), found)

    def bad(
        self, name: str, data: bytes | None, *errors: type[MediaError], found: bool = True
    ) -> None:
        """Add a file that cannot be captioned, and which errors say so."""
        assert errors, name
        self._add(name, data, False, errors, found)

    def either(self, name: str, data: bytes | None, *errors: type[MediaError]) -> None:
        """Add a file of which a part may be left to see; without ``errors``, any damage."""
        self._add(name, data, None, errors or ANY_DAMAGE, True)

    def _add(
        self, name: str, data: bytes | None, captioned: bool | None, errors: Errors, found: bool
    ) -> None:
        path = self.folder / name
        if data is not None:
            path.write_bytes(data)
        self.entries.append(Entry(self.kind, path, captioned, errors, found))


KINDS: dict[str, Callable[[Box], None]] = {}


def kind(name: str) -> Callable[[Callable[[Box], None]], Callable[[Box], None]]:
    """Enter the decorated function, which fills a box, as the maker of a kind."""

    def enter(maker: Callable[[Box], None]) -> Callable[[Box], None]:
        assert name not in KINDS, name
        KINDS[name] = maker
        return maker

    return enter


def kinds_of(
    names: Iterator[str] | list[str], maker: Callable[[Box, str], None], verb: str
) -> None:
    """Enter one kind for each name: ``verb name``, made by ``maker(box, name)``."""
    for name in names:
        kind(f"{verb}-{name.lstrip('.')}")(lambda box, name=name: maker(box, name))


# Damage


def cuts(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (per cent, the first so many of the bytes) at every tenth."""
    for percent in range(10, 100, 10):
        yield percent, data[: len(data) * percent // 100]


def flips(data: bytes, count: int = 4) -> Iterator[tuple[int, bytes]]:
    """Yield (seed, the bytes with some of them changed): few, more, and many."""
    for seed in range(count):
        changed = bytearray(data)
        source = random.Random(hashlib.sha256(data[:16] + bytes([seed])).digest())
        for _ in range((1, 3, 10, 40)[seed % 4]):
            changed[source.randrange(len(changed))] ^= 1 << source.randrange(8)
        yield seed, bytes(changed)


def zeroed(data: bytes, start: float, length: int = 512) -> bytes:
    """Return the bytes with ``length`` zeros from a part (0 to 1) of the way on."""
    at = int(len(data) * start)
    length = min(length, len(data) - at)
    return data[:at] + bytes(length) + data[at + length :]
