"""Which input a sidecar belongs to, whatever comes into its folder and goes; and what is none."""

import json
import os
import stat
import time

import pytest

from tests.cli.program import BLUE, GREEN, RED, Saying
from tests.fakes import Loaders, caption_of, save_color
from tests.makers import plain, save_animation


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "folder"
    save_color(folder / "photo.png", RED)
    return folder


def arrive(path):
    """A clip of two colours comes into a folder, later than what is there."""
    time.sleep(0.05)  # the clock of a file system can be as coarse as a hundredth of a second
    return save_animation(path, [plain(BLUE), plain(GREEN)])


def made(folder, suffix):
    return {path.name for path in folder.glob(f"*{suffix}")}


@pytest.mark.parametrize("kind", ["txt", "json", "xmp-stem"])
def test_what_is_there_keeps_its_owner(run, folder, kind):
    suffix = "." + kind.partition("-")[0]
    run(folder, "--sidecar", kind)
    content = (folder / f"photo{suffix}").read_text()
    clip = arrive(folder / "photo.gif")
    code, _, err = run(folder, "--sidecar", kind)
    assert (code, "captioned 1, failed 0, skipped 1" in err) == (0, True)
    assert made(folder, suffix) == {f"photo{suffix}", f"photo.gif{suffix}"}
    assert (folder / f"photo{suffix}").read_text() == content
    assert "nothing to do: 2 files" in run(folder, "--sidecar", kind)[2]
    clip.unlink()
    assert "nothing to do: 1 file" in run(folder, "--sidecar", kind)[2]


@pytest.mark.parametrize("existing", ["overwrite", "append", "prepend"])
def test_captions_that_are_joined_stay_with_their_owners(run, folder, existing):
    run(folder, "--sidecar", "txt")
    arrive(folder / "photo.gif")
    run(folder, "--sidecar", "txt")
    load = Loaders(Saying("new"))
    assert run(folder, "--sidecar", "txt", "--existing", existing, load=load)[0] == 0
    assert made(folder, ".txt") == {"photo.txt", "photo.gif.txt"}
    assert caption_of(RED) in (folder / "photo.txt").read_text()
    assert caption_of(BLUE) in (folder / "photo.gif.txt").read_text()
    assert all("new" in path.read_text() for path in folder.glob("*.txt"))


@pytest.mark.parametrize("existing", ["overwrite", "append", "prepend"])
def test_the_newcomer_takes_the_long_name_at_once(run, folder, existing):
    run(folder, "--sidecar", "txt")
    arrive(folder / "photo.gif")
    assert run(folder, "--sidecar", "txt", "--existing", existing)[0] == 0
    assert made(folder, ".txt") == {"photo.txt", "photo.gif.txt"}
    assert caption_of(RED) in (folder / "photo.txt").read_text()
    assert caption_of(BLUE) in (folder / "photo.gif.txt").read_text()


def test_a_row_says_whose_it_is(run, folder):
    run(folder, "--sidecar", "json")
    arrive(folder / "photo.gif")
    time.sleep(0.05)
    (folder / "photo.png").chmod(0o640)  # as if it were the newcomer
    assert "captioned 1, failed 0, skipped 1" in run(folder, "--sidecar", "json")[2]
    rows = {path.name: json.loads(path.read_text()) for path in folder.glob("*.json")}
    assert {name: row["file_name"] for name, row in rows.items()} == {
        "photo.json": "photo.png",
        "photo.gif.json": "photo.gif",
    }


def test_two_that_came_together_have_their_whole_names_and_keep_them(run, folder):
    clip = arrive(folder / "photo.gif")
    run(folder, "--sidecar", "txt")
    assert made(folder, ".txt") == {"photo.png.txt", "photo.gif.txt"}
    clip.unlink()
    assert "nothing to do: 1 file" in run(folder, "--sidecar", "txt")[2]


def test_a_still_picture_takes_no_subtitles_away(run, tmp_path):
    arrive(tmp_path / "clip.gif")
    run(tmp_path, "--sidecar", "vtt")
    time.sleep(0.05)
    save_color(tmp_path / "clip.jpg", RED)
    (tmp_path / "clip.gif").chmod(0o640)
    assert "nothing to do: 1 file" in run(tmp_path, "--sidecar", "vtt")[2]
    assert made(tmp_path, ".vtt") == {"clip.vtt"}


