"""From the words of a command line to the terms of a query, and rankings."""

import numpy as np
import pytest

from captioner.search.index import moment
from captioner.search.query import Term, parse_query, words_wanted
from captioner.search.ranking import best_rows, cosines, fused


@pytest.mark.parametrize(
    ("words", "terms"),
    [
        (["a dog"], [Term("a dog")]),
        (["a", "dog"], [Term("a dog")]),
        (["a dog", "+", "snow", "-", "people"],
         [Term("a dog"), Term("snow"), Term("people", -1.0)]),
        (["2:snow", "-", "0.5:people"], [Term("snow", 2.0), Term("people", -0.5)]),
        (["@dog.jpg", "+", "2:@x y.png"],
         [Term("dog.jpg", picture=True), Term("x y.png", 2.0, picture=True)]),
        (["like", "@dog.jpg"], [Term("like"), Term("dog.jpg", picture=True)]),
        (["at 12:30"], [Term("at 12:30")]),
        (["@"], [Term("@")]),
        (["-", "people", "+", "dog"], [Term("people", -1.0), Term("dog")]),
    ],
)  # fmt: skip
def test_terms(words, terms):
    assert list(parse_query(words)) == terms


@pytest.mark.parametrize("words", [[], ["+"], ["dog", "+"], ["dog", "+", "-", "x"], ["", "dog"],
                                   ["-", "dog"], ["0:dog"]])  # fmt: skip
def test_what_says_nothing_is_refused(words):
    with pytest.raises(ValueError, match=r"\w"):
        parse_query(words)


def test_words_for_captions_and_names():
    terms = parse_query(["a dog in the snow", "+", "@dog.jpg", "-", "people"])
    assert words_wanted(terms) == (["dog", "snow"], ["people"])


@pytest.mark.parametrize("count", [0, 1, 511, 512, 1000, 200_001])
def test_cosines_are_products(count):
    random = np.random.default_rng(0)
    vectors = random.normal(size=(count, 8)).astype(np.float16)
    query = random.normal(size=8).astype(np.float32)
    expected = vectors.astype(np.float32) @ query
    assert np.allclose(cosines(vectors, query), expected, rtol=1e-5, atol=1e-5)


def test_every_float16_is_widened_as_it_is():
    halves = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    halves = halves[np.isfinite(halves)].reshape(-1, 2)
    for query in (np.array([1, 0], np.float32), np.array([0, 1], np.float32)):
        expected = halves.astype(np.float32) @ query
        assert np.array_equal(cosines(halves, query), expected)


def test_best_rows():
    scores = np.array([0.1, 0.9, 0.5, 0.7, 0.2], np.float32)
    assert best_rows(scores, 2, -1).tolist() == [1, 3]
    assert best_rows(scores, 10, 0.5).tolist() == [1, 3, 2]
    assert best_rows(scores, 10, 2).tolist() == []
    assert best_rows(scores[:0], 10, 0).tolist() == []


def test_what_two_rankings_agree_on_comes_first():
    assert fused([[1, 2, 3], [3, 4]], [1, 1])[0] == 3
    assert fused([[1, 2], []], [1, 1]) == [1, 2]
    assert fused([[1], [2]], [1, 2]) == [2, 1]


def test_neighbours_that_show_it_as_well_join_a_moment():
    spans = [(0.0, 1.0), (1.0, 2.0), (2.0, 3.0), (3.0, 4.0)]
    assert moment(np.array([0.1, 0.50, 0.49, 0.2]), spans, 0.0) == (1.0, 3.0)
    assert moment(np.array([0.1, 0.5, 0.1, 0.5]), spans, 0.0) == (1.0, 2.0)
    assert moment(np.array([-0.5, -0.4, -0.5, -0.6]), spans, 0.3) == (1.0, 2.0)
    assert moment(np.array([0.3]), spans[:1], 0.1) == (0.0, 1.0)
