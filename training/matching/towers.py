"""Towers with their starting weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from captioner.models.caption_model import assign_weights
from captioner.models.dual_encoder import TextTransformer
from captioner.runtime.keras_graphs import compiled

_ROUNDS = 2
_FLOOR = 0.05  # of the largest spread; what varies less is scaled up less
_SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]


def learn_pieces(texts: Sequence[str], count: int, max_tokens: int) -> Tokenizer:
    """Word pieces of texts (M. Schuster and K. Nakajima, "WordPiece", ICASSP 2012).

    Args:
        texts: to learn from.
        count: of pieces at most.
        max_tokens: longest sentence, in pieces.
    """
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=count, special_tokens=_SPECIAL, min_frequency=2, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def transformer_variables(transformer: TextTransformer) -> dict[str, Any]:
    """The weights of a text transformer by name (``layer/variable``), once it was called."""
    pieces = keras.Input((2,), dtype="int32")
    graph = keras.Model(pieces, transformer(pieces))
    return {variable.path: variable for variable in graph.weights}


def assign_transformer(transformer: TextTransformer, weights: Mapping[str, np.ndarray]) -> None:
    """Sets the weights of a text transformer.

    Raises:
        ModelError: they are not those of such a transformer.
    """
    assign_weights(transformer_variables(transformer), weights, "the sentence encoder")


def sentence_runner(transformer: TextTransformer) -> Callable[[np.ndarray], np.ndarray]:
    """Word pieces int32 [B, T] → vectors of sentences float32 [B, units], for any T."""
    runs: dict[int, Callable[..., list[np.ndarray]]] = {}

    def run(pieces: np.ndarray) -> np.ndarray:
        length = pieces.shape[1]
        if length not in runs:
            tokens = keras.Input((length,), dtype="int32")
            runs[length] = compiled(keras.Model(tokens, transformer(tokens)))
        return runs[length](np.ascontiguousarray(pieces))[0]

    return run


def principal_components(sample: np.ndarray, count: int, seed: int) -> dict[str, np.ndarray]:
    """Weights of a `DualEncoder.project`: standardised features, then their main directions.

    Directions are found by a randomised projection (N. Halko et al., SIAM Review 2011), and scaled
    to the same variance; where that is small, less, or the last would be noise made loud.

    Args:
        sample: features [N, F].
        count: of components.
        seed: of the projection.
    """
    mean = sample.mean(axis=0, dtype=np.float32)
    scale = 1 / (sample.std(axis=0, dtype=np.float32) + 1e-3)
    standard = (sample.astype(np.float32) - mean) * scale
    random = np.random.default_rng(seed)
    wide = min(count + 64, *standard.shape)
    span = standard @ random.standard_normal((standard.shape[1], wide), np.float32)
    for _ in range(_ROUNDS):
        span, _ = np.linalg.qr(span)
        span, _ = np.linalg.qr(standard.T @ span)
        span = standard @ span
    span, _ = np.linalg.qr(span)
    _, sizes, directions = np.linalg.svd(span.T @ standard, full_matrices=False)
    kernel = np.zeros((standard.shape[1], count), np.float32)
    found = min(count, len(sizes))
    spread = sizes[:found] / np.sqrt(len(standard))
    kernel[:, :found] = directions[:found].T / (spread + _FLOOR * spread[0])
    return {
        "image_standardise/mean": mean,
        "image_standardise/scale": scale,
        "image_project/kernel": kernel,
    }