@pytest.mark.parametrize(
    ("kind", "theirs", "ours"),
    [("json", "photo.png.json", "photo.json"), ("xmp-stem", "photo.png.xmp", "photo.xmp")],
)
def test_whole_names_of_other_programs_are_theirs(run, folder, kind, theirs, ours):
    (folder / theirs).write_text('{"title": "photo"}')
    assert run(folder, "--sidecar", kind)[0] == 0
    assert (folder / ours).is_file()
    assert (folder / theirs).read_text() == '{"title": "photo"}'


def test_a_name_within_a_name_is_not_taken_for_the_other_s(run, folder):
    save_color(folder / "photo.png.png", BLUE)  # whose photo.png.txt is no sidecar of photo.png
    run(folder, "--sidecar", "txt")
    (folder / "photo.txt").unlink()
    assert "captioned 1, failed 0, skipped 1" in run(folder, "--sidecar", "txt")[2]
    assert (folder / "photo.txt").read_text() == f"{caption_of(RED)}\n"


# === What is no sidecar ===


def make_pipe(path):
    os.mkfifo(path)


def make_device(path):
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3))  # as /dev/null
    except PermissionError:
        pytest.skip("only root makes devices")


def link(make):
    def make_link(path):
        make(path.parent.parent / "target")
        path.symlink_to(path.parent.parent / "target")

    return make_link


def make_nothing(path):
    pass


ODD = {
    "pipe": (make_pipe, "is no ordinary file"),
    "device": (make_device, "is no ordinary file"),
    "link to a pipe": (link(make_pipe), "is no ordinary file"),
    "link to a device": (link(make_device), "is no ordinary file"),
    "link to nothing": (link(make_nothing), "is a link to no such file"),
    "folder": (os.mkdir, "cannot be written (Is a directory)"),
}


def written(status):
    """What changes with a file, but not by a look at it."""
    return status.st_mode, status.st_ino, status.st_rdev, status.st_size, status.st_mtime_ns


@pytest.mark.parametrize("existing", ["skip", "overwrite", "append"])
@pytest.mark.parametrize("name", ODD)
def test_what_is_no_regular_file_is_left_as_it_is(run, photos, name, existing):
    make, reason = ODD[name]
    kinds = {
        "green.txt": "txt",
        "green.json": "json",
        "green.png.xmp": "xmp",
        "green.xmp": "xmp-stem",
    }
    kinds = dict(list(kinds.items())[:1]) if name.startswith("link") else kinds
    for odd in kinds:
        make(photos / odd)
    before = {path: written(path.lstat()) for path in photos.iterdir() if path.name in kinds}
    targets = {path: written(path.stat()) for path in photos.parent.glob("target")}
    options = "--sidecar", ",".join(kinds.values()), "--existing", existing
    code, _, err = run(photos, *options)
    assert code == 1
    for odd in kinds:
        assert f"{photos}/green.png: {odd} {reason}" in err
    assert {path: written(path.lstat()) for path in before} == before
    assert {path: written(path.stat()) for path in photos.parent.glob("target")} == targets
    assert (photos / "red.txt").read_text() == f"{caption_of(RED)}\n"


def test_a_link_to_a_file_stays_a_link(run, photos, tmp_path):
    target = tmp_path / "captions of green.txt"
    target.write_text("by hand\n")
    (photos / "green.txt").symlink_to(target)
    assert run(photos, "--sidecar", "txt", "--existing", "append")[0] == 0
    assert (photos / "green.txt").is_symlink()
    assert target.read_text() == f"by hand {caption_of(GREEN)}\n"


def test_a_file_too_large_for_a_sidecar_is_left_as_it_is(run, photos):
    with (photos / "green.txt").open("wb") as file:
        file.truncate(1 << 36)  # without taking the room
    code, _, err = run(photos, "--sidecar", "txt", "--existing", "append")
    assert code == 1
    assert f"{photos}/green.png: green.txt is larger than 64 MB, and is left as it is" in err
    assert (photos / "green.txt").stat().st_size == 1 << 36


def test_a_pipe_in_place_of_a_journal_is_refused(run, photos, tmp_path):
    output = tmp_path / "out.parquet"
    os.mkfifo(f"{output}.part")
    code, _, err = run(photos, "-o", output)
    assert (code, "out.parquet.part: is no ordinary file" in err) == (2, True)
