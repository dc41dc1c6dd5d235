import os

import pytest

from captioner.finding import find_inputs
from tests.fakes import save_color
from tests.makers import plain, save_animation

RED = (250, 0, 0)


def names(arguments, recursive=False):
    found = find_inputs([str(argument) for argument in arguments], recursive)
    return [item.file_name for item in found.inputs]


def test_a_folder_gives_its_media_files_in_natural_order(tmp_path):
    for name in ("frame10.png", "frame9.png", "Frame1.png", "b.PNG", "c.txt", "d", ".hidden.png"):
        (tmp_path / name).write_bytes(b"x")
    assert names([tmp_path]) == ["b.PNG", "Frame1.png", "frame9.png", "frame10.png"]


def test_sub_folders_are_entered_only_with_recursive(tmp_path):
    for name in ("a.png", "z.png", "sub/b.png", "sub/deep/c.png", ".git/d.png"):
        save_color(tmp_path / name, RED)
    assert names([tmp_path]) == ["a.png", "z.png"]
    assert names([tmp_path], recursive=True) == ["a.png", "z.png", "sub/b.png", "sub/deep/c.png"]


def test_inputs_keep_the_order_of_the_arguments(tmp_path):
    first = save_color(tmp_path / "z.png", RED)
    save_color(tmp_path / "folder" / "b.png", RED)
    last = save_color(tmp_path / "a.png", RED)
    found = names([first, tmp_path / "folder", last])
    assert found == [str(first), "b.png", str(last)]


def test_a_file_argument_is_named_as_given(tmp_path, monkeypatch):
    save_color(tmp_path / "a.png", RED)
    monkeypatch.chdir(tmp_path)
    found = find_inputs(["./a.png"]).inputs
    assert [(item.path, item.file_name) for item in found] == [("./a.png", "./a.png")]


def test_a_file_that_is_named_is_tried_whatever_its_suffix(tmp_path):
    path = save_color(tmp_path / "a.png", RED).rename(tmp_path / "picture.doc")
    hidden = save_color(tmp_path / ".hidden.png", RED)
    assert [item.kind for item in find_inputs([str(path), str(hidden)]).inputs] == ["image"] * 2


def test_the_kind_is_what_the_content_says(tmp_path):
    save_color(tmp_path / "a.png", RED)
    save_animation(tmp_path / "b.gif", [plain(RED), plain((0, 0, 0))])
    (tmp_path / "c.jpg").write_text("not a picture")
    kinds = {item.file_name: item.kind for item in find_inputs([str(tmp_path)]).inputs}
    assert kinds == {"a.png": "image", "b.gif": "animation", "c.jpg": None}


def test_a_file_that_two_arguments_name_is_taken_once(tmp_path):
    path = save_color(tmp_path / "a.png", RED)
    assert names([tmp_path, path, tmp_path / "." / "a.png"]) == ["a.png"]


def test_files_of_two_folders_with_one_name_are_told_apart(tmp_path, monkeypatch):
    for name in ("one/a.png", "two/a.png", "two/b.png"):
        save_color(tmp_path / name, RED)
    monkeypatch.chdir(tmp_path)
    assert names(["one", "two/"]) == ["one/a.png", "two/a.png", "b.png"]


def test_a_link_that_leads_back_is_not_followed_for_ever(tmp_path):
    save_color(tmp_path / "sub" / "a.png", RED)
    (tmp_path / "sub" / "back").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "sub" / "self").symlink_to("self")
    assert names([tmp_path], recursive=True) == ["sub/a.png"]


def test_a_linked_folder_is_entered(tmp_path):
    save_color(tmp_path / "elsewhere" / "a.png", RED)
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "link").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert names([tmp_path / "given"], recursive=True) == ["link/a.png"]


def test_a_link_to_nothing_is_an_input_that_fails(tmp_path):
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere.png")
    (item,) = find_inputs([str(tmp_path)]).inputs
    assert item.file_name == "gone.png"
    assert "no such file" in item.error


def test_a_pipe_in_a_folder_is_passed_by(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    assert names([tmp_path]) == []


def test_an_empty_folder_is_reported(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    found = find_inputs([str(tmp_path)])
    assert found.inputs == ()
    assert found.empty == (str(tmp_path),)


def test_a_missing_input_fails_with_the_reason(tmp_path):
    (item,) = find_inputs([str(tmp_path / "none.jpg")]).inputs
    assert item.kind is None
    assert item.error == "there is no such file; check the path"


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
    save_color(closed_folder.parent / "open" / "a.png", RED)
    found = find_inputs([str(closed_folder.parent)], recursive=True).inputs
    assert [item.file_name for item in found] == ["closed", "open/a.png"]
    assert "Permission denied" in found[0].error
    assert found[1].error is None


def test_a_folder_argument_that_cannot_be_opened_is_named_as_given(closed_folder):
    (item,) = find_inputs([str(closed_folder)]).inputs
    assert item.file_name == str(closed_folder)
    assert item.error is not None


def test_a_name_that_is_not_utf8_is_found(tmp_path):
    path = tmp_path / os.fsdecode(b"caf\xe9.png")
    save_color(tmp_path / "a.png", RED).rename(path)
    (item,) = find_inputs([str(tmp_path)]).inputs
    assert (item.kind, item.path) == ("image", str(path))


def test_an_unexpected_error_in_one_file_is_its_own(tmp_path, monkeypatch):
    for name in ("a.png", "b.png"):
        save_color(tmp_path / name, RED)

    def kind(path):
        if str(path).endswith("a.png"):
            raise MemoryError
        return "image"

    monkeypatch.setattr("captioner.finding.media_kind", kind)
    found = find_inputs([str(tmp_path)]).inputs
    assert [(item.kind, item.error) for item in found] == [(None, "MemoryError"), ("image", None)]
