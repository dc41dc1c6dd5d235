"""The searches against models that are small enough to try every caption."""

from itertools import pairwise, product

import numpy as np
import pytest

from captioner.models import decoding
from captioner.models.decoding import DecodingOptions, decode
from captioner.models.vocabulary import END, START, UNK

_SIZE = 7  # pad, start, end, unknown and three words
_WORDS = range(UNK + 1, _SIZE)


@pytest.fixture(autouse=True)
def any_number_of_beams(monkeypatch):
    """Enough of them to keep every caption."""
    monkeypatch.setattr(decoding, "BEAMS", (1, 20_000))


class Bigrams:
    """A model whose next word hangs on the last one and on the image."""

    def __init__(self, seed=0, images=2):
        random = np.random.default_rng(seed)
        logits = random.normal(scale=2, size=(images, _SIZE, _SIZE))
        self.table = logits - np.log(np.exp(logits).sum(axis=2, keepdims=True))  # logarithms
        self.asked = []  # of which images, at each step

    def step(self, tokens, states, memory):
        (image,) = memory
        self.asked.append(image[:, 0].tolist())
        probabilities = np.exp(self.table[image, tokens[:, :, 0]]).astype(np.float32)
        where = np.eye(_SIZE, dtype=np.float32)[tokens[:, :, 0]]  # at the last word
        return probabilities, where, [states[0] + 1]

    def run(self, **options):
        images = np.arange(len(self.table))[:, None]
        return decode(self, [np.zeros((len(images), 1))], [images], DecodingOptions(**options))

    def score(self, image, words, penalty):
        path = [1, *words, END]
        total = sum(self.table[image, a, b] for a, b in pairwise(path))
        return total / (len(path) - 1) ** penalty


@pytest.mark.parametrize("options", [{"beams": 1}, {"beams": 3}, {"temperature": 1.0, "beams": 8}])
def test_what_is_never_written_is_in_no_caption(options):
    model = Bigrams()
    words = {word for found in model.run(**options) for each in found for word in each.ids}
    images, (banned, *_) = np.arange(len(model.table))[:, None], sorted(words)
    states, searched = [np.zeros((len(images), 1))], DecodingOptions(**options)
    for hypotheses in decode(model, states, [images], searched, never=[banned]):
        assert all(banned not in each.ids for each in hypotheses)


def _exhaustive(model, image, max_words, penalty):
    captions = [w for n in range(1, max_words + 1) for w in product(_WORDS, repeat=n)]
    return max(captions, key=lambda words: model.score(image, words, penalty))


@pytest.mark.parametrize("penalty", [0.0, 0.7, 1.0])
@pytest.mark.parametrize("seed", range(5))
def test_a_wide_beam_finds_the_best_caption_of_all(seed, penalty):
    model = Bigrams(seed)
    found = model.run(beams=200, max_words=3, length_penalty=penalty)
    for image, hypotheses in enumerate(found):
        assert hypotheses[0].ids == _exhaustive(model, image, 3, penalty)


def test_greedy_takes_the_likeliest_word_each_time():
    model = Bigrams(3)
    for image, (best,) in enumerate(model.run(beams=1, max_words=5)):
        last, expected = 1, []
        while len(expected) < 5:
            choices = [*_WORDS, END] if expected else list(_WORDS)
            last = max(choices, key=lambda word: model.table[image, last, word])
            if last == END:
                break
            expected.append(last)
        assert best.ids == tuple(expected)


def test_a_finished_image_takes_part_in_no_further_step():
    model = Bigrams(seed=4, images=8)
    found = model.run(beams=2, max_words=9)
    longest = [max(len(hypothesis.ids) for hypothesis in hypotheses) for hypotheses in found]
    assert len(set(longest)) > 1
    for image, words in enumerate(longest):
        assert sum(image in images for images in model.asked) == min(words, 9) + 1


def test_the_score_is_the_mean_log_probability_with_the_end():
    model = Bigrams(1)
    for image, hypotheses in enumerate(model.run(beams=3, max_words=4)):
        for hypothesis in hypotheses:
            assert hypothesis.score == pytest.approx(
                model.score(image, hypothesis.ids, 1), abs=1e-5
            )


