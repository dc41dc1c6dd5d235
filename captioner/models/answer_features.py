"""What an answerer reads of frames: a pooled grid, a mean vector, and the likeliest classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from captioner.models.answer_config import AnswerConfig


@dataclass(frozen=True)
class FrameFeatures:
    """Features of T frames.

    Attributes:
        grid: [T, places, channels], row by row.
        mean: [T, channels].
        concepts: int32 [T, K], numbers of the likeliest classes, likeliest first.
        certainty: [T, K], their probabilities.
    """

    grid: np.ndarray
    mean: np.ndarray
    concepts: np.ndarray
    certainty: np.ndarray

    def __len__(self) -> int:
        return len(self.grid)

    def of(self, frames: Sequence[int] | np.ndarray | slice) -> FrameFeatures:
        """Those of some of the frames, which may repeat."""
        return FrameFeatures(
            self.grid[frames], self.mean[frames], self.concepts[frames], self.certainty[frames]
        )


def likeliest(chances: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The likeliest classes.

    Args:
        chances: [T, classes].
        count: K.

    Returns:
        Their numbers int32 [T, K] and probabilities float32 [T, K], likeliest first.
    """
    order = np.argsort(-chances, axis=1, kind="stable")[:, :count]
    certainty = np.take_along_axis(chances, order, axis=1).astype(np.float32)
    return order.astype(np.int32), certainty


def network_inputs(
    clips: Sequence[FrameFeatures], times: Sequence[np.ndarray], frames: int
) -> list[np.ndarray]:
    """Frames of several clips as `AnswerNetwork.frame_inputs` takes them.

    Args:
        clips: each of at most ``frames`` frames.
        times: of each clip's frames, from 0 at its beginning to 1 at its end; [T].
        frames: T of the network; clips with fewer repeat their last frame, which is then masked.
    """
    padded = [clip.of(np.minimum(np.arange(frames), len(clip) - 1)) for clip in clips]
    mask = np.array([np.arange(frames) < len(clip) for clip in clips], np.float32)
    moments = np.zeros((len(clips), frames), np.float32)
    for row, moment in zip(moments, times, strict=True):
        row[: len(moment)] = moment
    return [
        np.stack([clip.grid for clip in padded]).astype(np.float32),
        np.stack([clip.mean for clip in padded]).astype(np.float32),
        np.stack([clip.concepts for clip in padded]).astype(np.int32),
        # The root lets the second guess count, too.
        np.sqrt(np.stack([clip.certainty for clip in padded]).astype(np.float32)),
        moments,
        mask,
    ]


def blind_inputs(config: AnswerConfig, rows: int, frames: int = 1) -> list[np.ndarray]:
    """The same where nothing is seen: what an answerer gets that must answer without looking."""
    return [
        np.zeros((rows, frames, config.places, config.grid_channels), np.float32),
        np.zeros((rows, frames, config.pooled_channels), np.float32),
        np.zeros((rows, frames, config.concepts), np.int32),
        np.zeros((rows, frames, config.concepts), np.float32),
        np.zeros((rows, frames), np.float32),
        np.ones((rows, frames), np.float32),
    ]
