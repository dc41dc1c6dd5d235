"""The ways in which captioned photos lie on a disk: Flickr8k's own, Kaggle's, Hugging Face's.

Each reader finds which photos a split has and what their captions are. Whether the photos are there
is asked later, by `training.data.datasets`.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from summarizer.ngrams import tokenize
from training.data.lines import DatasetError, MissingSplitError, Problems, read_lines

SPLITS = ("train", "dev", "test")
NO_WORDS = "captions without a word of a-z or 0-9"
SPLIT_ALIASES = {"val": "dev", "valid": "dev", "validation": "dev"}

_TOKEN_FILES = ("Flickr8k.token.txt", "captions.token.txt")
_KAGGLE_FILE = "captions.txt"
_METADATA_FILES = ("metadata.jsonl", "metadata.csv")
_TEXT_FOLDERS = ("", "Flickr8k_text")
_IMAGE_FOLDERS = ("images", "Images", "Flicker8k_Dataset", "Flickr8k_Dataset")
_IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"}


@dataclass
class Listing:
    """What a layout says of a split.

    Attributes:
        names: the split's photos, as paths below one of ``folders``.
        captions: captions of photos, not only of this split's.
        folders: where the photos may lie.
    """

    names: list[str] = field(default_factory=list)
    captions: dict[str, list[str]] = field(default_factory=dict)
    folders: list[Path] = field(default_factory=list)


def read_listing(folder: Path, split: str, problems: Problems) -> Listing:
    """Finds out which layout a folder has and reads it.

    Args:
        folder: the data set.
        split: one of `SPLITS`.
        problems: takes what is wrong with single lines.

    Raises:
        DatasetError: no layout is known by its files, or it has no such split.
    """
    tokens = _first_file(folder, _TOKEN_FILES)
    if tokens is not None:
        return _flickr_listing(folder, _read_tokens(tokens, problems), split, problems)
    kaggle = _first_file(folder, (_KAGGLE_FILE,))
    if kaggle is not None:
        return _flickr_listing(folder, _read_kaggle(kaggle, problems), split, problems)
    metadata = [folder, *(path for path in sorted(folder.iterdir()) if _split_of(path.name))]
    metadata = [path for path in metadata if _metadata_file(path)]
    if metadata:
        return _image_folder_listing(folder, metadata, split, problems)
    known = ", ".join((*_TOKEN_FILES, _KAGGLE_FILE, *_METADATA_FILES))
    raise DatasetError(
        f"{folder}: holds no captions that are known by their file name; put there one of {known}"
    )


def hashed_split(name: str) -> str:
    """The split of a photo where nothing says it: 90 % train, 5 % dev, 5 % test.

    It depends on the file's name alone, so it stays when photos come or go.
    """
    digest = hashlib.sha256(PurePosixPath(name).name.encode()).digest()
    percent = int.from_bytes(digest[:4], "big") % 100
    return "train" if percent < 90 else "dev" if percent < 95 else "test"


def _no_split(folder: Path, split: str, known: Iterable[str]) -> MissingSplitError:
    names = set(known)
    there = ", ".join(name for name in SPLITS if name in names) or "none"
    return MissingSplitError(f"{folder}: has no split {split!r}; it has: {there}")


def _split_of(name: str) -> str | None:
    """The split that a folder's name means."""
    split = SPLIT_ALIASES.get(name, name)
    return split if split in SPLITS else None


def _first_file(folder: Path, names: Iterable[str]) -> Path | None:
    paths = (folder / part / name for part in _TEXT_FOLDERS for name in names)
    return next((path for path in paths if path.is_file()), None)


# === Flickr8k and Kaggle ===


def _flickr_listing(
    folder: Path, captions: dict[str, list[str]], split: str, problems: Problems
) -> Listing:
    files = {}
    for name in SPLITS:
        file = _first_file(folder, (f"Flickr_8k.{name}Images.txt", f"{name}Images.txt"))
        if file is not None:
            files[name] = file
    if not files:
        names = [name for name in captions if hashed_split(name) == split]
    elif split in files:
        names = _read_names(files[split], problems)
    else:
        raise _no_split(folder, split, files)
    outer = [folder / name for name in _IMAGE_FOLDERS]
    # The archives of the photos unpack into a folder within a folder.
    inner = [path / name for path in outer for name in _IMAGE_FOLDERS]
    return Listing(names, captions, [*outer, *inner, folder])


def _read_names(path: Path, problems: Problems) -> list[str]:
    names: dict[str, None] = {}
    for number, line in read_lines(path, problems):
        name = line.strip()
        if name in names:
            problems.add("photo listed twice", f"{path.name} line {number} ({name})")
        names[name] = None
    return list(names)


