import os
import stat

import pytest

from captioner.writers.files import replacing, sweep, write_text


def skip_if_writable(path):
    if os.access(path, os.W_OK):
        pytest.skip("who may write everywhere, as root may, cannot test this")


def test_a_file_appears_whole(tmp_path):
    path = tmp_path / "out.txt"
    with replacing(path) as new:
        new.write_text("half")
        assert not path.exists()
        new.write_text("whole")
    assert path.read_text() == "whole"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "out.txt"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), replacing(path) as new:
        new.write_text("half")
        raise ZeroDivisionError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_permissions_stay(tmp_path):
    path = tmp_path / "out.txt"
    path.touch()
    path.chmod(0o640)
    write_text(path, "new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_new_file_has_the_usual_permissions(tmp_path):
    (tmp_path / "usual").touch()
    write_text(tmp_path / "out.txt", "new")
    assert (tmp_path / "out.txt").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_link_stays_a_link(tmp_path):
    target, link = tmp_path / "target.txt", tmp_path / "folder" / "link.txt"
    link.parent.mkdir()
    target.write_text("old")
    link.symlink_to(target)
    write_text(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert list(link.parent.iterdir()) == [link]


def test_line_ends_are_written_as_they_are(tmp_path):
    write_text(tmp_path / "out.txt", "a\nb\r\nc")
    assert (tmp_path / "out.txt").read_bytes() == b"a\nb\r\nc"


def test_the_longest_names_are_no_trouble(tmp_path):
    path = tmp_path / ("n" * 251 + ".txt")
    write_text(path, "new")
    assert path.read_text() == "new"


@pytest.mark.parametrize("name", ["missing/out.txt", "n" * 300])
def test_an_error_names_the_file_that_was_asked_for(tmp_path, name):
    with pytest.raises(OSError) as caught:
        write_text(tmp_path / name, "new")
    assert caught.value.filename == str(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_names_the_file(tmp_path):
    with pytest.raises(OSError, match=r"No space left.*out\.txt"), replacing(tmp_path / "out.txt"):
        raise OSError(28, "No space left on device")


def test_a_folder_in_its_place_is_not_replaced(tmp_path):
    (tmp_path / "out.txt").mkdir()
    with pytest.raises(OSError, match=r"out\.txt"):
        write_text(tmp_path / "out.txt", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["out.txt"]


def test_a_read_only_file_stays_as_it_is(tmp_path):
    path = tmp_path / "out.txt"
    path.write_text("old")
    path.chmod(0o444)
    skip_if_writable(path)
    with pytest.raises(PermissionError) as caught:
        write_text(path, "new")
    assert caught.value.filename == str(path)
    assert path.read_text() == "old"


def test_a_read_only_folder_names_the_file(tmp_path):
    tmp_path.chmod(0o555)
    skip_if_writable(tmp_path)
    with pytest.raises(PermissionError) as caught:
        write_text(tmp_path / "out.txt", "new")
    tmp_path.chmod(0o755)
    assert caught.value.filename == str(tmp_path / "out.txt")


def test_what_killed_runs_left_is_removed_a_day_after(tmp_path):
    old, new = tmp_path / ".captionloom-0123456789ab.part", tmp_path / ".captionloom-1.part"
    others = [tmp_path / ".captionloom-1.txt", tmp_path / "a.part", new]
    for path in (old, *others):
        path.touch()
        os.utime(path, (0, 0))
    new.touch()
    sweep(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(others)
    sweep(tmp_path / "nowhere")