def test_hypotheses_are_distinct_sorted_and_have_attention_for_each_word():
    for hypotheses in Bigrams(2, images=6).run(beams=4, max_words=4, length_penalty=1.0):
        assert len({h.ids for h in hypotheses}) == len(hypotheses)
        assert [h.score for h in hypotheses] == sorted((h.score for h in hypotheses), reverse=True)
        for h in hypotheses:
            assert 1 <= len(h.ids) <= 4
            assert h.attention.argmax(axis=1).tolist() == [START, *h.ids[:-1]]


@pytest.mark.parametrize("options", [{"beams": 3}, {"beams": 50, "temperature": 2.0}])
def test_no_special_word_is_ever_written(options):
    for hypotheses in Bigrams(4).run(max_words=6, **options):
        assert all(UNK < word < _SIZE for h in hypotheses for word in h.ids)


def test_an_image_is_captioned_alike_alone_and_in_a_batch():
    together = Bigrams(5, images=3)
    for image in range(3):
        alone = Bigrams(5, images=3)
        alone.table = alone.table[image : image + 1]
        assert alone.run(beams=3)[0][0].ids == together.run(beams=3)[image][0].ids


def test_a_caption_may_end_where_the_end_is_all_but_impossible():
    model = Bigrams(8)
    model.table[:, :, END] = -200  # as a float32 probability it is 0
    for hypotheses in model.run(beams=2, max_words=3):
        assert [len(h.ids) for h in hypotheses] == [3, 3]


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("options", [{"beams": 3}, {"beams": 20, "temperature": 2.0}])
def test_no_ngram_is_written_twice(size, options):
    model = Bigrams(9, images=3)
    model.table[:, :, END] -= 9  # long captions of few words
    free, bound = (
        [h.ids for hs in model.run(max_words=8, no_repeat_ngram_size=n, **options) for h in hs]
        for n in (0, size)
    )
    assert any(_repeats(ids, size) for ids in free)
    assert not any(_repeats(ids, size) for ids in bound)


def _repeats(ids, size):
    ngrams = [ids[start : start + size] for start in range(len(ids) - size + 1)]
    return len(set(ngrams)) < len(ngrams)


def test_a_search_that_may_not_repeat_finds_the_best_of_the_captions_that_do_not():
    model = Bigrams(10)
    model.table[:, :, END] -= 4
    found = model.run(beams=300, max_words=4, length_penalty=0.7, no_repeat_ngram_size=2)
    for image, hypotheses in enumerate(found):
        captions = (c for n in range(1, 5) for c in product(_WORDS, repeat=n))
        allowed = [c for c in captions if not _repeats(c, 2)]
        assert hypotheses[0].ids == max(allowed, key=lambda c: model.score(image, c, 0.7))


def test_samples_follow_the_distribution():
    model = Bigrams(6, images=1)
    samples = model.run(beams=20_000, temperature=1.0, max_words=1, seed=1)[0]
    logits = model.table[0, 1, UNK + 1 :]
    expected = np.exp(logits) / np.exp(logits).sum()
    counts = np.bincount([h.ids[0] for h in samples], minlength=_SIZE)[UNK + 1 :]
    assert counts / 20_000 == pytest.approx(expected, abs=0.015)


def test_a_small_nucleus_is_greedy_and_a_seed_repeats():
    model = Bigrams(7)
    greedy = [h[0].ids for h in model.run(beams=1, max_words=5)]
    nucleus = [h[0].ids for h in model.run(beams=1, max_words=5, temperature=1.0, top_p=1e-6)]
    assert nucleus == greedy
    first, again, other = (
        [h.ids for h in model.run(beams=8, temperature=1.5, seed=seed)[0]] for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


@pytest.mark.parametrize(
    "options",
    [
        {"beams": 0},
        {"max_words": 0},
        {"temperature": -1.0},
        {"top_p": 0.0},
        {"length_penalty": -1.0},
        {"no_repeat_ngram_size": -1},
    ],
)
def test_impossible_options_are_refused_by_name(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        DecodingOptions(**options)


def test_of_words_that_are_equally_likely_the_first_is_taken():
    model = Bigrams()
    model.table[:] = np.log(1 / _SIZE)
    for best, *_ in model.run(beams=2, max_words=3, length_penalty=0.0):
        assert best.ids == (UNK + 1,)