def _read_tokens(path: Path, problems: Problems) -> dict[str, list[str]]:
    captions: dict[str, list[str]] = {}
    seen = set()
    for number, line in read_lines(path, problems):
        where = f"{path.name} line {number}"
        key, tab, caption = line.partition("\t")
        name, _, index = key.strip().rpartition("#")
        if not (tab and name and index.isdecimal()):
            problems.add("not of the form name#number<TAB>caption", where)
        elif (name, index) in seen:
            problems.add("caption number used twice", f"{where} ({key.strip()})")
        else:
            seen.add((name, index))
            _add_caption(captions, name, caption, where, problems)
    return captions


def _read_kaggle(path: Path, problems: Problems) -> dict[str, list[str]]:
    captions: dict[str, list[str]] = {}
    lines = read_lines(path, problems)
    header = next(lines, (0, ""))[1]
    if [part.strip().lower() for part in header.split(",")] != ["image", "caption"]:
        raise DatasetError(
            f"{path}: its first line is {header[:80]!r}; write the header image,caption there"
        )
    for number, line in lines:
        where = f"{path.name} line {number}"
        name, comma, caption = line.partition(",")
        if not (comma and name.strip()):
            problems.add("not of the form image,caption", where)
        else:
            _add_caption(captions, name.strip(), _unquoted(caption.strip()), where, problems)
    return captions


def _unquoted(text: str) -> str:
    """Takes off CSV's quotation marks; a caption may also hold commas and marks without them."""
    inner = text[1:-1].replace('""', "")
    if len(text) >= 2 and text[0] == text[-1] == '"' and '"' not in inner:
        return text[1:-1].replace('""', '"')
    return text


def _add_caption(
    captions: dict[str, list[str]], name: str, caption: object, where: str, problems: Problems
) -> None:
    if isinstance(caption, str) and tokenize(caption):
        captions.setdefault(name, []).append(caption.strip())
    else:
        problems.add(NO_WORDS, where)


# === Hugging Face ImageFolder ===


def _metadata_file(folder: Path) -> Path | None:
    return next((folder / name for name in _METADATA_FILES if (folder / name).is_file()), None)


def _image_folder_listing(
    root: Path, folders: list[Path], split: str, problems: Problems
) -> Listing:
    """Reads metadata in split folders, or one for all photos beside or above them."""
    listing = Listing(folders=[root])
    for folder in folders:
        file = _metadata_file(folder)
        assert file is not None
        for where, name, texts in _rows(file, problems):
            path = (folder / name).relative_to(root).as_posix()
            for text in texts:
                _add_caption(listing.captions, path, text, where, problems)
        for photo in sorted(folder.rglob("*")):
            if photo.suffix.lower() in _IMAGE_SUFFIXES:
                listing.captions.setdefault(photo.relative_to(root).as_posix(), [])
    splits = {path: _split_of(PurePosixPath(path).parts[0]) for path in listing.captions}
    if not any(splits.values()):
        splits = {path: hashed_split(path) for path in splits}
    elif split not in splits.values():
        raise _no_split(root, split, filter(None, splits.values()))
    for path in (path for path, its_split in splits.items() if its_split is None):
        problems.add("photos outside the folders of the splits", path)
    listing.names = [path for path, its_split in splits.items() if its_split == split]
    return listing


def _rows(path: Path, problems: Problems) -> Iterator[tuple[str, str, list[object]]]:
    """Where each row of the metadata is, the photo's name and its captions."""
    read: Callable[[Path, Problems], Iterator[tuple[int, object, object]]]
    read = _jsonl_rows if path.suffix == ".jsonl" else _csv_rows
    for number, name, text in read(path, problems):
        where = f"{path.parent.name}/{path.name} line {number}"
        if isinstance(name, str) and name.strip() and not Path(name).is_absolute():
            yield where, name.strip(), text if isinstance(text, list) else [text]
        else:
            problems.add("no file_name below its folder", where)


def _jsonl_rows(path: Path, problems: Problems) -> Iterator[tuple[int, object, object]]:
    for number, line in read_lines(path, problems):
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if isinstance(row, dict):
            yield number, row.get("file_name"), row.get("text")
        else:
            problems.add("not a JSON object", f"{path.parent.name}/{path.name} line {number}")


def _csv_rows(path: Path, problems: Problems) -> Iterator[tuple[int, object, object]]:
    numbers = []

    def lines() -> Iterator[str]:
        for number, line in read_lines(path, problems):
            numbers.append(number)  # of the last line of a row that goes over several
            yield line + "\n"

    reader = csv.DictReader(lines())
    if not {"file_name", "text"} <= set(reader.fieldnames or ()):
        raise DatasetError(
            f"{path}: its columns are {', '.join(reader.fieldnames or ()) or 'none'}; "
            "name two of them file_name and text"
        )
    for row in reader:
        if None in row:
            problems.add(
                "more fields than columns (quote text that holds commas)",
                f"{path.parent.name}/{path.name} line {numbers[-1]}",
            )
        else:
            yield numbers[-1], row["file_name"], row["text"]
