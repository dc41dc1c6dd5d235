"""Weights as whole numbers of one byte, with a scale for each row or column.

A tensor of a safetensors file that is int8 has its scales beside it, under its own name and
``.scale``; they broadcast against it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

SCALE = ".scale"

_LARGEST = 127


def quantised(name: str, array: np.ndarray, axis: int) -> dict[str, np.ndarray]:
    """A matrix as int8, and its scales as float32.

    Args:
        name: of the tensor.
        array: [R, C].
        axis: numbers along this axis share a scale.
    """
    scale = np.abs(array).max(axis=axis, keepdims=True).astype(np.float32) / _LARGEST
    scale = np.maximum(scale, np.finfo(np.float32).tiny)
    return {name: np.rint(array / scale).astype(np.int8), name + SCALE: scale}


def dequantised(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """All tensors of a file, those that were int8 as float32."""
    return {
        name: array.astype(np.float32) * arrays[name + SCALE] if array.dtype == np.int8 else array
        for name, array in arrays.items()
        if not name.endswith(SCALE)
    }
