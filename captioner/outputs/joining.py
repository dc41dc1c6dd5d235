"""The words around a caption: what goes before and after it, and the text that is there already."""

from dataclasses import replace

from captioner.batch.options import Existing
from captioner.batch.rows import Row

# What these begin follows the text before it without a space.
_CLOSING = (",", ".", ";", ":", "!", "?")


def joined(old: str | None, new: str, existing: Existing) -> str:
    """The caption to write where ``old`` is there: the new one alone, or after or before the old.

    A space stands between them, unless there is white space already, or the second begins with a
    comma or the like. A text that ends (begins) with the new caption stays as it is, so that doing
    it twice is doing it once.
    """
    if existing not in ("append", "prepend") or old is None or not old.strip():
        return new
    append = existing == "append"
    if _holds(old.strip(), new.strip(), at_end=append):
        return old
    first, second = (old, new) if append else (new, old)
    spaced = first[-1:].isspace() or second[:1].isspace() or second.startswith(_CLOSING)
    return first + second if spaced else f"{first} {second}"


def surround(row: Row, prefix: str, suffix: str) -> Row:
    """The row with ``prefix`` and ``suffix`` around its caption; a failure stays as it is."""
    return row if row.text is None else replace(row, text=prefix + row.text + suffix)


def surround_frames(row: Row, prefix: str, suffix: str) -> Row:
    """The row with ``prefix`` and ``suffix`` around the caption of each frame, for subtitles."""
    frames = tuple(
        replace(frame, caption=replace(frame.caption, text=prefix + frame.caption.text + suffix))
        for frame in row.frames or ()
    )
    return replace(row, frames=frames or None)


def _holds(text: str, part: str, *, at_end: bool) -> bool:
    """Whether a text ends (begins) with a part of it, and not in the middle of a word."""
    if not part:
        return True
    if not (text.endswith(part) if at_end else text.startswith(part)):
        return False
    rest = text[: -len(part)] if at_end else text[len(part) :]
    edge = rest[-1:] + part[0] if at_end else part[-1] + rest[:1]
    return not (len(edge) == 2 and edge.isalnum())
