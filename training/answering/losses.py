"""The losses of an answerer: the words of the answer, and masked video modelling."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from captioner.models.vocabulary import PAD


@keras.saving.register_keras_serializable(package="captionloom")
class AnswerLoss(keras.losses.Loss):
    """Cross-entropy of the words of an answer, its mean a word, with label smoothing.

    Args:
        smoothing: probability spread evenly over all words.
    """

    def __init__(self, smoothing: float = 0.05, name: str = "answer_loss", **kwargs: Any):
        super().__init__(name=name, **kwargs)
        self.smoothing = smoothing

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Targets int [B, A] and logits [B, A, V] → [B]."""
        logits = ops.cast(y_pred, "float32")
        targets = ops.cast(y_true, "int32")
        chosen = ops.take_along_axis(logits, targets[..., None], axis=-1)[..., 0]
        aimed = (1 - self.smoothing) * chosen + self.smoothing * ops.mean(logits, axis=-1)
        losses = ops.logsumexp(logits, axis=-1) - aimed
        real = ops.cast(ops.not_equal(targets, PAD), "float32")
        return ops.sum(losses * real, axis=1) / ops.maximum(ops.sum(real, axis=1), 1.0)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {**super().get_config(), "smoothing": self.smoothing}


@keras.saving.register_keras_serializable(package="captionloom")
class GivenLoss(keras.losses.Loss):
    """What the network puts out is the loss: the error of masked video modelling."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """[B, 1], of which the first is not used → [B]."""
        return y_pred[:, 0]


def kept_tokens(
    draw: np.random.Generator, shape: tuple[int, int], mean: float, least: float, most: float
) -> np.ndarray:
    """Which frame tokens stay, float32 [rows, tokens]; each row's share is drawn anew.

    Args:
        draw: what is drawn from.
        shape: rows and tokens of each.
        mean: of the share that is masked, of deviation 0.1.
        least: its lower bound.
        most: its upper bound, below 1.
    """
    rows, tokens = shape
    shares = np.clip(draw.normal(mean, 0.1, rows), least, most)
    order = draw.random((rows, tokens)).argsort(axis=1)
    return (order >= np.round(shares * tokens)[:, None]).astype(np.float32)
