"""The ways in which captioned clips lie on a disk.

`load_clips` tells these apart by their files, in this order:

- **frames cut out**: ``frames.jsonl``, a line a clip, ``{"id", "split", "frames": [names]}``, the
  frames in ``frames/``, and captions in any other ``.jsonl`` or ``.jsonl.gz`` of the folder, a line
  a clip, ``{"id", "captions": [...]}``;
- **TGIF**: ``tgif-v1.0.tsv`` (``address<TAB>caption``), lists of addresses in
  ``splits/train.txt``, ``val.txt``, ``test.txt``, and GIFs in ``gifs/`` under the last part of
  their address (Y. Li et al., CVPR 2016);
- **MSR-VTT**: JSON files of its first layout (``videos`` with ``split``, and ``sentences``) or of
  its later one (a list of ``{"video", "caption"}``, the split in the file's name), and clips named
  ``video123.mp4`` (J. Xu et al., CVPR 2016);
- **MSVD**: ``AllVideoDescriptions.txt`` (``clip caption``) or ``video_corpus.csv``, and clips named
  ``VIDEO_START_END.avi`` (D. Chen and W. Dolan, ACL 2011);
- **metadata**: ``metadata.jsonl`` with ``file_name`` and ``text``, in the folder or in those of the
  splits.

Where nothing says the split, each clip's name decides, the same way every time.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, TypeGuard

from summarizer.ngrams import tokenize
from training.clips.data import ClipItem
from training.data.layouts import NO_WORDS, SPLIT_ALIASES, SPLITS, hashed_split
from training.data.lines import DatasetError, MissingSplitError, Problems, read_lines
from training.data.tgif import TGIF_TABLE, gif_name

_TGIF_SPLITS = {"train": "train.txt", "dev": "val.txt", "test": "test.txt"}
_MSVD_TEXT, _MSVD_TABLE = "AllVideoDescriptions.txt", "video_corpus.csv"
_MSVD_SPLITS = {"train": "train_list.txt", "dev": "val_list.txt", "test": "test_list.txt"}
_SUFFIXES = (".mp4", ".avi", ".gif", ".webm", ".mkv", ".mov", ".webp")
_FOLDERS = ("", "clips", "gifs", "videos", "all", "TrainValVideo", "TestVideo", "YouTubeClips")


@dataclass
class _Found:
    """What a layout says of a folder.

    Attributes:
        captions: of each clip, by its name.
        splits: of each clip; of one that is missing here, its name decides.
        files: of each clip its file's name, with or without a suffix; else it is the clip's name.
        frames: of each clip the frames cut out of it.
    """

    captions: dict[str, list[str]] = field(default_factory=dict)
    splits: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    frames: dict[str, list[str]] = field(default_factory=dict)

    def add(self, name: str, caption: object, where: str, problems: Problems) -> None:
        """Notes a caption, or that it is none."""
        if isinstance(caption, str) and tokenize(caption):
            self.captions.setdefault(name, []).append(caption.strip())
        else:
            problems.add(NO_WORDS, where)


def load_clips(data_dir: str | Path, split: str, *, allow_missing: bool = False) -> list[ClipItem]:
    """Reads the clips of one split with their captions.

    Args:
        data_dir: a folder in one of the layouts above.
        split: ``train``, ``dev`` (also ``val``, ``valid``, ``validation``) or ``test``.
        allow_missing: skip, with a logged warning, what is missing or malformed.

    Raises:
        DatasetError: the folder, its captions or the split are not there; the split is empty; or
            something is missing or malformed (all of it is counted, with examples).
    """
    folder = Path(data_dir)
    if not folder.is_dir():
        raise DatasetError(f"{folder}: there is no such folder; give the data set's own folder")
    wanted = _split(split)
    if wanted not in SPLITS:
        raise DatasetError(f"{folder}: there is no split {split!r}; known: {', '.join(SPLITS)}")
    problems = Problems(folder)
    found = _read(folder, problems)
    names = [
        name
        for name in dict.fromkeys([*found.frames, *found.captions, *found.splits])
        if found.splits.get(name, hashed_split(name) if not found.splits else None) == wanted
    ]
    items = _items(folder, found, names, problems)
    if not names and wanted not in found.splits.values():
        there = ", ".join(sorted(set(found.splits.values()))) or "none"
        raise MissingSplitError(f"{folder}: has no split {wanted!r}; it has: {there}")
    problems.settle(allowed=allow_missing)
    if not items:
        raise DatasetError(f"{folder}: the split {wanted!r} is empty")
    return items


def is_clips(folder: Path) -> bool:
    """Whether a folder is one of the layouts, as far as its files' names tell."""
    return _reader(folder) is not None


