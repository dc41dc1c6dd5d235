"""Words that begin as those of the sentence encoder that ships."""

import numpy as np
import pytest

from captioner.models.vocabulary import Vocabulary
from training.answering.starting_words import starting_words


def test_like_words_begin_alike():
    words = ["dog", "puppy", "car", "truck", "red", "blue"]
    vocabulary = Vocabulary.from_captions([" ".join(words)], min_count=1)
    vectors = starting_words(vocabulary, 8, "finder")
    assert vectors.shape == (len(vocabulary), 8) and vectors.dtype == np.float32
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    close = unit @ unit.T
    place = {word: vocabulary.words.index(word) for word in words}
    for one, other in (("dog", "puppy"), ("car", "truck"), ("red", "blue")):
        row = close[place[one], [place[word] for word in words if word != one]]
        assert row.max() == close[place[one], place[other]]


def test_more_numbers_than_there_are_is_refused():
    with pytest.raises(ValueError, match="384 numbers a word, not 385"):
        starting_words(Vocabulary.from_captions(["a"], 1), 385, "finder")
