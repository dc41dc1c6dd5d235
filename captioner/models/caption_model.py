"""Encoder, decoder, vocabulary and settings as one model; and the folder that holds it.

A model folder::

    config.json              encoder, decoder, longest caption
    vocabulary.txt           one word a line
    encoder.safetensors      weights by name, float16: the file stays the same while only the
    decoder.safetensors      decoder is trained again
    generation_config.json   how captions are searched for (`DecodingOptions`)
    training.csv, README.md  curves and model card; not read
"""

from __future__ import annotations

import copy
import json
import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from captioner.models.decoders import DecoderConfig, build_decoder
from captioner.models.decoding import DecodingOptions
from captioner.models.encoders import EncoderConfig, build_encoder
from captioner.models.errors import ModelError
from captioner.models.runtime import compiled, images_together
from captioner.models.vocabulary import Vocabulary

FORMAT = 1
_FILES = ("config.json", "vocabulary.txt", "encoder.safetensors", "decoder.safetensors")


@dataclass(frozen=True)
class CaptionModelConfig:
    """The architecture.

    Attributes:
        max_words: the longest caption that is learnt or written, in words.
    """

    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    decoder: DecoderConfig = field(default_factory=DecoderConfig)
    max_words: int = 20

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> CaptionModelConfig:
        """The reverse of `dataclasses.asdict`."""
        return cls(
            encoder=EncoderConfig(**values["encoder"]),
            decoder=DecoderConfig(**values["decoder"]),
            max_words=values["max_words"],
        )


