"""Features of frames, computed once and kept on disk, memory-mapped.

One ``.npy`` file for each set of frames; its name is a digest of all that the numbers depend on:
the files' bytes and order, the visual models' weights and the kinds of pooling. So a stale file is
never read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from tqdm import tqdm

from captioner.media.frames import sample_frames
from captioner.media.images import load_image
from captioner.models.clip_model import Whitening, fit_whitening
from captioner.models.clip_model_config import FrameFeature
from captioner.models.clip_model_frames import FrameEncoder
from training.clips.data import ClipItem
from training.data.digests import features_digest

_BATCH = 16
_ROWS = 12_000  # training frames that a whitening is found from: enough for 2,000 numbers
_VERSION = 1


class ClipFeatures(Sequence[np.ndarray]):
    """Of each clip the features of its frames, [t, F], float16, memory-mapped.

    Args:
        rows: of all frames of all clips, one after the other.
        counts: frames of each clip.
    """

    def __init__(self, rows: np.ndarray, counts: Sequence[int]):
        self.rows = rows
        self.ends = np.cumsum(counts)

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, number):  # type: ignore[no-untyped-def]  # a slice is asked by nobody
        end = int(self.ends[number])
        start = int(self.ends[number - 1]) if number else 0
        return self.rows[start:end]


def clip_features(
    items: Sequence[ClipItem],
    features: Sequence[FrameFeature],
    frames: int,
    cache: Path,
) -> ClipFeatures:
    """Features of clips; computed where the cache does not hold them yet.

    A run that was stopped goes on where it was.

    Args:
        items: the clips.
        features: which.
        frames: of a clip that is a file, so many are looked at, spread evenly over its time.
        cache: folder; made where it is missing.

    Raises:
        MediaError: a file cannot be read.
        ModelError: a visual model cannot be loaded.
    """
    cache.mkdir(parents=True, exist_ok=True)
    name = _digest(items, features, frames)
    file, counts = cache / f"{name}.npy", cache / f"{name}.counts.npy"
    if not (file.exists() and counts.exists()):
        _compute(items, features, frames, file, counts)
    return ClipFeatures(np.load(file, mmap_mode="r"), np.load(counts).tolist())


def _compute(
    items: Sequence[ClipItem],
    features: Sequence[FrameFeature],
    frames: int,
    file: Path,
    counts_file: Path,
) -> None:
    """Writes the rows as they come into a plain file, and makes an array of it at the end."""
    part, progress = file.with_suffix(".part"), file.with_suffix(".json")
    size = sum(feature.size for feature in features)
    counts: list[int] = json.loads(progress.read_text()) if progress.exists() else []
    encode = FrameEncoder.load(features)
    with part.open("r+b" if counts and part.exists() else "wb") as out:
        out.truncate(sum(counts) * size * 2)
        out.seek(0, 2)
        with tqdm(total=len(items), initial=len(counts), unit="clip", disable=None) as bar:
            for pictures, of_clips in _batches(items[len(counts) :], frames):
                out.write(encode(pictures).astype(np.float16).tobytes())
                out.flush()
                counts += of_clips
                progress.write_text(json.dumps(counts))
                bar.update(len(of_clips))
    rows = np.memmap(part, np.float16, "r", shape=(sum(counts), size))
    whole = file.with_suffix(".whole")
    with whole.open("wb") as out:
        np.save(out, rows)
    np.save(counts_file, counts)
    whole.replace(file)
    part.unlink()
    progress.unlink()


def _batches(
    items: Sequence[ClipItem], frames: int
) -> Iterator[tuple[list[np.ndarray], list[int]]]:
    """Frames of whole clips, about 16 at a time, and how many each clip has."""
    pictures: list[np.ndarray] = []
    counts: list[int] = []
    for item in items:
        if item.path is None:
            found = [load_image(frame) for frame in item.frames]
        else:
            found = [frame.image for frame in sample_frames(item.path, frames).frames]
        pictures += found
        counts.append(len(found))
        if len(pictures) >= _BATCH:
            yield pictures, counts
            pictures, counts = [], []
    if pictures:
        yield pictures, counts


def _digest(items: Sequence[ClipItem], features: Sequence[FrameFeature], frames: int) -> str:
    files = [item.frames if item.path is None else (item.path,) for item in items]
    about = {
        "version": _VERSION,
        "features": [asdict(feature) for feature in features],
        "clips": [
            [item.name, len(paths), 0 if item.path is None else frames]
            for item, paths in zip(items, files, strict=True)
        ],
    }
    encoders = sorted({feature.encoder for feature in features})
    return features_digest(about, encoders, [path for paths in files for path in paths])


def set_whitening(layers: Sequence[Whitening], of: Sequence[np.ndarray], seed: int) -> None:
    """Finds the whitening of each feature in those of training frames.

    Args:
        layers: one a feature; their weights are set.
        of: for each feature its vectors, [N, C].
        seed: of the choice of frames, where there are very many.
    """
    random = np.random.default_rng(seed)
    for layer, vectors in zip(layers, of, strict=True):
        chosen = np.sort(random.permutation(len(vectors))[:_ROWS])
        mean, scale = fit_whitening(vectors[chosen], layer.components)
        layer.mean.assign(mean)
        layer.scale.assign(scale)
