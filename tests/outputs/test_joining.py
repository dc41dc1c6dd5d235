import pytest

from captioner.batch.rows import Row
from captioner.outputs.joining import joined, surround, surround_frames
from captioner.types import Caption, TimedCaption


@pytest.mark.parametrize(
    ("old", "new", "appended", "prepended"),
    [
        ("a dog", "a cat", "a dog a cat", "a cat a dog"),
        ("A dog.", "a cat", "A dog. a cat", "a cat A dog."),
        ("a dog", ", a cat", "a dog, a cat", ", a cat a dog"),
        ("a dog", ". ", "a dog. ", ". a dog"),
        ("a dog\n", "a cat", "a dog\na cat", "a cat a dog\n"),
        ("a dog", "\na cat", "a dog\na cat", "\na cat a dog"),
        (", one", "two", ", one two", "two, one"),
        # What is there already is not put there again.
        ("a dog", "a dog", "a dog", "a dog"),
        ("a dog a cat", "a cat", "a dog a cat", "a cat a dog a cat"),
        ("a dog a cat", "a dog", "a dog a cat a dog", "a dog a cat"),
        ("a dog, a cat", ", a cat ", "a dog, a cat", ", a cat a dog, a cat"),
        ("the bigdog", "dog", "the bigdog dog", "dog the bigdog"),
        ("dogs", "dog", "dogs dog", "dog dogs"),
        ("雪の犬", "犬", "雪の犬 犬", "犬 雪の犬"),
        ("a dog", "", "a dog", "a dog"),
        # Where nothing is there, it is as a fresh one.
        (None, "a cat", "a cat", "a cat"),
        ("", "a cat ", "a cat ", "a cat "),
        (" \n", " a cat", " a cat", " a cat"),
    ],
)
def test_how_captions_are_joined(old, new, appended, prepended):
    assert joined(old, new, "append") == appended
    assert joined(old, new, "prepend") == prepended


@pytest.mark.parametrize("existing", ["append", "prepend"])
def test_joining_twice_is_joining_once(existing):
    once = joined("a dog", "a cat", existing)
    assert joined(once, "a cat", existing) == once


@pytest.mark.parametrize("existing", ["skip", "overwrite"])
def test_otherwise_the_new_caption_stands_alone(existing):
    assert joined("a dog", "a cat", existing) == "a cat"


def test_prefix_and_suffix_stand_around_the_caption_as_they_are():
    frames = (TimedCaption(0.0, 1.0, Caption("a dog", -1.0, ("a", "dog"))),)
    row = Row("a.gif", "a.gif", "animation", "two dogs", frames=frames)
    assert surround(row, " [", "]\n").text == " [two dogs]\n"
    assert surround(row, " [", "]\n").frames == frames
    (frame,) = surround_frames(row, "<", ">").frames
    assert (frame.start, frame.end, frame.caption.text) == (0.0, 1.0, "<a dog>")


def test_a_failure_gets_no_prefix():
    row = Row("a.gif", "a.gif", None, error="is empty")
    assert surround(row, "a", "b") == row
    assert surround_frames(row, "a", "b") == row
