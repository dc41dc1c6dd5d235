import os

import pytest

from captioner.batch.finding import Input, find_inputs
from captioner.batch.rows import one_line
from tests.makers import touch


def names(arguments, recursive=False, **settings):
    found = find_inputs([str(argument) for argument in arguments], recursive, **settings)
    return [item.file_name for item in found.inputs]


def test_the_files_of_a_folder_are_named_relative_to_it(tmp_path):
    touch(tmp_path, "a.png", "sub/b.png", "notes.txt")
    assert names([tmp_path]) == ["a.png"]
    assert find_inputs([str(tmp_path)], True).inputs == (
        Input(f"{tmp_path}/a.png", "a.png"),
        Input(f"{tmp_path}/sub/b.png", "sub/b.png"),
    )


@pytest.mark.parametrize("folder", [".", "./", "../photos", "../photos//"])
def test_a_folder_may_be_written_in_any_way(tmp_path, monkeypatch, folder):
    touch(tmp_path / "photos", "sub/b.png")
    monkeypatch.chdir(tmp_path / "photos")
    (item,) = find_inputs([folder], True).inputs
    start = "" if folder.startswith("./") or folder == "." else "../photos/"
    assert item == Input(f"{start}sub/b.png", "sub/b.png")


def test_inputs_keep_the_order_of_the_arguments(tmp_path):
    touch(tmp_path, "z.png", "folder/b.png", "a.png")
    found = names([tmp_path / "z.png", tmp_path / "folder", tmp_path / "a.png"])
    assert found == [f"{tmp_path}/z.png", "b.png", f"{tmp_path}/a.png"]


def test_a_file_argument_is_named_as_given(tmp_path, monkeypatch):
    touch(tmp_path, "a.png")
    monkeypatch.chdir(tmp_path)
    assert find_inputs(["./a.png"]).inputs == (Input("./a.png", "./a.png"),)


def test_a_file_that_is_named_is_taken_whatever_its_suffix(tmp_path):
    touch(tmp_path, "picture.doc", ".hidden.png", "none")
    given = [str(tmp_path / name) for name in ("picture.doc", ".hidden.png", "none")]
    assert find_inputs(given).inputs == tuple(Input(path, path) for path in given)


def test_no_file_is_opened(tmp_path, monkeypatch):
    touch(tmp_path, "a.png", "sub/b.gif")

    def refuse(*arguments, **settings):
        raise AssertionError("a file was opened")

    for opener in ("builtins.open", "io.open", "os.open"):
        monkeypatch.setattr(opener, refuse)
    found = find_inputs([str(tmp_path), str(tmp_path / "a.png"), f"{tmp_path}/**"], True)
    assert len(found.inputs) == 2


# === The same file, the same name ===


def test_a_file_that_two_arguments_name_is_taken_once(tmp_path):
    touch(tmp_path, "a.png", "sub/b.png")
    assert names([tmp_path, tmp_path / "a.png", tmp_path / "." / "a.png"]) == ["a.png"]
    assert names([tmp_path, f"{tmp_path}/", f"{tmp_path}/*.png"]) == ["a.png"]
    found = names([tmp_path, tmp_path / "sub"], recursive=True)
    assert found == [f"{tmp_path}/a.png", f"{tmp_path}/sub/b.png"]


def test_with_several_folders_all_names_begin_with_theirs(tmp_path, monkeypatch):
    touch(tmp_path, "one/a.png", "two/a.png", "two/b.png")
    monkeypatch.chdir(tmp_path)
    assert names(["one", "two/"]) == ["one/a.png", "two/a.png", "two/b.png"]
    assert names(["one", "./two"]) == ["one/a.png", "two/a.png", "two/b.png"]


def test_a_file_and_a_file_of_a_folder_with_one_name_are_told_apart(tmp_path, monkeypatch):
    touch(tmp_path, "a.png", "photos/a.png", "photos/b.png")
    monkeypatch.chdir(tmp_path)
    assert names(["photos", "a.png"]) == ["photos/a.png", "b.png", "a.png"]


# === Lists and patterns ===


