"""``python -m training.quantise``: the encoder of a model folder in 8-bit integers.

Post-training quantisation by NNCF (B. Jacob et al., "Quantization and Training of Neural Networks
for Efficient Integer-Arithmetic-Only Inference", CVPR 2018): training photos pass through the
encoder, and the ranges of what its layers put out become the scales of the integers.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from captioner.captioner import MAX_SIDE
from captioner.media.images import load_image
from captioner.models.folder import INT8_ENCODER
from captioner.models.preprocessing import resize

_SEED = 1


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(
        prog="python -m training.quantise",
        description="Writes the encoder of a model folder in 8-bit integers into the folder.",
    )
    result.add_argument("--model", type=Path, required=True, metavar="DIR", help="a model folder")
    result.add_argument("--data", type=Path, required=True, metavar="DIR")
    result.add_argument("--photos", type=int, default=300, help="training photos (default: 300)")
    return result


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    options = parser().parse_args(arguments)
    os.environ["KERAS_BACKEND"] = "openvino"  # whatever the user's: the result is a graph of its
    from captioner.media.errors import MediaError
    from training.datasets import DatasetError, load_dataset

    try:
        import nncf  # noqa: F401 - is it there?
    except ImportError as error:
        print(f"{error}; pip install 'captionloom[quantise]' brings it", file=sys.stderr)
        return 2
    try:
        paths = [item.path for item in load_dataset(options.data, "train")]
        random.Random(_SEED).shuffle(paths)
        quantise(options.model, paths[: options.photos])
    except (DatasetError, MediaError, OSError, ValueError) as error:
        print(f"training.quantise: {error}", file=sys.stderr)
        return 2
    print(options.model / INT8_ENCODER)
    return 0


def quantise(folder: Path, paths: list[Path]) -> None:
    """Writes the folder's encoder in 8-bit integers into it.

    Args:
        folder: a model folder.
        paths: photos that are typical of those that will be captioned.

    Raises:
        ModelError: it is no model folder, or damaged.
        MediaError: a photo cannot be read.
        OSError: the folder cannot be written.
    """
    import nncf
    import openvino

    graph = _encoder(folder)
    size = graph.inputs[0].partial_shape[1].get_length()
    images = [_square(path, size) for path in paths]
    quantised = nncf.quantize(
        graph,
        nncf.Dataset(images),
        subset_size=len(images),
        preset=nncf.QuantizationPreset.MIXED,  # residual sums have two signs
    )
    with TemporaryDirectory(dir=folder) as temporary:
        part = Path(temporary) / INT8_ENCODER
        openvino.save_model(quantised, part)
        for suffix in (".bin", ".xml"):
            name = part.with_suffix(suffix).name
            (Path(temporary) / name).replace(folder / name)


def _encoder(folder: Path) -> Any:
    """The encoder as an OpenVINO graph whose weights are constants, which NNCF needs."""
    from openvino._offline_transformations import apply_moc_transformations

    from captioner.models.caption_model import CaptionModel
    from captioner.models.openvino_graphs import converted

    graph = converted(CaptionModel.load(folder).encoder.model)
    apply_moc_transformations(graph, cf=True)
    return graph


def _square(path: Path, size: int) -> np.ndarray:
    return resize(load_image(path, max_side=MAX_SIDE), size)[None]


if __name__ == "__main__":
    sys.exit(main())
