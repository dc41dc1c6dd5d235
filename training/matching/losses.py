"""The contrast of pictures and sentences."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

_FIRST_TEMPERATURE = 0.07
_COLDEST = math.log(100.0)
_MARGIN = 0.2  # of cosines; as F. Faghri et al., "VSE++", BMVC 2018
_NEVER = -1e9


@keras.saving.register_keras_serializable(package="captionloom")
class Pairing(keras.layers.Layer):
    """Pictures and their sentences side by side, with the temperature that is learnt.

    The result is [B, 1 + K, D + 1]: the picture, then K sentences; the last number is the logarithm
    of what cosines are multiplied by, so that a loss needs nothing else.
    """

    def build(self, *_: Any) -> None:
        """Creates the temperature."""
        start = keras.initializers.Constant(math.log(1 / _FIRST_TEMPERATURE))
        self.log_scale = self.add_weight(shape=(), initializer=start, name="log_scale")
        self.built = True

    def call(self, pictures: Any, sentences: Any) -> Any:
        """Pictures [B, D] and sentences [B, K, D]."""
        pairs = ops.concatenate([pictures[:, None], sentences], axis=1)
        scale = ops.minimum(self.log_scale, _COLDEST)
        return ops.concatenate([pairs, ops.zeros_like(pairs[..., :1]) + scale], axis=-1)

    def compute_output_shape(self, pictures_shape: Any, sentences_shape: Any) -> Any:
        """The shape of the result."""
        batch, count, dimensions = sentences_shape
        return batch, count + 1, dimensions + 1


@keras.saving.register_keras_serializable(package="captionloom")
class Contrast(keras.losses.Loss):
    """InfoNCE both ways (A. van den Oord et al. 2018; A. Radford et al. 2021).

    What others say of the same picture or clip is no negative, nor is the same sentence said of
    another: they are left out of the sums.

    Args:
        smoothing: share of the target that is spread evenly over all.
        hard_weight: a variable: the share of the hardest negative's margin in the loss.
    """

    def __init__(self, smoothing: float = 0.0, hard_weight: Any = 0.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.smoothing = smoothing
        self.hard_weight = hard_weight

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """What `data.Pairs` numbers, int [B, 1 + K], and what `Pairing` gives → scalar."""
        numbers = ops.cast(y_true, "int32")
        own = ops.eye(ops.shape(numbers)[0], dtype="bool")
        pictures, scale = y_pred[:, 0, :-1], ops.exp(y_pred[0, 0, -1])
        losses = []
        for k in range(1, y_pred.shape[1]):
            same = ops.logical_or(_alike(numbers[:, 0]), _alike(numbers[:, k]))
            banned = ops.logical_and(same, ops.logical_not(own))
            cosines = ops.matmul(pictures, ops.transpose(y_pred[:, k, :-1]))
            losses.append(self._of(cosines, scale, own, banned))
        return sum(losses[1:], losses[0]) / len(losses)

    def _of(self, cosines: Any, scale: Any, own: Any, banned: Any) -> Any:
        logits = ops.where(banned, _NEVER, scale * cosines)
        found = ops.diagonal(logits)
        aimed = (1 - self.smoothing) * found
        if self.smoothing:
            allowed = ops.cast(ops.logical_not(banned), "float32")
            mean = ops.sum(allowed * scale * cosines, axis=1) / ops.sum(allowed, axis=1)
            aimed = aimed + self.smoothing * mean
        both = ops.logsumexp(logits, axis=1) + ops.logsumexp(logits, axis=0)
        contrast = ops.mean(both / 2 - aimed)
        others = ops.where(ops.logical_or(own, banned), _NEVER, cosines)
        right = ops.diagonal(cosines)
        hard = sum(
            ops.mean(ops.relu(_MARGIN + ops.max(others, axis=axis) - right)) for axis in (0, 1)
        )
        weight = ops.convert_to_tensor(self.hard_weight)
        return (1 - weight) * contrast + weight * 10 * hard


def _alike(numbers: Any) -> Any:
    return ops.equal(numbers[:, None], numbers[None, :])
