"""Pictures of any size to the square that an encoder takes."""

from __future__ import annotations

import numpy as np
from PIL import Image

RESIZING = "pillow-bilinear-squeezed"  # named in the key of every feature cache


def resize(image: np.ndarray, size: int) -> np.ndarray:
    """Squeezes a picture into a square, as the training photos were.

    Pillow's bilinear filter widens with the reduction, so that large photos do not alias.

    Args:
        image: uint8 [H, W, 3].
        size: side of the result, pixels.

    Returns:
        uint8 [size, size, 3].
    """
    if image.shape[:2] == (size, size):
        return image
    picture = Image.fromarray(image)
    return np.asarray(picture.resize((size, size), Image.Resampling.BILINEAR))
