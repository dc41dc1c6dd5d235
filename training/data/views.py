"""Views of photos: as they are, mirrored, cropped; and crops of grids of features.

What a captioner must not mind.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

_SMALLEST_CROP = 0.75  # of each side: what a caption speaks of must stay in the picture


@dataclass(frozen=True)
class View:
    """One way of looking at every photo.

    Attributes:
        number: 0 is the photo as it is; odd numbers are mirrored; from 2 on, each photo is cropped,
            otherwise for each number.
    """

    number: int

    @property
    def mirrored(self) -> bool:
        """Whether left and right have changed places."""
        return self.number % 2 == 1

    @property
    def cropped(self) -> bool:
        """Whether margins are cut away."""
        return self.number >= 2

    def of(self, image: np.ndarray, name: str) -> np.ndarray:
        """The view of a photo, uint8 [H, W, 3]; the same each time for the same ``name``."""
        if self.cropped:
            random = np.random.default_rng((self.number, zlib.crc32(name.encode())))
            rows, columns = (_part(random, side) for side in image.shape[:2])
            image = image[rows, columns]
        return image[:, ::-1] if self.mirrored else image


AS_IT_IS = View(0)


def window(random: np.random.Generator, grid: tuple[int, int]) -> np.ndarray:
    """A crop of a grid of features: nearly that of a cropped photo, without an encoder's work.

    Args:
        random: draws the crop.
        grid: its rows and columns.

    Returns:
        Numbers of positions, int [rows * columns], row by row. As many as the grid has: a smaller
        window says some of its rows and columns twice.
    """
    rows, columns = (_stretched_part(random, side) for side in grid)
    numbers: np.ndarray = rows[:, None] * grid[1] + columns
    return numbers.ravel()


def _stretched_part(random: np.random.Generator, side: int) -> np.ndarray:
    places = np.arange(side)
    part = places[_part(random, side)]
    return part[places * len(part) // side]


def _part(random: np.random.Generator, side: int) -> slice:
    length = max(1, round(side * random.uniform(_SMALLEST_CROP, 1)))
    start = int(random.integers(side - length + 1))
    return slice(start, start + length)
