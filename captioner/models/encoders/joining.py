"""From the outputs of several stages to the tokens of one grid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras

from captioner.errors import ModelError
from captioner.runtime.process_state import data_format

# These convolve channels first: Keras would transpose before and after every layer, which took
# longer than all convolutions together on OpenVINO (training/results/runtime.md).
_CHANNELS_FIRST = ("openvino", "torch")


def data_format_of_the_backend() -> str:
    """``channels_first`` or ``channels_last``: how feature maps lie on the backend in use."""
    return "channels_first" if keras.config.backend() in _CHANNELS_FIRST else "channels_last"


@contextmanager
def layers_for_the_backend() -> Iterator[str]:
    """Layers made here have `data_format_of_the_backend`, which is given.

    Keras's layers take this format from a setting of the whole process when they are made.
    """
    chosen = data_format_of_the_backend()
    with data_format(chosen):
        yield chosen


def pooled(outputs: Sequence[Any]) -> list[Any]:
    """Outputs of stages, their finer maps pooled to the positions of the coarsest.

    Args:
        outputs: square maps, [B, C, H, W] or [B, H, W, C] as the backend has them, and vectors
            [B, C], which stay as they are.

    Raises:
        ModelError: halving the finer ones does not lead to the coarsest.
    """
    sides = [output.shape[2] for output in outputs if _is_map(output)]
    maps = [_halved(x, min(sides)) if _is_map(x) else x for x in outputs]
    if len({x.shape[2] for x in maps if _is_map(x)}) > 1:
        together = " and ".join(f"{side} by {side}" for side in sorted(set(sides)))
        raise ModelError(
            f"the outputs cannot be joined, for their grids are {together} at this image_size; "
            "take one at which they agree, such as 224 or 299"
        )
    return maps


def tokens_of(outputs: Sequence[Any]) -> tuple[Any, tuple[int, int]]:
    """Outputs of the same positions as tokens, joined along their channels.

    Args:
        outputs: as `pooled` gives them. A vector says the same at every position, after the maps.

    Returns:
        Tokens [B, N, C], and the grid: rows and columns.
    """
    ordered = sorted(outputs, key=lambda x: not _is_map(x))
    maps = [_channels_last(x) if _is_map(x) else x for x in ordered]
    grid = next((tuple(x.shape[1:3]) for x in maps if _is_map(x)), (1, 1))
    positions = grid[0] * grid[1]
    parts = [
        keras.layers.Reshape((-1, x.shape[-1]))(x)
        if _is_map(x)
        else keras.layers.RepeatVector(positions)(x)
        for x in maps
    ]
    return keras.layers.Concatenate()(parts) if len(parts) > 1 else parts[0], grid


def _is_map(output: Any) -> bool:
    return len(output.shape) == 4


def _channels_last(output: Any) -> Any:
    first = data_format_of_the_backend() == "channels_first"
    return keras.layers.Permute((2, 3, 1))(output) if first else output


def _halved(output: Any, side: int) -> Any:
    """A map with ``side`` columns or fewer, pooled as Xception pools between its blocks."""
    data_format = data_format_of_the_backend()
    while output.shape[2] > side:
        output = keras.layers.MaxPooling2D(3, 2, "same", data_format=data_format)(output)
    return output
