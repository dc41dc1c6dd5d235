"""LSTM decoders: a grid of feature vectors to the log-probabilities of the next word.

A decoder works on ``K`` captions of each image at once: the five references in training, the beams
in decoding. So the image is projected once, however many captions are read from it. All shapes:
``B`` images, ``K`` captions, ``T`` words, ``N`` grid positions, ``D`` units, ``V`` words known.

- `LSTMDecoder`: O. Vinyals et al., "Show and Tell", CVPR 2015.
- `AttentionLSTMDecoder`: one LSTM reads the words, its state looks at the grid by multi-head
  scaled dot-product attention (A. Vaswani et al., NeurIPS 2017), a second LSTM writes. As in J. Lu
  et al., "Knowing When to Look", CVPR 2017, what was seen does not feed back into the first LSTM,
  so that all words of a caption are attended in one product when training.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from captioner.errors import ModelError
from captioner.models import folding
from captioner.models.config import DecoderConfig
from captioner.models.folding import EMBEDDINGS, INPUT_KERNEL, WORD_GATES


@keras.saving.register_keras_serializable(package="captionloom")
class CaptionLSTM(keras.layers.Layer):
    """An LSTM over T words that takes and returns its state.

    Hochreiter and Schmidhuber 1997, forget bias 1. The gates are one dense layer on the input and
    one on the state: every backend compiles that quickly, unlike Keras's own cell on OpenVINO.
    """

    def __init__(self, units: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.units = units
        self.input_gates = keras.layers.Dense(4 * units, name="input_gates")
        self.state_gates = keras.layers.Dense(
            4 * units, use_bias=False, kernel_initializer="orthogonal", name="state_gates"
        )

    def build(self, input_shape: tuple[int | None, ...], *_: Any) -> None:
        """Creates both kernels."""
        self.input_gates.build(input_shape)
        self.state_gates.build((*input_shape[:2], self.units))
        self.built = True

    def call(self, inputs: Any, hidden: Any, cell: Any) -> tuple[Any, Any, Any]:
        """Reads T words.

        Args:
            inputs: [B, K, T, C]; T is static.
            hidden: [B, K, D].
            cell: [B, K, D].

        Returns:
            Outputs [B, K, T, D], and the last hidden and cell state [B, K, D].
        """
        return self.unroll(self.input_gates(inputs), hidden, cell)

    def unroll(self, from_inputs: Any, hidden: Any, cell: Any) -> tuple[Any, Any, Any]:
        """As `call`, of what ``input_gates`` makes of the inputs: [B, K, T, 4 D]."""
        outputs = []
        # Unstacked, not indexed: the gradient of an index is a whole tensor of zeros at each word.
        for from_input in ops.unstack(from_inputs, from_inputs.shape[2], axis=2):
            gates = from_input + self.state_gates(hidden)
            enter, forget, candidate, leave = ops.split(gates, 4, axis=-1)
            cell = ops.sigmoid(forget + 1.0) * cell + ops.sigmoid(enter) * ops.tanh(candidate)
            hidden = ops.sigmoid(leave) * ops.tanh(cell)
            outputs.append(hidden)
        return ops.stack(outputs, axis=2), hidden, cell

    def compute_output_shape(self, inputs_shape: Any, hidden_shape: Any, cell_shape: Any) -> Any:
        """Shapes of the three results."""
        return (*inputs_shape[:3], self.units), hidden_shape, cell_shape

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable(package="captionloom")
class GridAttention(keras.layers.Layer):
    """Multi-head scaled dot-product attention of T states over N positions.

    Keys and values come split into heads: they are the same for all words of a caption.
    """

    def __init__(self, heads: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.heads = heads

    def split(self, x: Any) -> Any:
        """[B, rows, D] → [B, H, rows, D/H]."""
        _, rows, units = x.shape
        heads = ops.reshape(x, (-1, rows, self.heads, units // self.heads))
        return ops.transpose(heads, (0, 2, 1, 3))

    def call(self, query: Any, keys: Any, values: Any) -> tuple[Any, Any]:
        """Looks.

        Args:
            query: [B, K, T, D].
            keys: [B, H, N, D/H].
            values: [B, H, N, D/H].

        Returns:
            What was seen [B, K, T, D], and where: weights [B, K, T, N], mean of the heads.
        """
        _, captions, words, units = query.shape
        positions, size = keys.shape[2:]
        queries = self.split(ops.reshape(query, (-1, captions * words, units)))
        # The queries are scaled, not the many keys.
        scores = ops.matmul(queries * size**-0.5, ops.transpose(keys, (0, 1, 3, 2)))
        weights = ops.softmax(scores, axis=-1)  # [B, H, K·T, N]
        seen = ops.matmul(weights, values)
        seen = ops.reshape(ops.transpose(seen, (0, 2, 1, 3)), (-1, captions, words, units))
        where = ops.reshape(ops.mean(weights, axis=1), (-1, captions, words, positions))
        return seen, where

    def compute_output_shape(self, query_shape: Any, keys_shape: Any, values_shape: Any) -> Any:
        """Shapes of the two results."""
        return query_shape, (*query_shape[:3], keys_shape[2])

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {**super().get_config(), "heads": self.heads}


class Decoder(ABC):
    """What every decoder offers; its layers are built once and shared by all of a model's graphs.

    Attributes:
        states: number of recurrent states, each [B, K, D].
    """

    def __init__(self, config: DecoderConfig, vocabulary_size: int):
        self.config = config
        self.states = config.states
        self.embed = keras.layers.ReversibleEmbedding(
            vocabulary_size, config.units, embeddings_initializer="glorot_uniform", name="words"
        )
        self.dropout = keras.layers.Dropout(config.dropout)
        self._standardise = (
            keras.layers.BatchNormalization(
                momentum=0.95, center=False, scale=False, name="grid_standardised"
            )
            if config.standardise
            else None
        )
        self.start = keras.layers.Dense(self.states * config.units, activation="tanh", name="start")

    @abstractmethod
    def encode(self, grid: Any) -> tuple[Any, ...]:
        """What is kept of an image: ``grid`` [B, N, C] → tensors whose first is [B, D] or [B, C].

        The first is the image as a whole, from which `start_states` begins.
        """

    def start_states(self, memory: tuple[Any, ...]) -> tuple[Any, ...]:
        """The states before the first word, each [B, D], the same for all captions."""
        return tuple(ops.split(self.start(memory[0]), self.states, axis=-1))

    @abstractmethod
    def decode(
        self, tokens: Any, states: tuple[Any, ...], memory: tuple[Any, ...]
    ) -> tuple[Any, tuple[Any, ...], Any]:
        """Reads words and predicts the one after each.

        Args:
            tokens: int32 [B, K, T]; T is static.
            states: as many as `states`, each [B, K, D].
            memory: what `encode` returned.

        Returns:
            Logits [B, K, T, V], the new states, and where it looked [B, K, T, N].
        """

    def fold_memory(self, memory: tuple[Any, ...]) -> tuple[Any, ...]:
        """What `decode_folded` takes of what `encode` returned."""
        return memory

    def tables(self) -> dict[str, np.ndarray]:
        """What `decode_folded` takes of the weights of now; see `folding.tables`."""
        return {}

    def decode_folded(
        self,
        tokens: Any,
        states: tuple[Any, ...],
        memory: tuple[Any, ...],
        tables: Mapping[str, Any],
    ) -> tuple[Any, tuple[Any, ...], Any]:
        """As `decode`, of weights that no longer change, and without dropout.

        What hangs on a weight or an image alone may be computed beforehand.
        """
        return self.decode(tokens, states, memory)

    def _standardised(self, grid: Any) -> Any:
        """By the moments of the batch in training, by their moving averages at use."""
        return grid if self._standardise is None else self._standardise(grid)

    def _words(self, tokens: Any) -> Any:
        """Word vectors [B, K, T, D]; scaled, for the same matrix also writes (Vaswani 2017)."""
        return self.embed(tokens) * self.config.units**0.5

    def _logits(self, outputs: Any) -> Any:
        return self.embed(self.dropout(outputs), reverse=True)


class LSTMDecoder(Decoder):
    """The classic: the pooled image starts one LSTM."""

    def __init__(self, config: DecoderConfig, vocabulary_size: int):
        super().__init__(config, vocabulary_size)
        self.lstm = CaptionLSTM(config.units, name="lstm")

    def encode(self, grid: Any) -> tuple[Any, ...]:
        """The pooled grid [B, C], and its even weights [B, N], for it looks everywhere alike."""
        even = ops.ones_like(grid[:, :, 0]) / grid.shape[1]
        return self.dropout(ops.mean(self._standardised(grid), axis=1)), even

    def decode(
        self, tokens: Any, states: tuple[Any, ...], memory: tuple[Any, ...]
    ) -> tuple[Any, tuple[Any, ...], Any]:
        """See `Decoder.decode`."""
        words = self.dropout(self._words(tokens))
        outputs, *new_states = self.lstm(words, *states)
        even = memory[1]
        where = even[:, None, None] + ops.cast(ops.zeros_like(tokens), even.dtype)[..., None]
        return self._logits(outputs), tuple(new_states), where


class AttentionLSTMDecoder(Decoder):
    """The default: a reading LSTM, attention over the grid, a writing LSTM."""

    def __init__(self, config: DecoderConfig, vocabulary_size: int):
        super().__init__(config, vocabulary_size)
        units = config.units
        self.project = keras.layers.Dense(units, name="grid")
        self.normalise = keras.layers.LayerNormalization(name="grid_norm")
        self.keys = keras.layers.Dense(units, use_bias=False, name="keys")
        self.values = keras.layers.Dense(units, use_bias=False, name="values")
        self.whole = keras.layers.Dense(units, name="image")
        self.reader = CaptionLSTM(units, name="reader")
        self.query = keras.layers.Dense(units, use_bias=False, name="query")
        self.attend = GridAttention(config.heads, name="attention")
        self.writer = CaptionLSTM(units, name="writer")
        self.output = keras.layers.Dense(units, name="output")

    def encode(self, grid: Any) -> tuple[Any, ...]:
        """The mean of the projected grid [B, D], its keys and its values [B, H, N, D/H]."""
        projected = self.normalise(self.project(self._standardised(grid)))
        projected = self.dropout(ops.relu(projected))
        keys, values = self.keys(projected), self.values(projected)
        return ops.mean(projected, axis=1), self.attend.split(keys), self.attend.split(values)

    def decode(
        self, tokens: Any, states: tuple[Any, ...], memory: tuple[Any, ...]
    ) -> tuple[Any, tuple[Any, ...], Any]:
        """See `Decoder.decode`."""
        image, keys, values = memory
        whole = self.whole(image)[:, None, None]
        words = self.dropout(self._words(tokens) + whole)
        read, *reader_states = self.reader(words, *states[:2])
        logits, writer_states, where = self._write(read, states[2:], keys, values)
        return logits, (*reader_states, *writer_states), where

    def fold_memory(self, memory: tuple[Any, ...]) -> tuple[Any, ...]:
        """The image's part of the reader's gates [B, 4 D], keys and values."""
        image, keys, values = memory
        return self.reader.input_gates(self.whole(image)), keys, values

    def tables(self) -> dict[str, np.ndarray]:
        """See `Decoder.tables`."""
        kernel = self.reader.input_gates.kernel
        weights = {EMBEDDINGS: self.embed.embeddings, INPUT_KERNEL: kernel}
        arrays = {name: ops.convert_to_numpy(variable) for name, variable in weights.items()}
        return folding.tables(self.config, arrays)

    def decode_folded(
        self,
        tokens: Any,
        states: tuple[Any, ...],
        memory: tuple[Any, ...],
        tables: Mapping[str, Any],
    ) -> tuple[Any, tuple[Any, ...], Any]:
        """The words' part of the reader's gates is looked up.

        The gates are linear in the words and in the image, so they are the sum of both parts. A
        step that multiplies neither has a sixth less of weights to read.
        """
        image, keys, values = memory
        gates = ops.take(tables[WORD_GATES], tokens, axis=0) + image[:, None, None]
        read, *reader_states = self.reader.unroll(gates, *states[:2])
        logits, writer_states, where = self._write(read, states[2:], keys, values)
        return logits, (*reader_states, *writer_states), where

    def _write(
        self, read: Any, states: tuple[Any, ...], keys: Any, values: Any
    ) -> tuple[Any, tuple[Any, ...], Any]:
        """From what the reader made of the words, as `decode`; the states are the writer's."""
        seen, where = self.attend(self.query(read), keys, values)
        written, *new_states = self.writer(
            ops.concatenate([self.dropout(read), self.dropout(seen)], axis=-1), *states
        )
        outputs = self.output(ops.concatenate([written, seen, read], axis=-1))
        return self._logits(outputs), tuple(new_states), where


DECODERS: dict[str, type[Decoder]] = {
    "lstm": LSTMDecoder,
    "attention-lstm": AttentionLSTMDecoder,
}


def build_decoder(config: DecoderConfig, vocabulary_size: int) -> Decoder:
    """The decoder that ``config`` names, with random weights.

    Raises:
        ModelError: the name is unknown, or the heads do not divide the units.
    """
    if config.name not in DECODERS:
        raise ModelError(f"unknown decoder {config.name!r}; known: {', '.join(sorted(DECODERS))}")
    if config.units % config.heads:
        raise ModelError(f"{config.heads} heads do not divide {config.units} units")
    return DECODERS[config.name](config, vocabulary_size)
