"""LSTM decoders.

- `LSTMDecoder`: O. Vinyals et al., "Show and Tell", CVPR 2015.
- `AttentionLSTMDecoder`: one LSTM reads the words, its state looks at the grid by multi-head
  scaled dot-product attention (A. Vaswani et al., NeurIPS 2017), a second LSTM writes. As in J. Lu
  et al., "Knowing When to Look", CVPR 2017, what was seen does not feed back into the first LSTM,
  so that all words of a caption are attended in one product when training.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

from captioner.models import folding
from captioner.models.config import DecoderConfig
from captioner.models.decoders.attention import GridAttention
from captioner.models.decoders.base import Decoder, Shape
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


class _RecurrentDecoder(Decoder):
    """Its states are the hidden and the cell state of each LSTM, which the whole image starts.

    Attributes:
        lstms: how many.
    """

    lstms: ClassVar[int]

    def __init__(self, config: DecoderConfig, vocabulary_size: int, max_words: int):
        super().__init__(config, vocabulary_size, max_words)
        size = len(self.state_shapes) * config.units
        self.start = keras.layers.Dense(size, activation="tanh", name="start")

    @property
    def state_shapes(self) -> tuple[Shape, ...]:
        """See `Decoder.state_shapes`."""
        return ((self.config.units,),) * (2 * self.lstms)

    def start_states(self, memory: tuple[Any, ...]) -> tuple[Any, ...]:
        """See `Decoder.start_states`."""
        return tuple(ops.split(self.start(memory[0]), len(self.state_shapes), axis=-1))


class LSTMDecoder(_RecurrentDecoder):
    """The classic: the pooled image starts one LSTM."""

    lstms = 1

    def __init__(self, config: DecoderConfig, vocabulary_size: int, max_words: int):
        super().__init__(config, vocabulary_size, max_words)
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


class AttentionLSTMDecoder(_RecurrentDecoder):
    """The default: a reading LSTM, attention over the grid, a writing LSTM."""

    lstms = 2

    def __init__(self, config: DecoderConfig, vocabulary_size: int, max_words: int):
        super().__init__(config, vocabulary_size, max_words)
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
