"""A model as a captioner uses it: it looks at images once, then predicts word after word."""

from __future__ import annotations

import copy
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np

from captioner.models.config import CaptionModelConfig
from captioner.models.decoding import DecodingOptions
from captioner.models.vocabulary import Vocabulary
from captioner.runtime import openvino_graphs
from captioner.runtime.backend import on_openvino

STATE = "state_"  # so begin the names of the inputs of a step that are states, and of no other
Run = Callable[..., list[np.ndarray]]  # arrays in, float32 arrays out


class InferenceModel(ABC):
    """A network, compiled part by part as it is needed; any number of threads may share it.

    Args:
        config: the architecture.
        vocabulary: the words.
        generation: default settings of the search.

    Attributes:
        any_captions: whether what is compiled for the step takes any number of captions.
    """

    any_captions = False

    def __init__(
        self, config: CaptionModelConfig, vocabulary: Vocabulary, generation: DecodingOptions
    ):
        self.config = config
        self.vocabulary = vocabulary
        self.generation = generation
        self._streams = 1
        self._compiled: dict[object, Run] = {}
        self._compiling = threading.Lock()

    @property
    def on_openvino(self) -> bool:
        """Whether OpenVINO computes it."""
        return on_openvino()

    @property
    def useful_streams(self) -> int:
        """How many calls at once are quicker than one after the other.

        Only OpenVINO can share its cores out.
        """
        return openvino_graphs.useful_streams() if self.on_openvino else 1

    @property
    @abstractmethod
    def grid(self) -> tuple[int, int]:
        """Rows and columns of the positions, over the image, at which a word looks; row by row."""

    @property
    @abstractmethod
    def state_count(self) -> int:
        """How many arrays the decoder keeps of the words of a caption."""

    @abstractmethod
    def _compile_encoder(self, streams: int) -> Run:
        """Images → tokens, and what else the encoder says of an image as a whole."""

    @abstractmethod
    def _compile_memory(self, streams: int) -> Run:
        """Tokens → the starting states and the memory."""

    @abstractmethod
    def _compile_step(self, captions: int, streams: int) -> Run:
        """Tokens, states and memory → probabilities, where it looked, new states."""

    def look(self, images: np.ndarray) -> np.ndarray:
        """Looks at images once, for any number of captions and of networks on the same encoder.

        Args:
            images: uint8 [B, S, S, 3], S as in the encoder's configuration; B at least 1.

        Returns:
            Tokens, float32 [B, N, C].
        """
        tokens, *vectors = self._in_parts("encoder", self._compile_encoder, images)
        return joined(tokens, vectors)

    def remember(self, tokens: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """From what `look` gave to where a search begins.

        Args:
            tokens: float32 [B, N, C].

        Returns:
            The starting states, each float32 [B, ...], and the memory, each float32 [B, ...].
        """
        return self._sorted(self._in_parts("memory", self._compile_memory, tokens))

    def encode(self, images: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """`look`, then `remember`."""
        return self.remember(self.look(images))

    def step(
        self, tokens: np.ndarray, states: list[np.ndarray], memory: list[np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
        """One word further.

        Args:
            tokens: int32 [B, K, 1], the last word of K captions of each image.
            states: each float32 [B, K, ...].
            memory: as `encode` returned it.

        Returns:
            Probabilities of the next word [B, K, V], where it looked [B, K, N], new states. The
            probabilities are many, and not copied: the thread's next step overwrites them.
        """
        captions = tokens.shape[1]
        key = "step", None if self.any_captions else captions
        run = self._once(key, lambda streams: self._compile_step(captions, streams))
        probabilities, where, *new_states = run(tokens, *states, *memory)
        return probabilities, where, new_states

    def with_streams(self, streams: int) -> Self:
        """The same network and weights, run from so many threads at once.

        Args:
            streams: at most `useful_streams`.
        """
        twin = copy.copy(self)  # what is compiled, for one stream or several, stays shared
        twin._streams = streams
        return twin

    def _in_parts(
        self, key: str, compile_for: Callable[[int], Run], batch: np.ndarray
    ) -> list[np.ndarray]:
        """Runs a batch in as many calls as are quickest."""
        run = self._once(key, compile_for)
        # GPUs and TensorFlow like large batches.
        together = (
            openvino_graphs.images_together(self._streams) if self.on_openvino else len(batch)
        )
        parts = [run(batch[at : at + together]) for at in range(0, len(batch), together)]
        return [np.concatenate(part) for part in zip(*parts, strict=True)]

    def _once(self, key: object, compile_for: Callable[[int], Run]) -> Run:
        key = self._streams, key
        with self._compiling:
            if key not in self._compiled:
                self._compiled[key] = compile_for(self._streams)
            return self._compiled[key]

    def _sorted(self, outputs: list[Any]) -> tuple[list[np.ndarray], list[np.ndarray]]:
        return outputs[: self.state_count], outputs[self.state_count :]


def joined(tokens: np.ndarray, vectors: Sequence[np.ndarray]) -> np.ndarray:
    """Tokens [B, N, C], each followed by the vectors [B, K] of its image."""
    places = tokens.shape[1]
    repeated = [np.repeat(vector[:, None], places, axis=1) for vector in vectors]
    return np.concatenate([tokens, *repeated], axis=2) if repeated else tokens
