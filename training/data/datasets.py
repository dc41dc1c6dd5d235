"""Captioned photos, for training and scoring.

`load_dataset` tells three layouts apart by their files, in this order:

- Flickr8k's own: ``Flickr8k.token.txt`` (or ``captions.token.txt``) with lines
  ``name#number<TAB>caption``;
- Kaggle's: ``captions.txt`` with the header ``image,caption``;
- Hugging Face's ImageFolder: ``metadata.jsonl`` or ``metadata.csv`` with ``file_name`` and
  ``text``, in the folder itself or in ``train/``, ``validation/`` (or ``dev/``) and ``test/``.

The first two keep photos in ``images/``, ``Images/``, ``Flicker8k_Dataset/``,
``Flickr8k_Dataset/`` or the folder itself, and may list the photos of a split in
``Flickr_8k.trainImages.txt`` or ``trainImages.txt`` (and ``dev``, ``test``). Their text files may
also lie in ``Flickr8k_text/``. Where neither lists nor folders give splits, each photo's file name
decides (90 % train, 5 % dev, 5 % test), the same way every time.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from summarizer.ngrams import tokenize
from training.data.layouts import SPLIT_ALIASES, SPLITS, Listing, read_listing
from training.data.lines import DatasetError, Problems

__all__ = [
    "CaptionedImage",
    "DatasetError",
    "load_dataset",
    "normalise_caption",
]


@dataclass(frozen=True)
class CaptionedImage:
    """A photo's file and people's captions of it, as they wrote them."""

    path: Path
    captions: tuple[str, ...]


def normalise_caption(text: str) -> str:
    """The words of a caption that models learn and metrics compare, parted by single spaces."""
    return " ".join(tokenize(text))


def load_dataset(
    data_dir: str | Path, split: str, *, allow_missing: bool = False
) -> list[CaptionedImage]:
    """Reads the photos of one split with their captions.

    Args:
        data_dir: a folder in one of the layouts above.
        split: ``train``, ``dev`` (also ``val``, ``valid``, ``validation``) or ``test``.
        allow_missing: skip photos without a file or without captions, and lines that are
            malformed, with a logged warning.

    Returns:
        The photos in the order of the split's list, or of the captions.

    Raises:
        DatasetError: the folder, its captions or the split are not there; the split is empty; or
            something is missing or malformed (all of it is counted, with examples).
    """
    folder = Path(data_dir)
    if not folder.is_dir():
        raise DatasetError(f"{folder}: there is no such folder; give the data set's own folder")
    known = SPLIT_ALIASES.get(split, split)
    if known not in SPLITS:
        raise DatasetError(f"{folder}: there is no split {split!r}; known: {', '.join(SPLITS)}")
    problems = Problems(folder)
    listing = read_listing(folder, known, problems)
    photos = _photos(listing, problems)
    problems.settle(allowed=allow_missing)
    if not photos:
        raise DatasetError(f"{folder}: the split {known!r} is empty")
    return photos


def _photos(listing: Listing, problems: Problems) -> list[CaptionedImage]:
    folder = _image_folder(listing)
    photos = []
    for name in listing.names:
        captions = listing.captions.get(name, [])
        path = folder / name
        if not captions:
            problems.add("photos without captions", name)
        elif not path.is_file():
            problems.add(f"captions without their photo in {folder}", name)
        else:
            photos.append(CaptionedImage(path, tuple(captions)))
    return photos


def _image_folder(listing: Listing) -> Path:
    """The first folder that holds any of the photos; else the first that exists."""
    existing = [folder for folder in listing.folders if folder.is_dir()]
    for folder in existing:
        if any((folder / name).is_file() for name in listing.names):
            return folder
    return existing[0]
