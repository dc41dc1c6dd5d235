"""What is known about one input once it was tried: the row of a combined file."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from captioner.errors import MediaError, printable
from captioner.types import MediaKind

if TYPE_CHECKING:
    from captioner.types import TimedCaption

COLUMNS = (
    "file_name",
    "kind",
    "text",
    "score",
    "frames",
    "status",
    "error",
    "model",
    "summarizer",
)


@dataclass(frozen=True)
class Row:
    """One input and its caption, or why it has none.

    Attributes:
        path: opens from the current folder; no column, but what text for people names.
        file_name: the path as rows name it: relative to the folder that was given; in columns as
            `plain_name` writes it.
        kind: what the file is; None where that could not be read.
        text: the caption; None where ``error`` is set, as are the attributes after it.
        score: the mean log-probability a word; for a clip the mean of its frames' scores.
        frames: the captions of a clip's frames; None for an image.
        error: what is wrong with the file and what to do; None where it was captioned.
        model: the name of the captioner that wrote the caption.
        summarizer: the name of the summarizer; None where it was not asked, as for an image.
    """

    path: str
    file_name: str
    kind: MediaKind | None
    text: str | None = None
    score: float | None = None
    frames: "tuple[TimedCaption, ...] | None" = None
    error: str | None = None
    model: str | None = None
    summarizer: str | None = None

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], path: str = "") -> "Row":
        """The row that `as_dict` made into ``values``; words and attention of frames are gone.

        Args:
            values: keyed by ``COLUMNS``.
            path: opens the input; none is needed for a row that is only handed on.
        """
        row = cls(path, **{column: values[column] for column in COLUMNS if column != "status"})
        row = replace(row, file_name=name_of(row.file_name))
        if row.text is not None and row.score is None:
            row = replace(row, score=math.nan)
        if row.frames is None:
            return row
        return replace(row, frames=tuple(map(_frame_of, values["frames"])))

    @property
    def status(self) -> Literal["ok", "error"]:
        """Whether there is a caption."""
        return "ok" if self.error is None else "error"

    def as_dict(self) -> dict[str, Any]:
        """The row as JSON can hold it, keyed by ``COLUMNS`` in their order."""
        values = (getattr(self, column) for column in COLUMNS)
        row: dict[str, Any] = dict(zip(COLUMNS, map(_plain_value, values), strict=True))
        row["file_name"] = plain_name(self.file_name)
        if self.frames is not None:
            row["frames"] = [_plain_frame(frame) for frame in self.frames]
        return row


def _frame_of(values: Mapping[str, Any]) -> "TimedCaption":
    from captioner.types import Caption, TimedCaption

    score = math.nan if values["score"] is None else values["score"]
    caption = Caption(values["text"], score, tuple(values["text"].split()))
    return TimedCaption(values["start"], values["end"], caption)


def failure_reason(error: Exception) -> str:
    """What an ``error`` column says: what is wrong and what to do, without the file's name."""
    if isinstance(error, MediaError):
        return f"{error.reason}; {error.remedy}"
    # No damage that ``captioner.media`` knows, so the type is what helps to find the cause.
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def plain_text(text: str) -> str:
    r"""The text as valid Unicode, which every reader of JSON and CSV takes.

    Python holds the bytes of a file name that are not UTF-8 as lone surrogates; they become
    ``\xNN``, and any other surrogate ``\uNNNN``.
    """
    text = re.sub("[\udc80-\udcff]", lambda match: f"\\x{ord(match[0]) - 0xDC00:02x}", text)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


# What `plain_name` writes after the backslash of an escape, a backslash's own (5c) in front of any.
_BYTE, _SURROGATE = "[89a-f][0-9a-f]", "d(?:[89abd-f][0-9a-f]|c[0-7])[0-9a-f]"
_AFTER_BACKSLASH = f"(?:x5c)*(?:x{_BYTE}|u{_SURROGATE})"
_LIKE_AN_ESCAPE = re.compile(rf"\\(?={_AFTER_BACKSLASH})")
_ESCAPE = re.compile(rf"\\(?:(x5c)(?={_AFTER_BACKSLASH})|x({_BYTE})|u({_SURROGATE}))")


def plain_name(name: str) -> str:
    r"""A file's name as valid Unicode, as rows have it; `name_of` takes it back.

    It is that of `plain_text`, but no two names become one: a backslash of the name itself that
    stands where an escape could begin becomes ``\x5c``.
    """
    return plain_text(_LIKE_AN_ESCAPE.sub(r"\\x5c", name))


def name_of(plain: str) -> str:
    """The file's name that `plain_name` made into ``plain``."""

    def character(escape: re.Match[str]) -> str:
        if escape[1]:
            return "\\"
        return chr(0xDC00 + int(escape[2], 16)) if escape[2] else chr(int(escape[3], 16))

    return _ESCAPE.sub(character, plain)


def one_line(text: str) -> str:
    r"""The text for a terminal or a log: what does not print becomes ``\n``, ``\x1b`` and so on."""
    return printable(plain_text(text))


def _plain_value(value: object) -> object:
    if isinstance(value, str):
        return plain_text(value)
    if isinstance(value, float):
        return _plain_number(value, digits=4)
    return value


def _plain_number(value: float, digits: int) -> float | None:
    # JSON has no infinity and no NaN; a NumPy number is not one to the json module.
    return round(float(value), digits) if math.isfinite(value) else None


def _plain_frame(frame: "TimedCaption") -> dict[str, Any]:
    return {
        "start": _plain_number(frame.start, digits=3),
        "end": _plain_number(frame.end, digits=3),
        "text": plain_text(frame.caption.text),
        "score": _plain_number(frame.caption.score, digits=4),
    }
