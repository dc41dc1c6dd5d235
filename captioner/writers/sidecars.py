"""Files beside each input: what all have in common, plain text, and JSON."""

import functools
import json
import os
from abc import ABC, abstractmethod
from collections import Counter
from pathlib import Path
from typing import ClassVar

from captioner.media.kinds import MEDIA_SUFFIXES
from captioner.rows import COLUMNS, Row, plain_text
from captioner.writers.errors import OutputFileError
from captioner.writers.files import write_text


class Sidecar(ABC):
    """A format of the file beside an input; used as a class, without making one.

    Attributes:
        suffix: the end of the file's name, with the dot.
        keeps_suffix: whether ``photo.jpg`` has ``photo.jpg.xmp`` rather than ``photo.xmp``.
        appendable: whether a caption can be put before or after one that is there.
        clips_only: whether still pictures have none.
    """

    suffix: ClassVar[str]
    keeps_suffix: ClassVar[bool] = False
    appendable: ClassVar[bool] = True
    clips_only: ClassVar[bool] = False

    @classmethod
    def path_for(cls, path: str | Path) -> Path:
        """Where the file of an input lies: ``photo.txt`` for ``photo.jpg``.

        The whole name stays, as in ``photo.jpg.txt``, where the folder holds another picture or
        clip that would have the same, as ``photo.png`` and ``photo.mov`` do; and where the input
        has no usual suffix, so that no input is ever its own sidecar.
        """
        folder, name = os.path.split(path)
        stem, suffix = os.path.splitext(name)
        keeps = (
            cls.keeps_suffix
            or suffix.lower() not in MEDIA_SUFFIXES
            or stem.casefold() in _shared_stems(folder)
        )
        return Path(folder, (name if keeps else stem) + cls.suffix)

    @classmethod
    def is_there(cls, path: Path) -> bool:
        """Whether the sidecar ``path`` is there and not empty; a quick look, without reading it."""
        try:
            return path.stat().st_size > 0
        except OSError:
            return False

    @classmethod
    def takes(cls, row: Row) -> bool:
        """Whether a row has what the format holds: a caption, in any case."""
        return row.text is not None

    @classmethod
    @abstractmethod
    def render(cls, row: Row) -> str:
        """The whole text of a new file.

        Raises:
            ValueError: the format does not take the row; see `takes`.
        """

    @classmethod
    @abstractmethod
    def read_caption(cls, path: Path) -> str | None:
        """The caption in the sidecar ``path``; None where it has none, or is not there.

        Raises:
            OutputFileError: the file holds something else, or is damaged.
            OSError: the file cannot be read.
        """

    @classmethod
    def write(cls, row: Row, path: Path) -> None:
        """Write the sidecar ``path`` all at once, in place of one that may be there.

        Raises:
            ValueError: the format does not take the row; see `takes`.
            OutputFileError: the file that is there is not one to write into; it is unchanged.
            OSError: the file cannot be written; its ``filename`` is ``path``.
        """
        text = cls.render(row)
        if b"\0" in (read_bytes(path) or b""):  # a picture, maybe, whatever its name
            raise OutputFileError(path, "is not text, and is left as it is", "move it away")
        write_text(path, text)


class TextSidecar(Sidecar):
    """The caption, and nothing else, as trainers of image models read it."""

    suffix = ".txt"

    @classmethod
    def render(cls, row: Row) -> str:
        """The whole text of a new file."""
        return caption_of(row) + "\n"

    @classmethod
    def read_caption(cls, path: Path) -> str | None:
        """The caption that is there; see `Sidecar.read_caption`."""
        text = read_utf8(path)
        return None if text is None else text.removeprefix("\ufeff").strip()


class JsonSidecar(Sidecar):
    """The row of a combined file, as an indented JSON object."""

    suffix = ".json"

    @classmethod
    def render(cls, row: Row) -> str:
        """The whole text of a new file."""
        caption_of(row)
        return json.dumps(row.as_dict(), ensure_ascii=False, allow_nan=False, indent=2) + "\n"

    @classmethod
    def read_caption(cls, path: Path) -> str | None:
        """The caption that is there; see `Sidecar.read_caption`."""
        text = read_utf8(path)
        if text is None:
            return None
        remedy = "move it away, or replace it with --existing overwrite"
        try:
            values = json.loads(text)
        except ValueError:
            raise OutputFileError(path, "is not JSON", remedy) from None
        if not isinstance(values, dict) or values.keys() != frozenset(COLUMNS):
            raise OutputFileError(path, "is not a row of this program", remedy)
        caption = values["text"]
        return None if caption is None else str(caption)


def caption_of(row: Row) -> str:
    """The caption of a row, as valid Unicode.

    Raises:
        ValueError: the row has none.
    """
    if row.text is None:
        raise ValueError(f"{row.path}: there is no caption to write; {row.error}")
    return plain_text(row.text)


def read_utf8(path: Path) -> str | None:
    """The text of a file; None where there is none.

    Raises:
        OutputFileError: the file is not UTF-8.
    """
    content = read_bytes(path)
    try:
        return None if content is None else content.decode("utf-8")
    except UnicodeDecodeError:
        remedy = "save it as UTF-8, or move it away"
        raise OutputFileError(path, "is not text in UTF-8", remedy) from None


def read_bytes(path: Path) -> bytes | None:
    """The bytes of a file; None where there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


@functools.lru_cache(maxsize=64)  # inputs come folder by folder
def _shared_stems(folder: str) -> frozenset[str]:
    """The stems, in lower case, that more than one picture or clip of a folder has."""
    try:
        names = os.listdir(folder or os.curdir)
    except OSError:
        return frozenset()
    split = map(os.path.splitext, names)
    stems = Counter(stem.casefold() for stem, suffix in split if suffix.lower() in MEDIA_SUFFIXES)
    return frozenset(stem for stem, count in stems.items() if count > 1)
