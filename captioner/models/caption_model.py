"""Encoder, decoder, vocabulary and settings as one model of Keras, which can be trained."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from captioner.errors import ModelError
from captioner.models.config import CaptionModelConfig
from captioner.models.decoders import build_decoder
from captioner.models.decoding import DecodingOptions
from captioner.models.encoders import build_encoder
from captioner.models.encoders.base import VisualEncoder
from captioner.models.folder import FORMAT, read_folder, unreadable
from captioner.models.inference import STATE, InferenceModel, Run
from captioner.models.saving import whole_file, write_whole
from captioner.models.visual import read_encoder_config
from captioner.models.vocabulary import Vocabulary
from captioner.runtime.keras_graphs import compiled


class CaptionModel(InferenceModel):
    """A captioner's network, in the graphs that its uses need. All share the same layers.

    Args:
        config: the architecture.
        vocabulary: the words.
        generation: default settings of the search.
    """

    def __init__(
        self,
        config: CaptionModelConfig,
        vocabulary: Vocabulary,
        generation: DecodingOptions | None = None,
    ):
        super().__init__(
            config, vocabulary, generation or DecodingOptions(max_words=config.max_words)
        )
        self.encoder = self._build_encoder(config)
        self.decoder = build_decoder(config, len(vocabulary))
        self._token_shape = self.encoder.model.output.shape[1:]
        whole = self.training_graph(self.encoder.model)  # creates every weight
        in_encoder = {id(variable) for variable in self.encoder.model.variables}
        self._decoder_variables = {v.path: v for v in whole.weights if id(v) not in in_encoder}

    def _build_encoder(self, config: CaptionModelConfig) -> VisualEncoder:
        """What the decoder reads from, with random weights."""
        return build_encoder(config.encoder)

    @property
    def grid(self) -> tuple[int, int]:
        """See `InferenceModel.grid`."""
        return self.encoder.grid

    @property
    def state_count(self) -> int:
        """See `InferenceModel.state_count`."""
        return len(self.decoder.state_shapes)

    # === Graphs ===

    def training_graph(self, head: Any, captions: int = 1) -> Any:
        """Features and the words so far → logits of the words that follow.

        Args:
            head: features → tokens of the image, from the encoder's `split`.
            captions: K, captions of each image.

        Returns:
            A Keras model: features [B, ...], tokens int32 [B, K, T] → logits [B, K, T, V], where
            T is ``max_words + 1``.
        """
        features = keras.Input(head.input.shape[1:], dtype=head.input.dtype, name="features")
        length = self.config.max_words + 1
        tokens = keras.Input((captions, length), dtype="int32", name="tokens")
        memory = self.decoder.encode(head(features))
        states = self._repeat(self.decoder.start_states(memory), captions)
        logits, _, _ = self.decoder.decode(tokens, states, memory)
        return keras.Model([features, tokens], logits, name="captioner")

    def memory_graph(self, encoder: Any, folded: bool = False) -> Any:
        """Images or features → the starting states and memory that `step_graph` takes.

        Args:
            encoder: images or features → tokens of the image.
            folded: as of `step_graph`.
        """
        memory = self.decoder.encode(encoder.output)
        kept = self.decoder.fold_memory(memory) if folded else memory
        return keras.Model(encoder.input, [*self.decoder.start_states(memory), *kept])

    def tokens_graph(self) -> Any:
        """Tokens as they are: what `memory_graph` takes where the encoder runs apart."""
        tokens = keras.Input(self._token_shape, name="looked_at")
        return keras.Model(tokens, tokens)

    def step_graph(self, captions: int, folded: bool = False) -> Any:
        """One word further.

        Args:
            captions: K, captions of each image.
            folded: what can be computed of the weights alone is computed beforehand, which is
                quicker; the graph takes what the folded `memory_graph` gives, and the decoder's
                `tables`.

        Returns:
            A Keras model: tokens int32 [B, K, 1], the states each [B, K, ...], the memory and the
            tables → probabilities of the next word [B, K, V], where it looked [B, K, N], new
            states.
        """
        tokens = keras.Input((captions, 1), dtype="int32", name="tokens")
        image = keras.Input(self._token_shape, name="image")
        remembered = self.decoder.encode(image)
        kept = self.decoder.fold_memory(remembered) if folded else remembered
        memory_shapes = [x.shape[1:] for x in kept]
        memory = [keras.Input(shape, name=f"memory_{i}") for i, shape in enumerate(memory_shapes)]
        states = [
            keras.Input((captions, *shape), name=f"{STATE}{i}")
            for i, shape in enumerate(self.decoder.state_shapes)
        ]
        read, tables = self.decoder.decode, {}
        if folded:
            known = self.decoder.tables()
            tables = {
                name: keras.Input(batch_shape=x.shape, name=name) for name, x in known.items()
            }
            read = partial(self.decoder.decode_folded, tables=tables)
        logits, new_states, where = read(tokens, tuple(states), tuple(memory))
        # Not their logarithms: OpenVINO has a softmax in one piece, and a search needs few of them.
        probabilities = ops.softmax(ops.cast(logits[:, :, 0], "float32"), axis=-1)
        outputs = [probabilities, where[:, :, 0], *new_states]
        inputs = [tokens, *states, *memory, *tables.values()]
        return keras.Model(inputs, outputs, name="step")

    @staticmethod
    def _repeat(states: tuple[Any, ...], captions: int) -> tuple[Any, ...]:
        return tuple(ops.repeat(state[:, None], captions, axis=1) for state in states)

    # === Inference ===

    def encode(
        self, images: np.ndarray, head: Any = None
    ) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Looks at images, or at their features.

        Args:
            images: see `InferenceModel.encode`.
            head: None, or the head from the encoder's `split`; then ``images`` are the features
                [B, ...] that it takes.

        Returns:
            See `InferenceModel.encode`.
        """
        if head is None:
            return super().encode(images)
        # The head itself is the key, and so lives as long as what was compiled of it: the number of
        # one that is gone may be given to another.
        run = self._once(head, lambda streams: compiled(self.memory_graph(head), streams))
        return self._sorted(run(images))

    def _compile_encoder(self, streams: int) -> Run:
        return compiled(self.encoder.model, streams)

    def _compile_memory(self, streams: int) -> Run:
        return compiled(self.memory_graph(self.tokens_graph()), streams)

    def _compile_step(self, captions: int, streams: int) -> Run:
        return compiled(self.step_graph(captions), streams)

    # === Config and weights ===

    def decoder_variables(self) -> dict[str, Any]:
        """The decoder's weights by name (``layer/variable``)."""
        return self._decoder_variables

    def save(self, folder: str | Path) -> None:
        """Writes the model folder; other files of the folder stay.

        Whenever it is stopped, the folder holds the model of before or this one, never of each
        a part.

        Raises:
            OSError: the folder cannot be written.
        """
        write_whole(Path(folder), self._write)

    def _write(self, folder: Path) -> None:
        _write_json(folder / "config.json", {"format": FORMAT, **asdict(self.config)})
        _write_json(folder / "generation_config.json", asdict(self.generation))
        self.vocabulary.save(folder / "vocabulary.txt")
        _save_weights(self.encoder.variables(), folder / "encoder.safetensors")
        _save_weights(self.decoder_variables(), folder / "decoder.safetensors")

    @classmethod
    def load(cls, folder: str | Path) -> CaptionModel:
        """Reads a model folder.

        Raises:
            ModelError: a file is missing, damaged or of another model.
        """
        read = read_folder(folder)
        try:
            model = cls(read.config, read.vocabulary, read.generation)
        except (KeyError, TypeError, ValueError) as error:
            raise unreadable(read.path, error) from error
        _load_weights(model.encoder.variables(), whole_file(read.path, "encoder.safetensors"))
        _load_weights(model.decoder_variables(), whole_file(read.path, "decoder.safetensors"))
        return model


