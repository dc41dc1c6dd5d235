"""Features of photos and frames as an answerer reads them, computed once and kept on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from captioner.media.images import load_image
from captioner.models.answer_config import AnswerConfig
from captioner.models.answer_features import FrameFeatures
from captioner.models.answer_reader import FeatureReader, joined
from training.data.digests import features_digest

_PARTS = ("grid", "mean", "concepts", "certainty")
_TOGETHER = 64
_VERSION = 1


def cached_frames(paths: Sequence[Path], config: AnswerConfig, cache: Path) -> FrameFeatures:
    """Features of N files, one after the other; computed where the cache has none.

    Args:
        paths: photos and frames.
        config: names the visual models.
        cache: a folder; made where it is missing.

    Raises:
        MediaError: a file cannot be read.
        ModelError: a visual model cannot be loaded.
    """
    folder = cache / _digest(paths, config)
    if not folder.is_dir():
        _compute(paths, config, folder)
    return FrameFeatures(*(np.load(folder / f"{name}.npy", mmap_mode="r") for name in _PARTS))


def _compute(paths: Sequence[Path], config: AnswerConfig, folder: Path) -> None:
    reader = FeatureReader(config)
    parts = []
    with tqdm(total=len(paths), desc="features", unit="photo", disable=None) as bar:
        for start in range(0, len(paths), _TOGETHER):
            group = paths[start : start + _TOGETHER]
            found = reader.read([load_image(path) for path in group])
            halves = (found.grid.astype(np.float16), found.mean.astype(np.float16))
            parts.append(FrameFeatures(*halves, found.concepts, found.certainty))
            bar.update(len(group))
    whole = joined(parts)
    part = folder.with_suffix(".part")
    part.mkdir(parents=True, exist_ok=True)
    for name in _PARTS:
        np.save(part / f"{name}.npy", getattr(whole, name))
    part.rename(folder)


def _digest(paths: Sequence[Path], config: AnswerConfig) -> str:
    about = {
        "version": _VERSION,
        "encoders": config.encoders,
        "grid": config.grid,
        "concepts": config.concepts,
    }
    return features_digest(about, config.encoders, paths)
