"""Where the model looked, as pictures: bright and warm where it did, dark where it did not."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from captioner.media.pixels import RGBArray

_DARK = 0.3  # what is left of the light where the model did not look
_GLOW = 0.34  # how much of the warm colour lies on what it looked at most
_SOFT = 0.8  # below 1, what was looked at a little is seen a little better
_WARM = np.array((255, 176, 46), np.float32)
_GREY = np.array((0.299, 0.587, 0.114), np.float32)  # luma of ITU-R BT.601
_SHORT = 3  # letters


def is_telling(word: str) -> bool:
    """Whether a word is longer than "a", "in" and "the", which say little."""
    return len(word) > _SHORT


def overlay(photo: RGBArray, weights: NDArray[np.float32]) -> RGBArray:
    """The photo with the attention of one word laid over it.

    Args:
        photo: uint8 [H, W, 3].
        weights: float32 [rows, columns] over the whole photo, at least 0; only their proportions
            count. Equal weights leave all of the photo bright: the model looked everywhere.

    Returns:
        uint8 [H, W, 3].
    """
    looked = _upsample(weights, photo.shape[1], photo.shape[0])[..., None] ** _SOFT
    pixels = photo.astype(np.float32)
    grey = (pixels @ _GREY)[..., None]
    # What was not looked at loses its colour first, and most of its light.
    seen = grey + (pixels - grey) * np.sqrt(looked)
    lit = seen * (_DARK + (1 - _DARK) * looked)
    # The colour marks the peak only where there is one: evenly spread attention gets none.
    spread = float(weights.mean() / max(float(weights.max()), 1e-12))
    glow = _GLOW * (1 - spread) * looked**2
    mixed: RGBArray = (lit * (1 - glow) + _WARM * glow).clip(0, 255).astype(np.uint8)
    return mixed


def fit(photo: RGBArray, side: int) -> RGBArray:
    """The photo with its longer side ``side`` pixels long."""
    image = Image.fromarray(photo)
    scale = side / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return np.array(image.resize(size, Image.Resampling.LANCZOS), np.uint8)


def _upsample(weights: NDArray[np.float32], width: int, height: int) -> NDArray[np.float32]:
    """The weights as a smooth map of the photo's size, from 0 to 1 at their highest."""
    top = max(float(weights.max()), 1e-12)
    grid = Image.fromarray((weights / top).astype(np.float32))
    smooth = np.asarray(grid.resize((width, height), Image.Resampling.BICUBIC), np.float32)
    return smooth.clip(0, 1)