def load_encoder(folder: str | Path) -> VisualEncoder:
    """The encoder of a folder that holds a visual model; see `captioner.models.visual`.

    Raises:
        ModelError: a file is missing, damaged or of another encoder.
    """
    path = Path(folder)
    encoder = build_encoder(read_encoder_config(path))
    _load_weights(encoder.variables(), whole_file(path, "encoder.safetensors"))
    return encoder


def save_encoder(encoder: VisualEncoder, folder: str | Path) -> None:
    """Writes a folder that holds a visual model and no more.

    Raises:
        OSError: the folder cannot be written.
    """

    def write(part: Path) -> None:
        values = {"format": FORMAT, "task": "encode", "encoder": asdict(encoder.config)}
        _write_json(part / "config.json", values)
        _save_weights(encoder.variables(), part / "encoder.safetensors")

    write_whole(Path(folder), write)


def _write_json(path: Path, values: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")


def _save_weights(variables: Mapping[str, Any], path: Path) -> None:
    # Half precision halves the file; dev scores are of models that were saved so.
    arrays = {
        name: np.asarray(ops.convert_to_numpy(variable.value)).astype(np.float16)
        for name, variable in variables.items()
    }
    path.write_bytes(save(arrays))


def _load_weights(variables: Mapping[str, Any], path: Path) -> None:
    try:
        arrays = load_file(path)
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{path} is damaged ({error}); copy the model folder again") from error
    assign_weights(variables, arrays, str(path))


def assign_weights(
    variables: Mapping[str, Any], arrays: Mapping[str, np.ndarray], source: str
) -> None:
    """Sets ``variables`` to the arrays of the same names.

    Raises:
        ModelError: a name is missing, a shape differs, or a number is none or infinite; the message
            names ``source``.
    """
    for name, variable in variables.items():
        if name not in arrays:
            raise ModelError(f"{source} has no weights for {name}")
        if tuple(arrays[name].shape) != tuple(variable.shape):
            raise ModelError(
                f"{source}: {name} is {tuple(arrays[name].shape)}, expected {tuple(variable.shape)}"
            )
        if not np.isfinite(arrays[name]).all():
            raise ModelError(
                f"{source} is damaged ({name} holds what is no number); copy the model folder again"
            )
        variable.assign(arrays[name].astype(np.float32))
