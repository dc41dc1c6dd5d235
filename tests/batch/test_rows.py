import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captioner.batch.rows import Row, name_of, plain_name, plain_text

# Pieces that meet in escapes more often than characters at random would.
PIECES = st.sampled_from(
    [
        "\\",
        "x",
        "u",
        "5c",
        "x5c",
        "ff",
        "e9",
        "d8",
        "00",
        "dc",
        "80",
        "7f",
        "a",
        "é",
        "雪",
        "/",
        "\udcff",
        "\udce9",
        "\ud800",
        "\udbff",
        "\udc00",
    ]
)
TEXTS = st.lists(PIECES, max_size=8).map("".join)
PLAIN = TEXTS.map(plain_text)


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("café.jpg", "café.jpg"),
        ("a\\b.jpg", "a\\b.jpg"),
        ("C:\\photos\\x5c.jpg", "C:\\photos\\x5c.jpg"),
        ("lit\udcff.jpg", "lit\\xff.jpg"),
        ("lit\\xff.jpg", "lit\\x5cxff.jpg"),
        ("lit\\x5cxff.jpg", "lit\\x5cx5cxff.jpg"),
        ("lit\\xFF\\x41.jpg", "lit\\xFF\\x41.jpg"),
        ("a\ud800b\\ud800.jpg", "a\\ud800b\\x5cud800.jpg"),
    ],
)
def test_names_that_are_written_with_escapes(name, plain):
    assert plain_name(name) == plain
    assert name_of(plain) == name


@given(TEXTS)
@settings(max_examples=2000, deadline=None)
def test_every_name_comes_back(name):
    plain = plain_name(name)
    plain.encode("utf-8")
    assert name_of(plain) == name


@given(PLAIN)
@settings(max_examples=2000, deadline=None)
def test_what_a_row_holds_stays_when_it_is_written_again(plain):
    assert plain_name(name_of(plain)) == plain


@given(st.binary(max_size=12))
@settings(max_examples=500, deadline=None)
def test_every_name_of_a_file_comes_back(name):
    assert os.fsencode(name_of(plain_name(os.fsdecode(name)))) == name


def test_a_row_keeps_its_name_when_it_is_read_and_written_again():
    for name in ("lit\udcff.jpg", "lit\\xff.jpg", "lit\\x5cxff.jpg"):
        values = Row("", name, "image", text="a dog", score=0.0, model="m").as_dict()
        assert Row.from_dict(values).file_name == name
        assert Row.from_dict(values).as_dict() == values