def test_listed_names_come_after_the_arguments_and_are_no_patterns(tmp_path, monkeypatch):
    touch(tmp_path, "a.png", "b.png", "sub/c.png")
    monkeypatch.chdir(tmp_path)
    found = find_inputs(["b.png"], listed=["sub", "a.png", "b.png", "*.png", "odd\0name"]).inputs
    assert [item.file_name for item in found] == ["b.png", "c.png", "a.png", "*.png", "odd\0name"]
    assert [item.error is None for item in found] == [True, True, True, False, True]


def test_a_pattern_names_files_and_folders(tmp_path, monkeypatch):
    touch(tmp_path, "a1.png", "a10.png", "a9.png", "notes.txt", "at/b.png")
    monkeypatch.chdir(tmp_path)
    assert names(["a*"]) == ["a1.png", "a9.png", "a10.png", "b.png"]
    assert names(["**/*.png"], recursive=True) == ["a1.png", "a9.png", "a10.png", "at/b.png"]


def test_a_file_that_is_called_like_a_pattern_is_that_file(tmp_path):
    touch(tmp_path, "a[1].png", "a1.png")
    assert names([tmp_path / "a[1].png"]) == [f"{tmp_path}/a[1].png"]


@pytest.mark.parametrize(
    ("pattern", "error"),
    [("*.gif", "nothing matches this pattern; check it"), ("**/a.png", "add -r")],
)
def test_a_pattern_without_a_match_fails(tmp_path, monkeypatch, pattern, error):
    touch(tmp_path, "a.png")
    monkeypatch.chdir(tmp_path)
    (item,) = find_inputs([pattern]).inputs
    assert item.file_name == pattern
    assert error in item.error


def test_hidden_files_are_taken_on_request(tmp_path):
    touch(tmp_path, "a.png", ".b.png")
    assert names([tmp_path]) == ["a.png"]
    assert names([tmp_path], hidden=True) == [".b.png", "a.png"]


# === What is wrong ===


def test_an_empty_folder_is_reported(tmp_path):
    touch(tmp_path, "notes.txt", "sub/a.png")
    found = find_inputs([str(tmp_path)])
    assert found.inputs == ()
    assert found.empty == (str(tmp_path),)


@pytest.mark.parametrize("name", ["none.jpg", "notes.txt/none.jpg"])
def test_a_missing_input_fails_with_the_reason(tmp_path, name):
    touch(tmp_path, "notes.txt")
    (item,) = find_inputs([str(tmp_path / name)]).inputs
    assert item.error == "there is no such file; check the path"


def test_a_name_that_is_too_long_is_left_to_whoever_opens_it():
    assert find_inputs(["x" * 5000]).inputs == (Input("x" * 5000, "x" * 5000),)


@pytest.fixture
def closed_folder(tmp_path, monkeypatch):
    """A folder that may not be listed, also where the tests run as root."""
    folder = tmp_path / "photos" / "closed"
    folder.mkdir(parents=True)
    scandir = os.scandir

    def refuse(path):
        if os.fspath(path) == str(folder):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    return folder


def test_a_folder_that_cannot_be_opened_is_named_and_the_search_goes_on(closed_folder):
    touch(closed_folder.parent, "open/a.png")
    found = find_inputs([str(closed_folder.parent)], recursive=True).inputs
    assert [item.file_name for item in found] == ["closed", "open/a.png"]
    assert "Permission denied" in found[0].error
    assert found[1].error is None


def test_a_folder_argument_that_cannot_be_opened_is_named_as_given(closed_folder):
    (item,) = find_inputs([str(closed_folder)]).inputs
    assert item.file_name == str(closed_folder)
    assert item.error is not None


def test_a_name_that_is_not_utf8_is_found(tmp_path):
    touch(tmp_path, os.fsdecode(b"caf\xe9.png"))
    (item,) = find_inputs([str(tmp_path)]).inputs
    assert item.path == str(tmp_path / os.fsdecode(b"caf\xe9.png"))
    assert one_line(item.file_name) == "caf\\xe9.png"
