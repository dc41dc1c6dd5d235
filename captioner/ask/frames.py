"""Which frames of a clip a question is about.

By the question alone: no caption and no answer goes into the choice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

# (questions, frames uint8 [H, W, 3] in order of time, how many at most) -> their numbers, rising,
# for each question
FrameChooser: TypeAlias = Callable[[Sequence[str], Sequence[np.ndarray], int], list[list[int]]]


def evenly(questions: Sequence[str], frames: Sequence[np.ndarray], count: int) -> list[list[int]]:
    """Frames at equal distances, whatever is asked."""
    chosen = list(range(len(frames)))
    if len(frames) > count:
        chosen = [int((place + 0.5) * len(frames) / count) for place in range(count)]
    return [chosen for _ in questions]


def a_third(frames: int, most: int) -> int:
    """How many frames of so many are looked at closely: a third, but four where there are four."""
    return min(most, frames, max(4, -(-frames // 3)))
