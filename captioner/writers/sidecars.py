"""Files beside each input: what all have in common, plain text, and JSON."""

import json
import os
import stat
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

from captioner.batch.folders import has_media_suffix
from captioner.batch.rows import COLUMNS, Row, name_of, plain_text
from captioner.errors import OutputFileError
from captioner.media.detect import kind_from_suffix
from captioner.writers.files import is_regular, write_text
from captioner.writers.neighbours import Folder, Neighbours

_MAX_BYTES = 64 << 20
_SELDOM_MOVING = (".avif", ".png", ".webp")


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
    def path_for(cls, path: str | Path, neighbours: Neighbours | None = None) -> Path:
        """Where the file of an input lies: ``photo.txt`` for ``photo.jpg``.

        The whole name stays, as in ``photo.jpg.txt``, where the folder holds another picture or
        clip that would have the same, as ``photo.png`` and ``photo.mov`` do; and where the input
        has no usual suffix, so that no input is ever its own sidecar. But what is there keeps its
        owner: a neighbour that comes, or goes, changes no name.

        Args:
            path: the input.
            neighbours: the folders as this run has seen them; None to look now.
        """
        folder, name = os.path.split(path)
        stem = os.path.splitext(name)[0]
        whole = (
            cls.keeps_suffix
            or not has_media_suffix(name)
            or cls._has_whole_name((neighbours or Neighbours()).of(folder), name, stem)
        )
        return Path(folder, (name if whole else stem) + cls.suffix)

    @classmethod
    def _has_whole_name(cls, folder: Folder, name: str, stem: str) -> bool:
        short = folder.has(stem + cls.suffix)
        if not folder.sharing(stem):  # though a neighbour may have gone
            return not short and not folder.is_stem(name) and cls._has_own(folder, name)
        return not short or name != cls._owner(folder, stem)

    @classmethod
    def _owner(cls, folder: Folder, stem: str) -> str | None:
        """Which of the inputs of a stem has the sidecar that is named after the stem alone."""
        inputs = [
            name
            for name in folder.sharing(stem)
            if os.path.splitext(name)[0] == stem
            and (may_move(name) or not cls.clips_only)
            and not cls._has_own(folder, name)
        ]
        said = cls.said_owner(Path(folder.path, stem + cls.suffix))
        if said in inputs:
            return said
        return folder.longest_there(inputs) if inputs else None

    @classmethod
    def _has_own(cls, folder: Folder, name: str) -> bool:
        """Whether the sidecar that has the whole name of an input is there."""
        whole = name + cls.suffix
        return folder.has(whole) and cls.is_ours(Path(folder.path, whole))

    @classmethod
    def is_ours(cls, path: Path) -> bool:
        """Whether a file with a whole name, as ``photo.jpg.txt``, can be a sidecar of this kind."""
        return cls.is_there(path)

    @classmethod
    def said_owner(cls, path: Path) -> str | None:
        """The name of the input of the sidecar ``path``, where that is written in it."""
        return None

    @classmethod
    def is_there(cls, path: Path) -> bool:
        """Whether the sidecar ``path`` is there and not empty; a quick look, without reading it."""
        try:
            status = path.stat()
        except OSError:
            return False
        return stat.S_ISREG(status.st_mode) and status.st_size > 0

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
        row = cls._row(path)
        return None if row is None or row["text"] is None else str(row["text"])

    @classmethod
    def is_ours(cls, path: Path) -> bool:
        """Whether it is a row: other programs write such files, too."""
        return cls.said_owner(path) is not None

    @classmethod
    def said_owner(cls, path: Path) -> str | None:
        """The name in the row."""
        try:
            row = cls._row(path)
        except (OSError, OutputFileError):
            return None
        return None if row is None else name_of(str(row["file_name"])).rpartition("/")[2]

    @classmethod
    def _row(cls, path: Path) -> dict[str, Any] | None:
        text = read_utf8(path)
        if text is None:
            return None
        remedy = "move it away, or replace it with --existing overwrite"
        try:
            values = json.loads(text)
        except (ValueError, RecursionError):
            raise OutputFileError(path, "is not JSON", remedy) from None
        if not isinstance(values, dict) or values.keys() != frozenset(COLUMNS):
            raise OutputFileError(path, "is not a row of this program", remedy)
        return values


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
    """The bytes of a file; None where there is none.

    Raises:
        OutputFileError: it is no regular file, a link to none, or too large for a sidecar.
        OSError: it cannot be read.
    """
    if not is_regular(path):
        return None
    with path.open("rb") as file:
        content = file.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        reason = f"is larger than {_MAX_BYTES >> 20} MB, and is left as it is"
        raise OutputFileError(path, reason, "move it away")
    return content


def may_move(name: str) -> bool:
    """Whether a file of this name can be a clip; some kinds of picture move, and seldom do."""
    return kind_from_suffix(name) != "image" or name.lower().endswith(_SELDOM_MOVING)
