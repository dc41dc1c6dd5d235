"""The search for words, and how features are laid out, with a network that is a table."""

import numpy as np
import pytest

from captioner.models.answer_config import AnswerConfig
from captioner.models.answer_features import FrameFeatures, likeliest, network_inputs
from captioner.models.answer_model import AnswerModel, Looked
from captioner.models.vocabulary import END, PAD, START, Vocabulary

WORDS = Vocabulary(["yes", "no", "red", "car", "what", "is", "it"])
CONFIG = AnswerConfig(
    grid=2, grid_channels=3, pooled_channels=4, classes=9, concepts=2, max_frames=3, queries=2,
    units=4, max_question=4, max_answer=3,
)  # fmt: skip


def number(word):
    return WORDS.words.index(word)


def table_model(chances):
    """Writes by a table: the words so far → the words that may follow, with their probabilities."""

    def write(found, question, answer):
        out = np.full((*answer.shape, len(WORDS)), 1e-9, np.float32)
        for row, ids in enumerate(answer):
            for place in range(len(ids)):
                so_far = tuple(WORDS.words[n] for n in ids[1 : place + 1])
                for word, chance in chances.get(so_far, {"<end>": 1.0}).items():
                    out[row, place, END if word == "<end>" else number(word)] = chance
        return [np.log(out)]

    def look(*inputs):
        rows = len(inputs[-1])
        where = np.full((rows, CONFIG.max_frames, CONFIG.frame_tokens), 1 / 21, np.float32)
        return [np.zeros((rows, 2, 4), np.float32), where]

    return AnswerModel(CONFIG, WORDS, look, write)


def looked(rows=1):
    shape = np.zeros((rows, CONFIG.max_question), np.int32)
    return Looked(np.zeros((rows, 2, 4), np.float32), np.zeros((rows, 3, 7), np.float32), shape)


def test_the_likeliest_answer_is_not_that_of_the_likeliest_first_word():
    chances = {(): {"red": 0.6, "yes": 0.4}, ("red",): {"car": 0.6, "<end>": 0.4}}
    answers = table_model(chances).answers(looked())[0]
    assert [item.text for item in answers] == ["yes", "red car", "red"]
    assert [item.probability for item in answers] == pytest.approx([0.4, 0.36, 0.24])


def test_an_answer_ends_at_its_longest():
    chances = {words: {"red": 1.0} for words in [(), ("red",), ("red", "red")]}
    assert table_model(chances).answers(looked())[0][0].text == "red red red"


def test_several_questions_have_answers_of_their_own_lengths():
    answers = table_model({(): {"yes": 0.9, "no": 0.1}}).answers(looked(3))
    assert [row[0].text for row in answers] == ["yes"] * 3


def test_options_are_compared_by_their_mean_word():
    model = table_model({(): {"red": 0.9, "yes": 0.1}, ("red",): {"car": 0.1, "<end>": 0.9}})
    [(red, car, yes)] = model.likelihoods(looked(), [["red", "red car", "yes"]])
    assert red == pytest.approx(np.log(0.9), abs=1e-4)
    assert red > yes > np.log(1e-3) and red > car


def test_words_that_were_never_learnt_are_told():
    model = table_model({})
    assert model.unknown_words("What is the zebra?") == ["the", "zebra"]
    assert model.question_ids("what is it").tolist() == [*map(number, ["what", "is", "it"]), PAD]


def frames(count, value=1.0):
    return FrameFeatures(
        np.full((count, 4, 3), value, np.float16),
        np.full((count, 4), value, np.float16),
        np.zeros((count, 2), np.int32),
        np.full((count, 2), 0.25, np.float32),
    )


def test_shorter_clips_are_masked():
    grid, mean, concepts, certainty, times, mask = network_inputs(
        [frames(1), frames(3)], [np.array([0.0]), np.array([0.0, 0.4, 1.0])], 3
    )
    assert grid.shape == (2, 3, 4, 3) and grid.dtype == np.float32
    assert mean.shape == (2, 3, 4) and concepts.dtype == np.int32
    assert mask.tolist() == [[1, 0, 0], [1, 1, 1]]
    assert times[1].tolist() == pytest.approx([0.0, 0.4, 1.0])
    assert certainty[0, 0].tolist() == [0.5, 0.5]  # the root


def test_the_likeliest_classes_come_first():
    numbers, chances = likeliest(np.array([[0.1, 0.6, 0.3]]), 2)
    assert numbers.tolist() == [[1, 2]] and chances[0].tolist() == pytest.approx([0.6, 0.3])


def test_the_search_begins_with_start():
    seen = []
    model = table_model({})
    write = model._write
    model._write = lambda *given: seen.append(given[2]) or write(*given)
    model.answers(looked())
    assert seen[0][0].tolist() == [START, PAD, PAD]