class CaptionModel:
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
        self.config = config
        self.vocabulary = vocabulary
        self.generation = generation or DecodingOptions(max_words=config.max_words)
        self.encoder = build_encoder(config.encoder)
        self.decoder = build_decoder(config.decoder, len(vocabulary))
        self._grid_shape = self.encoder.model.output.shape[1:]
        whole = self.training_graph(self.encoder.model)  # creates every weight
        in_encoder = {id(variable) for variable in self.encoder.model.variables}
        self._decoder_variables = {v.path: v for v in whole.weights if id(v) not in in_encoder}
        self._lanes = 1
        self._compiled: dict[object, Callable[..., list[np.ndarray]]] = {}
        self._compiling = threading.Lock()

    # === Graphs ===

    def training_graph(self, head: Any, captions: int = 1) -> Any:
        """Features and the words so far → logits of the words that follow.

        Args:
            head: features → grid, from the encoder's `split`.
            captions: K, captions of each image.

        Returns:
            A Keras model: features [B, ...], tokens int32 [B, K, T] → logits [B, K, T, V], where
            T is ``max_words + 1``.
        """
        features = keras.Input(head.input.shape[1:], dtype=head.input.dtype, name="features")
        length = self.config.max_words + 1
        tokens = keras.Input((captions, length), dtype="int32", name="tokens")
        memory = self.decoder.remember(head(features))
        states = self._repeat(self.decoder.start_states(memory), captions)
        logits, _, _ = self.decoder.read(tokens, states, memory)
        return keras.Model([features, tokens], logits, name="captioner")

    def memory_graph(self, encoder: Any) -> Any:
        """Images or features → the starting states and memory that `step_graph` takes."""
        memory = self.decoder.remember(encoder.output)
        return keras.Model(encoder.input, [*self.decoder.start_states(memory), *memory])

    def step_graph(self, captions: int) -> Any:
        """One word further.

        Returns:
            A Keras model: tokens int32 [B, K, 1], the states each [B, K, D] and the memory →
            log-probabilities of the next word [B, K, V], where it looked [B, K, N], new states.
        """
        tokens = keras.Input((captions, 1), dtype="int32", name="tokens")
        grid = keras.Input(self._grid_shape, name="grid")
        memory_shapes = [x.shape[1:] for x in self.decoder.remember(grid)]
        memory = [keras.Input(shape, name=f"memory_{i}") for i, shape in enumerate(memory_shapes)]
        units = self.config.decoder.units
        states = [
            keras.Input((captions, units), name=f"state_{i}") for i in range(self.decoder.states)
        ]
        logits, new_states, where = self.decoder.read(tokens, tuple(states), tuple(memory))
        log_probabilities = ops.log_softmax(ops.cast(logits[:, :, 0], "float32"), axis=-1)
        outputs = [log_probabilities, where[:, :, 0], *new_states]
        return keras.Model([tokens, *states, *memory], outputs, name="step")

    @staticmethod
    def _repeat(states: tuple[Any, ...], captions: int) -> tuple[Any, ...]:
        return tuple(ops.repeat(state[:, None], captions, axis=1) for state in states)

    # === Inference ===

    def remember(
        self, images: np.ndarray, head: Any = None
    ) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Looks at images once, for any number of captions.

        Args:
            images: uint8 [B, S, S, 3], S as in the encoder's configuration.
            head: None, or the head from the encoder's `split`; then ``images`` are the features
                [B, ...] that it takes.

        Returns:
            The starting states, each float32 [B, D], and the memory, each float32 [B, ...].
        """
        encoder = head or self.encoder.model
        run = self._once(("memory", id(encoder)), lambda: self.memory_graph(encoder))
        together = images_together(self._lanes) or max(1, len(images))
        parts = [run(images[at : at + together]) for at in range(0, len(images), together)]
        outputs = [np.concatenate(part) for part in zip(*parts, strict=True)]
        return outputs[: self.decoder.states], outputs[self.decoder.states :]

    def step(
        self, tokens: np.ndarray, states: list[np.ndarray], memory: list[np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
        """One word further; shapes as in `step_graph`."""
        captions = tokens.shape[1]
        run = self._once(("step", captions), lambda: self.step_graph(captions))
        log_probabilities, where, *new_states = run(tokens, *states, *memory)
        return log_probabilities, where, new_states

    def in_lanes(self, lanes: int) -> CaptionModel:
        """The same network and weights, run from so many threads at once.

        Args:
            lanes: at most `runtime.useful_lanes`.
        """
        twin = copy.copy(self)  # what is compiled, for one lane or several, stays shared
        twin._lanes = lanes
        return twin

    def _once(self, key: object, build: Callable[[], Any]) -> Callable[..., list[np.ndarray]]:
        key = self._lanes, key
        with self._compiling:
            if key not in self._compiled:
                self._compiled[key] = compiled(build(), self._lanes)
            return self._compiled[key]

    # === Config and weights ===

    def decoder_variables(self) -> dict[str, Any]:
        """The decoder's weights by name (``layer/variable``)."""
        return self._decoder_variables

    def save(self, folder: str | Path) -> None:
        """Writes the model folder, whole or not at all; other files of the folder stay.

        Raises:
            OSError: the folder cannot be written.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as temporary:
            part = Path(temporary)
            config = {"format": FORMAT, **asdict(self.config)}
            _write_json(part / "config.json", config)
            _write_json(part / "generation_config.json", asdict(self.generation))
            self.vocabulary.save(part / "vocabulary.txt")
            _save_weights(self.encoder.variables(), part / "encoder.safetensors")
            _save_weights(self.decoder_variables(), part / "decoder.safetensors")
            for file in part.iterdir():
                shutil.move(file, folder / file.name)

    @classmethod
    def load(cls, folder: str | Path) -> CaptionModel:
        """Reads a model folder.

        Raises:
            ModelError: a file is missing, damaged or of another model.
        """
        folder = Path(folder)
        for name in _FILES:
            if not (folder / name).is_file():
                raise ModelError(f"{folder} is not a model folder: it has no {name}")
        try:
            values = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            config = CaptionModelConfig.from_dict(values)
            generation = None
            if (folder / "generation_config.json").is_file():
                text = (folder / "generation_config.json").read_text(encoding="utf-8")
                generation = DecodingOptions(**json.loads(text))
            model = cls(config, Vocabulary.load(folder / "vocabulary.txt"), generation)
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{folder}: the configuration cannot be read ({error})") from error
        _load_weights(model.encoder.variables(), folder / "encoder.safetensors")
        _load_weights(model.decoder_variables(), folder / "decoder.safetensors")
        return model


def _write_json(path: Path, values: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")


def _save_weights(variables: Mapping[str, Any], path: Path) -> None:
    # Half precision halves the file; dev scores do not move (training/RESULTS.md).
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
        ModelError: a name is missing, or a shape differs; the message names ``source``.
    """
    for name, variable in variables.items():
        if name not in arrays:
            raise ModelError(f"{source} has no weights for {name}")
        if tuple(arrays[name].shape) != tuple(variable.shape):
            raise ModelError(
                f"{source}: {name} is {tuple(arrays[name].shape)}, expected {tuple(variable.shape)}"
            )
        variable.assign(arrays[name].astype(np.float32))
