import io
import os
import sys

import pytest

from captioner.batch.listing import read_list


@pytest.mark.parametrize(
    ("content", "paths"),
    [
        (b"", []),
        (b"a.png\nb c.png\n", ["a.png", "b c.png"]),
        (b"a.png\n\n\nb.png", ["a.png", "b.png"]),
        (b"a.png\r\nb.png\r\n", ["a.png", "b.png"]),
        (b" a.png \n-b.png\n#c.png\n", [" a.png ", "-b.png", "#c.png"]),
        ("雪.png\n😀.png\n".encode(), ["雪.png", "😀.png"]),
        (b"caf\xe9.png\n", [os.fsdecode(b"caf\xe9.png")]),
        (b"a\x0bb\x0cc\x85d.png\n", [os.fsdecode(b"a\x0bb\x0cc\x85d.png")]),
        (b"\xef\xbb\xbfa.png\n", ["a.png"]),
        ("a.png\r\n雪.png\r\n".encode("utf-16"), ["a.png", "雪.png"]),
    ],
)
def test_a_list_is_read_line_by_line(tmp_path, content, paths):
    path = tmp_path / "list.txt"
    path.write_bytes(content)
    assert read_list(str(path)) == paths


def test_a_list_with_zero_bytes_holds_line_ends(tmp_path):
    path = tmp_path / "list"
    path.write_bytes(b"two\nlines.png\0b\r\0\0c.png")
    assert read_list(str(path), null=True) == ["two\nlines.png", "b\r", "c.png"]


def test_standard_input_is_a_list(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a.png\nb.png\n")))
    assert read_list("-") == ["a.png", "b.png"]
