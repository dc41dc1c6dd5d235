"""Words that join the vocabulary of a trained model, each beginning near words that it resembles.

A word resembles another where both stand between the same words (distributional hypothesis): rows
of positive pointwise mutual information with the words up to two places away, reduced by a
truncated SVD (O. Levy, Y. Goldberg and I. Dagan, "Improving Distributional Similarity with Lessons
Learned from Word Embeddings", TACL 2015).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from captioner.models.vocabulary import SPECIAL_WORDS, Vocabulary

_WINDOW = 2
_SIZE = 100
_NEIGHBOURS = 5


def joined(known: Vocabulary, found: Vocabulary, styles: Iterable[str]) -> Vocabulary:
    """The known words at their numbers, then those of ``found`` and the styles that are new."""
    own = len(SPECIAL_WORDS)
    words = [*known.words[own:], *found.words[own:], *(f"<{style}>" for style in styles)]
    return Vocabulary(list(dict.fromkeys(words)))


def grown(
    embeddings: np.ndarray, words: Sequence[str], captions: Iterable[str], start: int
) -> np.ndarray:
    """Vectors for more words than there are vectors.

    Args:
        embeddings: of the first K words, float32 [K, D].
        words: all W words, of which the first K are known.
        captions: in which the words stand, as `Vocabulary.from_captions` takes them.
        start: number of the word whose vector a new style begins with.

    Returns:
        float32 [W, D]: the known ones as they are; of each new word the mean of the five known
        ones that it resembles most, by how much; where it resembles none, the mean of all.
    """
    count = len(embeddings)
    context = _context_vectors(words, captions)
    likeness = context[count:] @ context[:count].T
    likeness[:, : len(SPECIAL_WORDS)] = 0.0
    nearest = np.argsort(-likeness, axis=1)[:, :_NEIGHBOURS]
    weights = np.maximum(np.take_along_axis(likeness, nearest, axis=1), 0.0)
    total = weights.sum(axis=1, keepdims=True)
    weights = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
    new = np.einsum("wk,wkd->wd", weights, embeddings[nearest])
    new[total[:, 0] == 0] = embeddings[len(SPECIAL_WORDS) :].mean(axis=0)
    for place, word in enumerate(words[count:]):
        if word.startswith("<"):
            new[place] = embeddings[start]
    return np.concatenate([embeddings, new]).astype(np.float32)


def _context_vectors(words: Sequence[str], captions: Iterable[str]) -> np.ndarray:
    """Unit vectors float64 [W, 100]; zeros for a word that stands in no caption."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.linalg import svds

    number = {word: place for place, word in enumerate(words)}
    counts: Counter[tuple[int, int]] = Counter()
    for caption in captions:
        ids = [number[word] for word in caption.split() if word in number]
        for at, word in enumerate(ids):
            counts.update((word, other) for other in ids[max(0, at - _WINDOW) : at])
            counts.update((word, other) for other in ids[at + 1 : at + 1 + _WINDOW])
    rows, columns = np.array(list(counts)).T
    together = np.array(list(counts.values()), dtype=np.float64)
    of_word = np.bincount(rows, together, len(words))
    of_context = np.bincount(columns, together, len(words)) ** 0.75  # rare contexts say too much
    expected = of_word[rows] * of_context[columns] / of_context.sum()
    information = np.maximum(np.log(together / expected), 0.0)
    matrix = csr_matrix((information, (rows, columns)), shape=(len(words), len(words)))
    size = min(_SIZE, len(words) - 1)
    left, strengths, _ = svds(matrix, k=size, random_state=0)
    vectors: np.ndarray = left * np.sqrt(strengths)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: np.ndarray = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 1e-9)
    return unit
