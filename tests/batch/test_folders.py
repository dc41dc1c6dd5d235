import os

import pytest

from captioner.batch.folders import natural, search
from tests.makers import touch


def names(folder, recursive=True, **settings):
    return [entry.name for entry in search(str(folder), recursive, **settings)]


def test_media_files_come_in_natural_order(tmp_path):
    touch(tmp_path, "frame10.png", "frame9.png", "Frame1.png", "b.PNG", "c.txt", "d", "e.part")
    assert names(tmp_path) == ["b.PNG", "Frame1.png", "frame9.png", "frame10.png"]


@pytest.mark.parametrize(
    "ordered",
    [
        ["a.png", "a1.png", "a02.png", "a10.png", "b.png"],
        ["1.png", "2.png", "10.png", "a.png"],
        ["v1.9.png", "v1.10.png", "v2.png"],
        [f"{10**number}.png" for number in range(60)],
        ["A.png", "a.png", "B.png"],
        ["01.png", "1.png"],
    ],
)
def test_natural_order(ordered):
    assert sorted(reversed(ordered), key=natural) == ordered


def test_the_files_of_a_folder_come_before_its_folders(tmp_path):
    touch(tmp_path, "z.png", "a2/b.png", "a2/deep/c.png", "a10/d.png", "a2/z.png")
    found = ["z.png", "a2/b.png", "a2/z.png", "a2/deep/c.png", "a10/d.png"]
    assert names(tmp_path) == [name.replace("/", os.sep) for name in found]
    assert names(tmp_path, recursive=False) == ["z.png"]


def test_hidden_files_and_folders_are_taken_only_on_request(tmp_path):
    touch(tmp_path, "a.png", ".b.png", ".git/c.png", "._d.jpg")
    assert names(tmp_path) == ["a.png"]
    assert names(tmp_path, hidden=True) == ["._d.jpg", ".b.png", "a.png", ".git/c.png"]


def test_a_name_that_is_all_suffix_has_none(tmp_path):
    touch(tmp_path, ".png", "png")
    assert names(tmp_path, hidden=True) == []
    assert names(tmp_path, hidden=True, any_suffix=True) == [".png", "png"]


def test_a_link_that_leads_back_is_not_followed_for_ever(tmp_path):
    touch(tmp_path, "sub/a.png")
    (tmp_path / "sub" / "back").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "sub" / "self").symlink_to("self")
    assert names(tmp_path) == ["sub/a.png"]


def test_two_folders_that_link_to_each_other_are_entered_once(tmp_path):
    touch(tmp_path, "one/a.png", "two/b.png")
    (tmp_path / "one" / "to").symlink_to(tmp_path / "two")
    (tmp_path / "two" / "to").symlink_to(tmp_path / "one")
    assert names(tmp_path) == ["one/a.png", "two/b.png"]
    assert names(tmp_path / "one") == ["a.png", "to/b.png"]


def test_what_is_reached_without_a_link_is_named_without_it(tmp_path):
    touch(tmp_path, "real/a.png")
    (tmp_path / "earlier").symlink_to(tmp_path / "real", target_is_directory=True)
    assert names(tmp_path) == ["real/a.png"]


def test_a_linked_folder_elsewhere_is_entered(tmp_path):
    touch(tmp_path, "elsewhere/a.png", "elsewhere/deep/b.png", "given/z.png")
    (tmp_path / "given" / "link").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert names(tmp_path / "given") == ["z.png", "link/a.png", "link/deep/b.png"]


def test_a_linked_file_is_taken_under_its_own_name(tmp_path):
    touch(tmp_path, "a.dat")
    (tmp_path / "link.png").symlink_to("a.dat")
    assert names(tmp_path) == ["link.png"]


@pytest.mark.parametrize("target", ["nowhere.png", "gone.png"])
def test_a_link_to_nothing_is_found_with_its_error(tmp_path, target):
    (tmp_path / "gone.png").symlink_to(target)
    (entry,) = search(str(tmp_path), False)
    assert entry == ("gone.png", "is a link to no such file; mend the link, or delete it")


def test_a_pipe_is_passed_by(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    assert names(tmp_path, any_suffix=True) == []


def test_a_folder_that_is_called_like_a_picture_is_a_folder(tmp_path):
    touch(tmp_path, "odd.png/a.png")
    assert names(tmp_path, recursive=False) == []
    assert names(tmp_path) == ["odd.png/a.png"]


@pytest.mark.parametrize(
    "name", ["two\nlines.png", "-r.png", "😀.png", " .png", "x" * 251 + ".png", "*?[a].png"]
)
def test_names_of_every_kind_are_found(tmp_path, name):
    touch(tmp_path, f"sub/{name}")
    assert names(tmp_path) == [f"sub/{name}"]


def test_a_name_that_is_not_utf8_is_found(tmp_path):
    name = os.fsdecode(b"caf\xe9.png")
    touch(tmp_path, name)
    assert names(tmp_path) == [name]
