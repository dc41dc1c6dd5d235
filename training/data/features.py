"""Features of the frozen part of an encoder, computed once and kept on disk.

The cache is one ``.npy`` file for each set of photos, memory-mapped when read. Its name is a digest
of everything that the numbers depend on: the photos' bytes, their order and view, the encoder's
configuration, weights and cut, the resizing and the precision. So a stale file is never read; it
is merely left.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from keras import ops
from tqdm import tqdm

from captioner.media.images import load_image
from captioner.models.caption_model import CaptionModel
from captioner.models.preprocessing import RESIZING, resize
from captioner.runtime.keras_graphs import compiled
from training.data.views import AS_IT_IS, View

_BATCH = 16
_VERSION = 2


def cached_features(
    model: CaptionModel,
    trunk: Any,
    paths: Sequence[Path],
    cache: Path,
    view: View = AS_IT_IS,
) -> np.ndarray:
    """Features of photos; computed where the cache does not hold them yet.

    A run that was stopped goes on where it was.

    Args:
        model: its encoder says what the features are.
        trunk: the frozen part, images → features, from the encoder's `split`.
        paths: N photos.
        cache: the folder of the cache; made where it is missing.
        view: how the photos are looked at.

    Returns:
        [N, ...], float16 (uint8 where the features are the images), memory-mapped, read-only.

    Raises:
        MediaError: a photo cannot be read.
    """
    cache.mkdir(parents=True, exist_ok=True)
    file = cache / f"{_digest(model, trunk, paths, view)}.npy"
    if not file.exists():
        _compute(trunk, paths, view, model.config.encoder.image_size, file)
    features: np.ndarray = np.load(file, mmap_mode="r")
    return features


def resized(paths: Sequence[Path], size: int, view: View = AS_IT_IS) -> Iterator[np.ndarray]:
    """Photos as the encoder takes them, a batch at a time.

    Args:
        paths: the photos.
        size: side of the encoder's input in pixels.
        view: how the photos are looked at.

    Yields:
        uint8 [B, size, size, 3].

    Raises:
        MediaError: a photo cannot be read.
    """
    for start in range(0, len(paths), _BATCH):
        batch = paths[start : start + _BATCH]
        yield np.stack([resize(view.of(load_image(path), path.name), size) for path in batch])


def frozen_weights(model: CaptionModel, trunk: Any) -> Iterator[tuple[str, np.ndarray]]:
    """Name and numbers of each weight of ``trunk``, a part of the model's encoder."""
    frozen = {id(variable) for variable in trunk.weights}
    for name, variable in model.encoder.variables().items():
        if id(variable) in frozen:
            yield name, np.asarray(ops.convert_to_numpy(variable.value))


def _compute(trunk: Any, paths: Sequence[Path], view: View, size: int, file: Path) -> None:
    part, progress = file.with_suffix(".part"), file.with_suffix(".json")
    dtype = np.uint8 if trunk.output.dtype == "uint8" else np.float16
    done = json.loads(progress.read_text()) if progress.exists() and part.exists() else 0
    array = np.lib.format.open_memmap(
        part, mode="r+" if done else "w+", dtype=dtype, shape=(len(paths), *trunk.output.shape[1:])
    )
    run = compiled(trunk)
    with tqdm(total=len(paths), initial=done, desc="features", unit="photo") as bar:
        for number, images in enumerate(resized(paths[done:], size, view)):
            end = done + len(images)
            array[done:end] = images if dtype == np.uint8 else run(images)[0]
            done = end
            bar.update(len(images))
            if number % 16 == 0:
                array.flush()
                progress.write_text(str(done))
    array.flush()
    part.replace(file)
    progress.unlink(missing_ok=True)


def _digest(model: CaptionModel, trunk: Any, paths: Sequence[Path], view: View) -> str:
    digest = hashlib.sha256()
    description = {
        "version": _VERSION,
        "encoder": asdict(model.config.encoder),
        "features": list(trunk.output.shape[1:]),
        "resizing": RESIZING,
        "precision": trunk.compute_dtype,
        "view": view.number,
    }
    digest.update(json.dumps(description, sort_keys=True).encode())
    for name, numbers in frozen_weights(model, trunk):
        # As a model folder keeps them, so that the next stage finds what the first has computed.
        digest.update(name.encode() + numbers.astype(np.float16).tobytes())
    for path in paths:
        digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:32]
