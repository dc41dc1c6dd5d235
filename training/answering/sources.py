"""Photos and clips with their captions, as the question maker and the training take them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from training.data.datasets import load_dataset


@dataclass(frozen=True)
class Source:
    """A photo, or a clip as a few of its frames.

    Attributes:
        name: of its only or first file.
        frames: its files, in order of time.
        captions: people's, as they wrote them.
    """

    name: str
    frames: tuple[Path, ...]
    captions: tuple[str, ...]


def read_sources(data: str | Path, split: str, *, allow_missing: bool = False) -> list[Source]:
    """Reads a data set of photos, or of frames of clips.

    Files that follow each other with the same captions are frames of one clip.

    Args:
        data: a folder in a layout of `training.data.datasets`.
        split: as there.
        allow_missing: as there.

    Raises:
        DatasetError: as there.
    """
    items = load_dataset(data, split, allow_missing=allow_missing)
    grouped = (list(group) for _, group in groupby(items, key=lambda item: item.captions))
    return [
        Source(group[0].path.name, tuple(item.path for item in group), group[0].captions)
        for group in grouped
    ]


def captions_by_file(data: str | Path, split: str) -> dict[str, tuple[str, ...]]:
    """The captions of each photo or clip by its name; see `read_sources`."""
    return {source.name: source.captions for source in read_sources(data, split)}
