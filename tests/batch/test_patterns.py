import os

import pytest

from captioner.batch.patterns import expand, is_pattern

_JPEGS = ["[x].jpg", "b9.jpg", "b10.jpg"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in (
        *("a.png", "b10.jpg", "b9.jpg", "notes.txt", "raw.heic", ".hidden.jpg", "[x].jpg"),
        *("sub/c.jpg", "sub/deep/d.jpg", "sub/deep/e.png", "sub/.git/f.jpg", "tub/g.jpg"),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def test_a_name_that_is_there_is_no_pattern():
    assert is_pattern("*.jpg")
    assert not is_pattern("a.png")
    assert not is_pattern("missing.png")
    assert not is_pattern("[x].jpg")


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.jpg", _JPEGS),
        ("b?.jpg", ["b9.jpg"]),
        ("[ab]*", ["a.png", "b9.jpg", "b10.jpg"]),
        ("sub/*", ["sub/c.jpg", "sub/deep"]),
        ("*/", ["sub", "tub"]),
        ("?ub/*.jpg", ["sub/c.jpg", "tub/g.jpg"]),
        ("*.heic", ["raw.heic"]),
        ("*.gif", []),
        ("nowhere/*.jpg", []),
        ("**/*.jpg", [*_JPEGS, "sub/c.jpg", "sub/deep/d.jpg", "tub/g.jpg"]),
        ("sub/**", ["sub/c.jpg", "sub/deep/d.jpg", "sub/deep/e.png"]),
        ("**/*.png", ["a.png", "sub/deep/e.png"]),
        ("**/deep/*", ["sub/deep/d.jpg", "sub/deep/e.png"]),
        ("**/s*/**/*.jpg", ["sub/c.jpg", "sub/deep/d.jpg"]),
        ("?ub/**", ["sub/c.jpg", "sub/deep/d.jpg", "sub/deep/e.png", "tub/g.jpg"]),
        ("./**/*.heic", ["./raw.heic"]),
        ("nowhere/**/*.jpg", []),
    ],
)
def test_what_a_pattern_names(pattern, found):
    assert expand(pattern) == [name.replace("/", os.sep) for name in found]


def test_an_absolute_pattern(folder):
    assert expand(f"{folder}/**/deep/*.png") == [f"{folder}/sub/deep/e.png"]
    assert expand(f"{folder}/*.png") == [f"{folder}/a.png"]


def test_hidden_names_match_on_request_or_by_their_dot():
    assert expand("*h*.jpg") == []
    assert expand("*h*.jpg", hidden=True) == [".hidden.jpg"]
    assert expand(".h*.jpg") == [".hidden.jpg"]
    assert expand("**/f.jpg") == []
    assert expand("**/f.jpg", hidden=True) == ["sub/.git/f.jpg"]


def test_links_that_lead_back_are_no_loop(folder):
    (folder / "sub" / "back").symlink_to(folder, target_is_directory=True)
    assert expand("**/c.jpg") == ["sub/c.jpg"]
