import numpy as np
import pytest

from captioner.models.vocabulary import END, PAD, START, UNK, Vocabulary


def test_rare_words_are_unknown_and_frequent_ones_come_first():
    vocabulary = Vocabulary.from_captions(["a dog runs", "a dog sits", "a cat"], min_count=2)
    assert vocabulary.words[4:] == ("a", "dog")
    assert vocabulary.encode("a cat a dog", 8).tolist() == [START, 4, UNK, 4, 5, END, PAD, PAD]


def test_a_long_caption_is_cut_without_an_end():
    ids = Vocabulary(["a", "dog"]).encode("a dog a dog", 4)
    assert ids.dtype == np.int32
    assert ids.tolist() == [START, 4, 5, 4]


def test_decoding_stops_at_the_end_and_drops_special_words():
    assert Vocabulary(["a", "dog"]).decode([START, 4, UNK, 5, END, 4]) == ("a", "dog")


def test_a_saved_vocabulary_is_the_same(tmp_path):
    vocabulary = Vocabulary(["a", "dog's", "10"])
    vocabulary.save(tmp_path / "vocabulary.txt")
    assert Vocabulary.load(tmp_path / "vocabulary.txt").words == vocabulary.words


@pytest.mark.parametrize("words", [["a", "a"], ["<end>"]])
def test_a_word_cannot_come_twice(words):
    with pytest.raises(ValueError, match="once"):
        Vocabulary(words)


def test_a_style_begins_a_caption_and_is_never_written():
    vocabulary = Vocabulary(["dog", "runs", "<clip>"])
    assert vocabulary.styles == {"clip": 6}
    assert vocabulary.start("clip") == 6
    assert vocabulary.start(None) == vocabulary.start("unknown") == START
    assert vocabulary.encode("dog runs", 4, "clip").tolist() == [6, 4, 5, END]
    assert vocabulary.decode([6, 4, 5, END]) == ("dog", "runs")
