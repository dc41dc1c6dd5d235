"""What a decoder computes of its weights alone, once, so that its steps need not; without Keras."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from captioner.models.config import DecoderConfig

EMBEDDINGS, INPUT_KERNEL = "words/embeddings", "reader/input_gates/kernel"  # weights
WORD_GATES = "word_gates"  # a table

# The weights that the tables of a decoder are made of.
INPUTS = {"attention-lstm": (EMBEDDINGS, INPUT_KERNEL)}


def tables(config: DecoderConfig, weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The tables that a decoder's `decode_folded` takes, by name.

    Args:
        config: the decoder.
        weights: its `INPUTS`, by their names in ``decoder.safetensors``.

    Returns:
        Of an attention-lstm ``word_gates``, float32 [V, 4 D]: what each word adds to the reader's
        gates. Of others nothing.
    """
    if config.name != "attention-lstm":
        return {}
    words = weights[EMBEDDINGS].astype(np.float32) * np.float32(config.units**0.5)
    gates: np.ndarray = words @ weights[INPUT_KERNEL].astype(np.float32)
    return {WORD_GATES: gates}