def _split(name: str) -> str:
    return SPLIT_ALIASES.get(name, name)


def _read(folder: Path, problems: Problems) -> _Found:
    reader = _reader(folder)
    if reader is None:
        raise DatasetError(
            f"{folder}: holds no captions of clips that are known by their file name; put there "
            f"frames.jsonl, {TGIF_TABLE}, a JSON file of MSR-VTT, {_MSVD_TEXT}, {_MSVD_TABLE} or "
            "metadata.jsonl"
        )
    found = _Found()
    reader(folder, found, problems)
    return found


def _reader(folder: Path) -> Callable[[Path, _Found, Problems], None] | None:
    if (folder / "frames.jsonl").is_file():
        return _read_frames
    if (folder / TGIF_TABLE).is_file():
        return _read_tgif
    if (folder / _MSVD_TEXT).is_file() or (folder / _MSVD_TABLE).is_file():
        return _read_msvd
    if _metadata_files(folder):
        return _read_metadata
    return _read_msrvtt if any(folder.glob("*.json")) else None


def _items(folder: Path, found: _Found, names: list[str], problems: Problems) -> list[ClipItem]:
    items = []
    for name in names:
        captions = tuple(found.captions.get(name, ()))
        if not captions:
            problems.add("clips without captions", name)
        elif found.frames:
            frames = tuple(folder / "frames" / frame for frame in found.frames.get(name, ()))
            lost = [frame.name for frame in frames if not frame.is_file()]
            if not frames or lost:
                problems.add("clips without their frames", lost[0] if lost else name)
            else:
                items.append(ClipItem(name, captions, frames=frames))
        elif (path := _file(folder, found.files.get(name, name))) is None:
            problems.add("captions without their clip", name)
        else:
            items.append(ClipItem(name, captions, path=path))
    return items


def _file(folder: Path, name: str) -> Path | None:
    """Where a clip lies; None where it does not."""
    suffixes = ("",) if name.lower().endswith(_SUFFIXES) else _SUFFIXES
    places = (folder / part / f"{name}{suffix}" for part in _FOLDERS for suffix in suffixes)
    return next((path for path in places if path.is_file()), None)


# === Frames cut out ===


def _read_frames(folder: Path, found: _Found, problems: Problems) -> None:
    for where, row in _objects(folder / "frames.jsonl", problems):
        name, split, frames = row.get("id"), row.get("split"), row.get("frames")
        if not (isinstance(name, str) and isinstance(split, str) and _are_names(frames)):
            problems.add("not of the form id, split, frames", where)
            continue
        found.splits[name] = _split(split)
        found.frames[name] = list(frames)
    files = [*sorted(folder.glob("*.jsonl")), *sorted(folder.glob("*.jsonl.gz"))]
    for file in files:
        if file.name != "frames.jsonl":
            _read_captions(file, found, problems)


def _read_captions(file: Path, found: _Found, problems: Problems) -> None:
    for where, row in _objects(file, problems):
        name, captions = row.get("id"), row.get("captions")
        if not isinstance(name, str) or not isinstance(captions, list):
            problems.add("not of the form id, captions", where)
        elif name in found.frames:
            for caption in captions:
                found.add(name, caption, where, problems)


def _are_names(values: object) -> TypeGuard[list[str]]:
    """Whether these are file names that lead out of no folder."""
    return isinstance(values, list) and all(
        isinstance(value, str) and value == PurePosixPath(value).name for value in values
    )


# === TGIF ===


def _read_tgif(folder: Path, found: _Found, problems: Problems) -> None:
    for number, line in read_lines(folder / TGIF_TABLE, problems):
        where = f"{TGIF_TABLE} line {number}"
        address, tab, caption = line.partition("\t")
        if not tab or not gif_name(address):
            problems.add("not of the form address<TAB>caption", where)
            continue
        found.add(gif_name(address), caption, where, problems)
    for split, name in _TGIF_SPLITS.items():
        path = folder / "splits" / name
        if path.is_file():
            for _, line in read_lines(path, problems):
                found.splits[gif_name(line)] = split


# === MSR-VTT ===


