"""How well what people say of photos can be told from an encoder's blocks, by a linear model.

``python -m training.analysis.probe`` chooses an encoder's output in minutes, without training a
decoder: for every class of words (`confusions.classes`) a ridge regression (A. Hoerl and R.
Kennard, 1970) from the grid's mean and maximum is fitted on the training photos, and judged by its
average precision on the dev photos.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from captioner.runtime.backend import choose_backend
from training.analysis.confusions import AGREEING, ALL_GROUPS, classes
from training.data.datasets import CaptionedImage, DatasetError, load_dataset

if TYPE_CHECKING:
    from captioner.models.encoders.base import VisualEncoder

__all__ = ["average_precision", "compare", "main", "pooled", "probe", "votes"]

_FEWEST = 12  # dev photos that a class must be on: the precision of a rarer one is luck


def votes(items: Sequence[CaptionedImage], names: Sequence[tuple[str, str]]) -> np.ndarray:
    """How many references of N photos say each of M classes, int64 [N, M].

    Args:
        items: N photos.
        names: M pairs of a group and a class of it.
    """
    counts = [
        Counter((group, name) for text in item.captions for group, name in _said(text))
        for item in items
    ]
    return np.array([[count[name] for name in names] for count in counts], dtype=np.int64)


def _said(text: str) -> list[tuple[str, str]]:
    return [(group, name) for group in ALL_GROUPS for name in classes(text, group)]


def pooled(encoder: VisualEncoder, paths: Sequence[Path]) -> np.ndarray:
    """Mean and maximum over the grid of N photos, float32 [N, 2 C].

    Raises:
        MediaError: a photo cannot be read.
    """
    from captioner.runtime.keras_graphs import compiled
    from training.data.features import resized

    run = compiled(encoder.model)
    rows = []
    for images in resized(paths, encoder.config.image_size):
        (grid,) = run(images)
        rows.append(np.concatenate([grid.mean(axis=1), grid.max(axis=1)], axis=1))
    return np.concatenate(rows)


def probe(
    training: np.ndarray, said: np.ndarray, dev: np.ndarray, penalty: float = 1.0
) -> np.ndarray:
    """Ridge regression of what is said on features.

    Args:
        training: features, float [N, F].
        said: of the same N photos, float [N, M], 0 to 1.
        dev: features of others, float [D, F].
        penalty: on the weights, for each photo.

    Returns:
        Scores of the M classes, float [D, M]; higher is likelier.
    """
    mean, spread = training.mean(axis=0), training.std(axis=0) + 1e-3
    x = (training - mean) / spread
    covariance = x.T @ x + penalty * len(x) * np.eye(x.shape[1], dtype=x.dtype)
    weights = np.linalg.solve(covariance, x.T @ (said - said.mean(axis=0)).astype(x.dtype))
    scores: np.ndarray = (dev - mean) / spread @ weights
    return scores


def average_precision(scores: np.ndarray, there: np.ndarray) -> float:
    """Mean precision at each photo that has the class, best score first.

    Args:
        scores: float [D].
        there: bool [D]; at least one holds.
    """
    right = there[np.argsort(-scores, kind="stable")]
    precision = np.cumsum(right) / np.arange(1, len(right) + 1)
    return float(precision[right].mean())


def compare(
    outputs: Sequence[str],
    training: Sequence[CaptionedImage],
    dev: Sequence[CaptionedImage],
    *,
    image_size: int = 299,
    encoder_weights: str = "imagenet",
) -> Iterator[tuple[str, dict[str, float]]]:
    """Mean average precision of all classes (``all``) and of each group's, for each output.

    Args:
        outputs: of the encoder, as `EncoderConfig.output` has them.
        training: what the probe learns from.
        dev: what it is judged on.
        image_size: side of the encoder's input in pixels.
        encoder_weights: as `load_encoder_weights` takes them.

    Raises:
        DatasetError: no class of words is on enough of the dev photos.
        MediaError: a photo cannot be read.
        ModelError: an output or the weights do not exist.
    """
    from captioner.models.config import EncoderConfig
    from captioner.models.encoders import build_encoder
    from training.captioning.encoder_weights import load_encoder_weights

    names = sorted({pair for item in dev for text in item.captions for pair in _said(text)})
    there = votes(dev, names) >= AGREEING
    often = there.sum(axis=0) >= _FEWEST
    names = [name for name, kept in zip(names, often, strict=True) if kept]
    if not names:
        raise DatasetError(f"no class of words is on {_FEWEST} of the dev photos")
    said = np.minimum(votes(training, names), AGREEING) / AGREEING
    for output in outputs:
        encoder = build_encoder(EncoderConfig(image_size=image_size, output=output))
        load_encoder_weights(encoder, encoder_weights)
        seen, unseen = (pooled(encoder, [item.path for item in part]) for part in (training, dev))
        yield output, _by_group(probe(seen, said, unseen), there[:, often], names)


def _by_group(
    scores: np.ndarray, there: np.ndarray, names: Sequence[tuple[str, str]]
) -> dict[str, float]:
    precisions = [average_precision(s, t) for s, t in zip(scores.T, there.T, strict=True)]
    groups: dict[str, list[float]] = {"all": precisions}
    for (group, _), precision in zip(names, precisions, strict=True):
        groups.setdefault(group, []).append(precision)
    return {group: float(np.mean(values)) for group, values in groups.items()}


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(
        prog="python -m training.analysis.probe", description=(__doc__ or "").splitlines()[0]
    )
    result.add_argument("outputs", nargs="+", metavar="OUTPUT", help="such as block12+block13")
    result.add_argument("--data", type=Path, required=True, metavar="DIR")
    result.add_argument("--image-size", type=int, default=299, help="pixels (default: 299)")
    result.add_argument(
        "--encoder-weights", default="imagenet", metavar="imagenet|FILE|MODEL_DIR|none",
        help="weights of the encoder (default: imagenet)",
    )  # fmt: skip
    return result


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    options = parser().parse_args(arguments)
    choose_backend()
    from captioner.errors import MediaError, ModelError

    columns = ("all", *ALL_GROUPS)
    try:
        training, dev = (load_dataset(options.data, split) for split in ("train", "dev"))
        results = compare(
            options.outputs,
            training,
            dev,
            image_size=options.image_size,
            encoder_weights=options.encoder_weights,
        )
        print(f"| output | {' | '.join(columns)} |\n|{'---|' * (1 + len(columns))}")
        for output, precision in results:
            cells = (f"{precision[name]:.3f}" if name in precision else "-" for name in columns)
            print(f"| {output} | {' | '.join(cells)} |", flush=True)
    except (DatasetError, MediaError, ModelError) as error:
        print(f"training.analysis.probe: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
