"""What every text decoder offers: tokens of an image to the log-probabilities of the next word.

A decoder works on ``K`` captions of each image at once: the five references in training, the beams
in decoding. So the image is projected once, however many captions are read from it. All shapes:
``B`` images, ``K`` captions, ``T`` words, ``N`` positions of the image, ``D`` units, ``V`` words
known.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from captioner.models.config import DecoderConfig

Shape = tuple[int, ...]


class Decoder(ABC):
    """What every decoder offers; its layers are built once and shared by all of a model's graphs.

    What it keeps of the words of a caption is a list of float arrays, its states. A search goes on
    from another caption by taking its rows of all of them, whatever else they are shaped like.

    Args:
        config: what it is.
        vocabulary_size: V.
        max_words: the longest caption, without the word that ends it.
    """

    def __init__(self, config: DecoderConfig, vocabulary_size: int, max_words: int):
        self.config = config
        self.max_words = max_words
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

    @property
    @abstractmethod
    def state_shapes(self) -> tuple[Shape, ...]:
        """The shape of each state of one caption: the state of all is [B, K, *shape]."""

    @abstractmethod
    def encode(self, image: Any) -> tuple[Any, ...]:
        """What is kept of an image: its tokens [B, N, C] → tensors whose first is [B, D] or [B, C].

        The first is the image as a whole, from which `start_states` begins.
        """

    @abstractmethod
    def start_states(self, memory: tuple[Any, ...]) -> tuple[Any, ...]:
        """The states before the first word, each [B, *shape], the same for all captions."""

    @abstractmethod
    def decode(
        self, tokens: Any, states: tuple[Any, ...], memory: tuple[Any, ...]
    ) -> tuple[Any, tuple[Any, ...], Any]:
        """Reads words and predicts the one after each.

        Args:
            tokens: int32 [B, K, T]; T is static.
            states: each [B, K, *shape].
            memory: what `encode` returned.

        Returns:
            Logits [B, K, T, V], the new states, and where it looked [B, K, T, N], rows sum to 1.
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
