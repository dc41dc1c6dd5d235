import numpy as np
import pytest

from summarizer.beam_search import BeamSearch, SearchOptions

START, END = 0, 2
NOTHING = -50.0


def searched(options, following):
    """A search through a network that looks at the last token alone."""
    search = BeamSearch(options)
    while not search.done:
        search.extend(np.stack([following[int(token)] for token in search.tokens[:, -1]]))
    return search.finished


def likely(**words):
    """Log-probabilities of tokens 0 to 9; those that are not named are next to impossible."""
    row = np.full(10, NOTHING)
    for word, value in words.items():
        row[int(word[1:])] = value
    return row


def test_the_mean_log_probability_decides():
    # At once at an end: -1.0 for the one token. By way of 5: -1.5 for two, which is -0.75 a token.
    following = dict.fromkeys(range(10), likely(_2=NOTHING))
    following[START] = likely(_2=-1.0, _5=-1.2)
    following[5] = likely(_2=-0.3, _6=-5.0)
    (best, second) = searched(SearchOptions(2, 6, START, END), following)
    assert best == (pytest.approx(-0.75), (5, END))
    assert second == (pytest.approx(-1.0), (END,))


def test_no_three_tokens_come_twice():
    following = dict.fromkeys(range(10), likely(_2=-3.0, _5=-0.1))
    ((_, text),) = searched(SearchOptions(1, 20, START, END), following)
    assert text == (5, 5, 5, END)


def test_the_longest_text_is_ended():
    following = {token: likely(**{f"_{(token + 1) % 10 or 3}": -0.1}) for token in range(10)}
    following[START] = likely(_3=-0.1)
    ((score, text),) = searched(SearchOptions(1, 4, START, END), following)
    assert text == (3, 4, 5, END)
    assert score == pytest.approx(-0.3 / 4)


def test_texts_that_cannot_get_better_are_left():
    following = dict.fromkeys(range(10), likely(_2=-0.01, _5=-4.0))
    search = BeamSearch(SearchOptions(2, 40, START, END))
    steps = 0
    while not search.done:
        search.extend(np.stack([following[int(token)] for token in search.tokens[:, -1]]))
        steps += 1
    assert steps == 2
    assert [text for _, text in search.finished] == [(END,), (5, END)]
