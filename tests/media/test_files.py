import os
from pathlib import Path

import pytest

from captioner.errors import EmptyFileError, MissingFileError, UnreadableFileError
from captioner.media.files import open_media
from captioner.media.images import load_image
from tests.makers import save_photo


def test_missing(tmp_path):
    with pytest.raises(MissingFileError, match="no such file"):
        load_image(tmp_path / "none.jpg")


def test_missing_below_a_file(tmp_path):
    with pytest.raises(MissingFileError):
        load_image(save_photo(tmp_path / "a.png") / "b.png")


def test_empty(tmp_path):
    path = tmp_path / "a.jpg"
    path.touch()
    with pytest.raises(EmptyFileError, match="0 bytes"):
        load_image(path)


def test_folder(tmp_path):
    with pytest.raises(UnreadableFileError, match="folder"):
        load_image(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.jpg")
    with pytest.raises(UnreadableFileError, match="not an ordinary file"):
        load_image(tmp_path / "a.jpg")


def test_permission(tmp_path, monkeypatch):
    def refuse(*_args, **_options):
        raise PermissionError(13, "Permission denied")

    path = save_photo(tmp_path / "a.jpg")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(UnreadableFileError, match="permission"):
        load_image(path)


@pytest.mark.parametrize("name", ["a\0b.jpg", "a" * 5000])
def test_name_that_the_system_refuses(name):
    with pytest.raises(UnreadableFileError, match="cannot be opened"):
        load_image(name)


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_link_to_nothing(tmp_path):
    (tmp_path / "a.jpg").symlink_to("gone.jpg")
    with pytest.raises(MissingFileError, match="link to no such file"):
        load_image(tmp_path / "a.jpg")


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_link_to_itself(tmp_path):
    (tmp_path / "a.jpg").symlink_to("a.jpg")
    with pytest.raises(MissingFileError, match="link to no such file"):
        load_image(tmp_path / "a.jpg")


def test_disk_that_fails_while_the_file_is_open(tmp_path):
    path = save_photo(tmp_path / "a.jpg")
    with pytest.raises(UnreadableFileError, match="Input/output error") as caught, open_media(path):
        raise OSError(5, "Input/output error")
    assert caught.value.path == str(path)


def test_other_errors_pass(tmp_path):
    with pytest.raises(ValueError, match="mine"), open_media(save_photo(tmp_path / "a.jpg")):
        raise ValueError("mine")


def test_file_is_closed(tmp_path):
    with open_media(save_photo(tmp_path / "a.jpg")) as file:
        assert file.read(2) == b"\xff\xd8"
    assert file.closed
