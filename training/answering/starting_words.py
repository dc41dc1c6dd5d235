"""Word vectors to begin with: those of a sentence encoder, so that like words begin alike."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from captioner.models.dual_encoder_folder import read_dual_encoder
from captioner.models.visual import folder_of
from captioner.models.vocabulary import Vocabulary
from training.common.settings import RecipeError

_PIECES = "pieces/embeddings"
_SPREAD = 0.04  # standard deviation of all numbers; of random words it would be about half of that


def starting_words(vocabulary: Vocabulary, units: int, model: str | Path) -> np.ndarray:
    """What a network's words begin as.

    A word begins as the mean of its word pieces in the text tower of a dual encoder, of which the
    first principal components are kept.

    Args:
        vocabulary: V words.
        units: D, at most the text tower's width.
        model: name or folder of the dual encoder.

    Returns:
        float32 [V, D].

    Raises:
        ModelError: the model cannot be read.
        RecipeError: it has fewer than D numbers a word.
    """
    folder = read_dual_encoder(folder_of(model))
    pieces = folder.weights()[_PIECES].astype(np.float32)
    if units > pieces.shape[1]:
        raise RecipeError(f"{model} has {pieces.shape[1]} numbers a word, not {units}")
    tokenized = folder.tokenizer.encode_batch(list(vocabulary.words), add_special_tokens=False)
    vectors = np.stack([pieces[word.ids].mean(axis=0) for word in tokenized])
    vectors -= vectors.mean(axis=0)
    _, _, directions = np.linalg.svd(vectors, full_matrices=False)
    kept = np.zeros((len(vectors), units), np.float32)
    directions = directions[:units]  # of a few words there are fewer; the rest stays nothing
    kept[:, : len(directions)] = vectors @ directions.T
    kept *= _SPREAD / kept.std()
    return kept