def _read_msrvtt(folder: Path, found: _Found, problems: Problems) -> None:
    for file in sorted(folder.glob("*.json")):
        try:
            values = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise DatasetError(f"{file}: is no JSON ({error}); fetch it again") from error
        if isinstance(values, dict):
            _read_sentences(file, values, found, problems)
        elif isinstance(values, list):
            _read_pairs(file, values, found, problems)


def _read_sentences(file: Path, values: dict[str, Any], found: _Found, problems: Problems) -> None:
    for number, video in enumerate(values.get("videos", ())):
        if isinstance(video, dict) and isinstance(video.get("video_id"), str):
            split = _split(str(video.get("split", "")))
            found.splits[video["video_id"]] = _split({"validate": "dev"}.get(split, split))
        else:
            problems.add("videos without a video_id", f"{file.name} video {number}")
    for number, sentence in enumerate(values.get("sentences", ())):
        where = f"{file.name} sentence {number}"
        if isinstance(sentence, dict) and isinstance(sentence.get("video_id"), str):
            found.add(sentence["video_id"], sentence.get("caption"), where, problems)
        else:
            problems.add("sentences without a video_id", where)


def _read_pairs(file: Path, values: list[Any], found: _Found, problems: Problems) -> None:
    split = next((known for word, known in _WORDS.items() if word in file.stem.lower()), None)
    for number, row in enumerate(values):
        where = f"{file.name} entry {number}"
        if not isinstance(row, dict) or not isinstance(row.get("video"), str):
            problems.add("entries without a video", where)
            continue
        name = PurePosixPath(row["video"]).name
        captions = row.get("caption")
        for caption in captions if isinstance(captions, list) else [captions]:
            found.add(name, caption, where, problems)
        if split is not None:
            found.splits[name] = split


_WORDS = {"train": "train", "val": "dev", "dev": "dev", "test": "test"}


# === MSVD ===


def _read_msvd(folder: Path, found: _Found, problems: Problems) -> None:
    text = folder / _MSVD_TEXT
    if text.is_file():
        for number, line in read_lines(text, problems):
            if line.startswith("#"):
                continue
            name, space, caption = line.strip().partition(" ")
            where = f"{text.name} line {number}"
            if space:
                found.add(name, caption, where, problems)
            else:
                problems.add("not of the form clip caption", where)
    else:
        _read_msvd_table(folder / _MSVD_TABLE, found, problems)
    for split, list_name in _MSVD_SPLITS.items():
        if (folder / list_name).is_file():
            for _, line in read_lines(folder / list_name, problems):
                found.splits[Path(line.strip()).stem] = split


def _read_msvd_table(path: Path, found: _Found, problems: Problems) -> None:
    lines = (line + "\n" for _, line in read_lines(path, problems))
    reader = csv.DictReader(lines)
    if not {"VideoID", "Start", "End", "Description"} <= set(reader.fieldnames or ()):
        raise DatasetError(f"{path}: lacks one of the columns VideoID, Start, End, Description")
    for number, row in enumerate(reader, start=2):
        if (row.get("Language") or "English") == "English":
            name = f"{row['VideoID']}_{row['Start']}_{row['End']}"
            found.add(name, row["Description"], f"{path.name} line {number}", problems)


# === Metadata ===


def _metadata_files(folder: Path) -> list[Path]:
    inner = (path for path in sorted(folder.iterdir()) if path.is_dir())
    places = [folder, *(path for path in inner if _split(path.name) in SPLITS)]
    return [place / "metadata.jsonl" for place in places if (place / "metadata.jsonl").is_file()]


def _read_metadata(folder: Path, found: _Found, problems: Problems) -> None:
    for file in _metadata_files(folder):
        for where, row in _objects(file, problems):
            name, texts = row.get("file_name"), row.get("text")
            if not isinstance(name, str) or PurePosixPath(name).is_absolute():
                problems.add("no file_name below its folder", where)
                continue
            path = (file.parent / name).relative_to(folder).as_posix()
            for text in texts if isinstance(texts, list) else [texts]:
                found.add(path, text, where, problems)
            split = _split(PurePosixPath(path).parts[0])
            if split in SPLITS:
                found.splits[path] = split


def _objects(path: Path, problems: Problems) -> Iterator[tuple[str, dict[str, Any]]]:
    """Where each line of a file is, and the JSON object in it."""
    for number, line in read_lines(path, problems):
        where = f"{path.name} line {number}"
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if isinstance(row, dict):
            yield where, row
        else:
            problems.add("not a JSON object", where)
