"""What every temporal encoder offers: tokens of a clip's frames to a memory of the whole clip."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from captioner.models.clip_model_config import TemporalConfig


class TemporalEncoder(ABC):
    """Reads the tokens of T frames in their order.

    T is static: a clip of fewer frames shows each of them several times, evenly
    (`captioner.models.clip_model_frames.spread`), so that no network needs a mask. Weights do not
    hang on T, and the same ones read clips of any number of frames.

    Args:
        config: what it is.
    """

    def __init__(self, config: TemporalConfig):
        self.config = config

    @abstractmethod
    def __call__(self, tokens: Any) -> Any:
        """Tokens [B, T, N, D] → memory [B, T', N', D]: at T' moments N' tokens each."""
