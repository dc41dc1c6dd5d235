"""Recall and ranks, against counting by hand."""

import numpy as np
import pytest

from training.matching.data import Scenes, evenly, scenes_of
from training.matching.scores import evaluate, report
from training.metrics.retrieval import ranks, ranks_of, recalls


def test_ranks_are_counted_both_ways():
    scores = np.array(
        [
            [0.9, 0.1, 0.5],  # of picture 0: first
            [0.8, 0.2, 0.3],  # of picture 1: third
            [0.3, 0.6, 0.7],  # of picture 1: second
            [0.1, 0.9, 0.8],  # of picture 2: second
        ]
    )
    of_sentences, of_pictures = ranks_of(scores, [0, 1, 1, 2])
    assert of_sentences.tolist() == [1, 3, 2, 2]
    # Picture 1: its best sentence has 0.6, and one of another picture 0.9.
    assert of_pictures.tolist() == [1, 2, 1]


def test_ties_count_against_the_model():
    pictures = sentences = np.ones((8, 4)) / 2
    of_sentences, of_pictures = ranks(pictures, sentences, range(8))
    assert of_sentences.tolist() == [8] * 8
    assert of_pictures.tolist() == [8] * 8


def test_ranks_as_sorting_gives_them():
    random = np.random.default_rng(0)
    scores = random.normal(size=(40, 12))
    owner = random.integers(0, 12, 40)
    owner[:12] = np.arange(12)
    of_sentences, of_pictures = ranks_of(scores, owner)
    for row, place in enumerate(of_sentences):
        assert np.argsort(-scores[row]).tolist().index(owner[row]) + 1 == place
    for column, place in enumerate(of_pictures):
        order = np.argsort(-scores[:, column])
        assert np.flatnonzero(owner[order] == column)[0] + 1 == place


def test_recalls():
    found = recalls(np.array([1, 2, 5, 6, 10, 11, 100, 1]))
    assert found == {"R@1": 25.0, "R@5": 50.0, "R@10": 75.0, "median rank": 5.5}


def test_a_clip_is_the_mean_of_its_frames():
    scenes = Scenes("clips", [[0, 1], [2]], [["a", "b"], ["c"]])
    frames = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
    sentences = np.array([[0.7, 0.7, 0], [0.7, 0.7, 0.1], [0, 0, 1]], np.float32)
    result = evaluate(frames, sentences, scenes)
    assert result.mean_recall == 100
    assert "2 photos or clips, 3 captions" in report(result)


class Item:
    def __init__(self, *captions):
        self.captions = captions


def test_frames_with_the_same_captions_are_one_clip():
    items = [Item("a"), Item("a"), Item("b"), Item("a")]
    assert scenes_of("x", items, clips=True).frames == [[0, 1], [2], [3]]
    assert scenes_of("x", items, clips=False).frames == [[0], [1], [2], [3]]
    assert scenes_of("x", items, clips=True).owners == [0, 1, 2]


@pytest.mark.parametrize(("most", "kept"), [(1, "a"), (2, "ac"), (4, "abcd"), (9, "abcd")])
def test_captions_are_chosen_evenly(most, kept):
    assert evenly("abcd", most) == list(kept)
