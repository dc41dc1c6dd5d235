import numpy as np

from captioner.models.vocabulary import START, Vocabulary
from training.captioning.new_words import grown, joined

CAPTIONS = [
    f"a {animal} {does} on the {place}"
    for animal in ("dog", "cat", "horse")
    for does in ("runs", "sits", "plays")
    for place in ("grass", "road")
]


def vectors(count):
    return np.random.default_rng(0).normal(size=(count, 8)).astype(np.float32)


def test_known_words_keep_their_numbers_and_styles_come_last():
    known = Vocabulary(["dog", "runs"])
    words = joined(known, Vocabulary(["cat", "dog", "sits"]), ["clip"]).words
    assert words == (*known.words, "cat", "sits", "<clip>")
    assert joined(Vocabulary(words[4:]), Vocabulary(["cat"]), ["clip"]).words == words


def test_a_new_word_begins_near_those_that_stand_in_its_place():
    words = ("<pad>", "<start>", "<end>", "<unk>", "a", "on", "the", "grass", "road", "runs",
             "sits", "plays", "dog", "cat", "horse")  # fmt: skip
    before = vectors(14)  # all but the horse
    after = grown(before, words, CAPTIONS, START)
    np.testing.assert_array_equal(after[:14], before)
    weights = np.linalg.lstsq(before.T, after[14], rcond=None)[0]
    animals = np.linalg.norm(after[14] - before[12:14].mean(axis=0))
    others = np.linalg.norm(after[14] - before[4:12].mean(axis=0))
    assert animals < others, weights


def test_a_style_begins_as_the_start_does_and_a_word_without_context_as_all():
    words = ("<pad>", "<start>", "<end>", "<unk>", "dog", "runs", "zebra", "<clip>")
    before = vectors(6)
    after = grown(before, words, ["dog runs"] * 3, START)
    np.testing.assert_allclose(after[6], before[4:].mean(axis=0), rtol=1e-6)
    np.testing.assert_array_equal(after[7], before[START])
