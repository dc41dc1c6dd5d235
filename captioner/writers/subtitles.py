"""The captions of a clip's frames as subtitles: WebVTT and SubRip."""

import html
import re
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from captioner.batch.rows import Row, plain_text
from captioner.writers.sidecars import Sidecar, caption_of, read_utf8

if TYPE_CHECKING:
    from captioner.types import TimedCaption

_TIMES = re.compile(r"^[0-9:]+[.,][0-9]{3}[ \t]+-->[ \t]+[0-9:]+[.,][0-9]{3}.*$", re.MULTILINE)


@dataclass(frozen=True)
class Cue:
    """A text on the screen from ``start`` to ``end``, in milliseconds; ``end`` is later."""

    start: int
    end: int
    text: str


class _Subtitles(Sidecar):
    """Cues, numbered or not; a player shows them where they are named like the clip."""

    appendable: ClassVar[bool] = False  # a sentence for the whole clip has no time in it
    clips_only: ClassVar[bool] = True

    @classmethod
    def takes(cls, row: Row) -> bool:
        """Whether the row is of a clip that has a caption."""
        return row.text is not None and bool(row.frames)

    @classmethod
    def render(cls, row: Row) -> str:
        """The whole text of a new file.

        Raises:
            ValueError: the row has no caption, or is of a still picture.
        """
        sentence = one_paragraph(caption_of(row))
        if not row.frames:
            raise ValueError(f"{row.path}: a still picture has no subtitles")
        return cls._document(sentence, cues_of(row.frames))

    @classmethod
    def read_caption(cls, path: Path) -> str | None:
        """What the cues say, each text once, joined; see `Sidecar.read_caption`."""
        text = read_utf8(path)
        if text is None:
            return None
        return " ".join(dict.fromkeys(map(cls._plain, _cue_texts(text))))

    @classmethod
    @abstractmethod
    def _document(cls, sentence: str, cues: Sequence[Cue]) -> str:
        """The whole text of a file; ``sentence`` is for all of the clip."""

    @classmethod
    def _plain(cls, text: str) -> str:
        """The text of a cue without escapes."""
        return text


class WebVttSidecar(_Subtitles):
    """WebVTT (W3C), which browsers play; the sentence for the whole clip is a note at the top."""

    suffix = ".vtt"

    @classmethod
    def _document(cls, sentence: str, cues: Sequence[Cue]) -> str:
        blocks = ["WEBVTT", "NOTE\n" + sentence.replace("-->", "->")]
        blocks += [
            f"{_time(cue.start, '.')} --> {_time(cue.end, '.')}\n{_escaped(cue.text)}"
            for cue in cues
        ]
        return "\n\n".join(blocks) + "\n"

    @classmethod
    def _plain(cls, text: str) -> str:
        return html.unescape(text)


class SubRipSidecar(_Subtitles):
    """SubRip, which video players read; it has no place for the sentence for the whole clip."""

    suffix = ".srt"

    @classmethod
    def _document(cls, sentence: str, cues: Sequence[Cue]) -> str:
        blocks = [
            f"{number}\n{_time(cue.start, ',')} --> {_time(cue.end, ',')}\n"
            + cue.text.replace("-->", "->")
            for number, cue in enumerate(cues, start=1)
        ]
        return "\n\n".join(blocks) + "\n"


def cues_of(frames: "Sequence[TimedCaption]") -> list[Cue]:
    """The captions of a clip's frames as cues that follow each other.

    The first begins at 0, equal neighbours are one cue, and each lasts a millisecond at least.

    Args:
        frames: in order of time; at least one.
    """
    cues: list[Cue] = []
    for frame in frames:
        text = one_paragraph(plain_text(frame.caption.text))
        end = round(frame.end * 1000)
        if cues and cues[-1].text == text:
            cues[-1] = Cue(cues[-1].start, max(cues[-1].end, end), text)
        else:
            start = max(cues[-1].end, round(frame.start * 1000)) if cues else 0
            cues.append(Cue(start, max(start + 1, end), text))
    return cues


def one_paragraph(text: str) -> str:
    """The text on one line: a line end or an empty line would end a cue."""
    return " ".join(text.split())


def _cue_texts(text: str) -> Iterator[str]:
    for block in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n")):
        times = _TIMES.search(block)
        if times is not None:
            yield one_paragraph(block[times.end() :])


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _time(milliseconds: int, point: str) -> str:
    seconds, thousandths = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{thousandths:03}"
