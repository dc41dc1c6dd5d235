"""A contrastive loss of clips and sentences beside the captioning loss.

J. Yu et al., "CoCa: Contrastive Captioners are Image-Text Foundation Models", TMLR 2022. Simpler
here: the clip's vector is the mean of the memory that the decoder reads, the sentence's the mean of
its word vectors, both projected; all captions of a clip count as right, so that none of them is a
false negative.
"""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from captioner.models.clip_model import ClipModel
from captioner.models.vocabulary import PAD


@keras.saving.register_keras_serializable(package="captionloom")
class Contrast(keras.layers.Layer):
    """Adds the loss of the batch's clips and sentences to the network's; hands logits through.

    Args:
        weight: of the loss.
        units: size of the common space.
    """

    def __init__(self, weight: float, units: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.weight = weight
        self.units = units
        self.of_clips = keras.layers.Dense(units, use_bias=False, name="of_clips")
        self.of_sentences = keras.layers.Dense(units, use_bias=False, name="of_sentences")

    def build(self, logits_shape: Any, clips_shape: Any, words_shape: Any, *_: Any) -> None:
        """Creates both kernels and the temperature, which begins at 0.07."""
        self.of_clips.build(clips_shape)
        self.of_sentences.build(words_shape)
        self.sharpness = self.add_weight(
            shape=(),
            initializer=keras.initializers.Constant(math.log(1 / 0.07)),
            name="sharpness",
        )
        self.built = True

    def call(self, logits: Any, clips: Any, words: Any, tokens: Any) -> Any:
        """Logits [B, K, T, V], clips [B, D], word vectors [B, K, T, D] of tokens [B, K, T]."""
        real = ops.cast(ops.not_equal(tokens[:, :, 1:], PAD), words.dtype)[..., None]
        # Without the first: `<start>`, or the name of the style, which says whether it is a clip.
        means = ops.sum(words[:, :, 1:] * real, axis=2) / ops.maximum(ops.sum(real, axis=2), 1.0)
        captions = tokens.shape[1]
        sentences = ops.reshape(self.of_sentences(means), (-1, self.units))  # [B·K, U]
        similar = ops.matmul(_unit(self.of_clips(clips)), ops.transpose(_unit(sentences)))
        similar = ops.cast(similar, "float32") * ops.exp(ops.minimum(self.sharpness, 4.6))
        batch = ops.shape(similar)[0]
        right = ops.repeat(ops.eye(batch), captions, axis=1)  # [B, B·K]
        to_sentences = -ops.sum(ops.log_softmax(similar, axis=1) * right, axis=1) / captions
        to_clips = -ops.sum(ops.log_softmax(similar, axis=0) * right, axis=0)
        self.add_loss(self.weight * (ops.mean(to_sentences) + ops.mean(to_clips)) / 2)
        return logits

    def compute_output_shape(self, logits_shape: Any, *_: Any) -> Any:
        """That of the logits."""
        return logits_shape

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {**super().get_config(), "weight": self.weight, "units": self.units}


def _unit(x: Any) -> Any:
    return x / ops.sqrt(ops.sum(ops.square(x), axis=-1, keepdims=True) + 1e-6)


def with_contrast(model: ClipModel, head: Any, captions: int, weight: float) -> Any:
    """The network of `CaptionModel.training_graph`, which also learns to tell clips apart.

    Args:
        model: what is trained.
        head: see there.
        captions: K, captions of each clip.
        weight: of the contrastive loss.
    """
    features = keras.Input(head.input.shape[1:], dtype=head.input.dtype, name="features")
    tokens = keras.Input((captions, model.config.max_words + 1), dtype="int32", name="tokens")
    memory = model.decoder.encode(head(features))
    starts = tuple(
        ops.repeat(state[:, None], captions, axis=1) for state in model.decoder.start_states(memory)
    )
    logits, _, _ = model.decoder.decode(tokens, starts, memory)
    layer = Contrast(weight, model.config.decoder.units, name="contrast")
    words = model.decoder.embed(tokens)
    return keras.Model([features, tokens], layer(logits, memory[0], words, tokens))
