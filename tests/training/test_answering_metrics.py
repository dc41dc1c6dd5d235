import pytest

from training.metrics.answers import (
    interval,
    is_same,
    normalise_answer,
    squared_error,
    vqa_accuracy,
)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("The Dog.", "dog"),
        ("two", "2"),
        ("None", "0"),
        ("1,000", "1000"),
        ("9.5", "9.5"),
        ("black/white", "black white"),
        ("it's a cat", "its cat"),
    ],
)
def test_answers_are_compared_without_what_does_not_matter(text, plain):
    assert normalise_answer(text) == plain


@pytest.mark.parametrize(("same", "accuracy"), [(0, 0.0), (1, 0.3), (2, 0.6), (3, 0.9), (4, 1.0)])
def test_vqa_accuracy_is_the_mean_over_nine_of_ten(same, accuracy):
    # Of three, the three choices that leave one of them out have two thirds: 0.7 + 0.3 * 2 / 3.
    people = ["cat"] * same + ["dog"] * (10 - same)
    assert vqa_accuracy("a cat", people) == pytest.approx(accuracy)


def test_the_same_answer_in_other_words_of_number_is_the_same():
    assert is_same("two", "2") == 1
    assert is_same("three", "2") == 0


def test_what_is_no_number_counts_as_told():
    assert squared_error("4", "two") == 4
    assert squared_error("many", "two", otherwise=3) == 1


def test_an_interval_holds_the_mean_and_narrows():
    few, many = interval([0, 1] * 10), interval([0, 1] * 1000)
    assert few[0] < 0.5 < few[1]
    assert many[1] - many[0] < few[1] - few[0]
