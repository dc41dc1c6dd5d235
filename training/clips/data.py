"""Captioned clips, for training and scoring."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ClipItem:
    """A clip and people's captions of it, as they wrote them.

    Attributes:
        name: of the clip.
        captions: at least one.
        path: the file; None where its frames are cut out already.
        frames: the files of the frames in order of time; none where there is ``path``.
    """

    name: str
    captions: tuple[str, ...]
    path: Path | None = None
    frames: tuple[Path, ...] = ()
