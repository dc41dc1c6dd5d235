"""Teaching one captioner what several know together.

The teachers' log-probabilities of the next word, averaged as an ensemble's beam search averages
them, are what the student aims at beside the true word (G. Hinton et al., "Distilling the Knowledge
in a Neural Network", 2015).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from captioner.models.caption_model import CaptionModel
from captioner.models.vocabulary import PAD
from training.captioning.cross_entropy import SmoothedCrossEntropy


@keras.saving.register_keras_serializable(package="captionloom")
class DistilledCrossEntropy(SmoothedCrossEntropy):
    """Cross-entropy with the true words, and with what the teachers say, mean over the real words.

    Args:
        share: of the teachers in the sum, 0 to 1.
        smoothing: of the true words.
    """

    def __init__(self, share: float, smoothing: float = 0.1, **kwargs: Any):
        super().__init__(smoothing, name="distilled_cross_entropy", **kwargs)
        self.share = share

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Targets int [B, K, T]; the student's logits and the teachers' [B, K, T, 2 V] → scalar."""
        logits, taught = ops.split(ops.cast(y_pred, "float32"), 2, axis=-1)
        targets = ops.cast(y_true, "int32")
        losses = -ops.sum(ops.softmax(taught, axis=-1) * ops.log_softmax(logits, axis=-1), axis=-1)
        real = ops.cast(ops.not_equal(targets, PAD), "float32")
        soft = ops.sum(losses * real) / ops.maximum(ops.sum(real), 1.0)
        return (1 - self.share) * super().call(targets, logits) + self.share * soft

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        config = super().get_config()
        config.pop("name")
        return {**config, "share": self.share}


def beside_teachers(
    network: Any, teachers: Sequence[CaptionModel], captions: int, trained_from: str | None
) -> Any:
    """The network that is trained, with the teachers' opinion beside its own.

    Args:
        network: the student's `CaptionModel.training_graph`.
        teachers: models with the student's vocabulary, and without dropout.
        captions: K, captions of each image.
        trained_from: as of the encoder's `split`, which made the network's features; each teacher
            has its own way from there to its grid.

    Returns:
        A Keras model: features and tokens → [B, K, T, 2 V], the student's logits and the teachers'
        mean log-probabilities.
    """
    opinions = []
    for number, teacher in enumerate(teachers):
        _, head = teacher.encoder.split(trained_from)
        graph = teacher.training_graph(head, captions)
        graph.trainable = False
        graph.name = f"teacher_{number}"
        opinions.append(ops.log_softmax(ops.cast(graph(network.inputs), "float32"), axis=-1))
    together = sum(opinions[1:], opinions[0]) / len(opinions)
    student = ops.cast(network.output, "float32")
    return keras.Model(network.inputs, ops.concatenate([student, together], axis=-1))
