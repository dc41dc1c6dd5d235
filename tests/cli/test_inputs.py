"""Which inputs a command line names, and what ``--dry-run`` counts."""

import io
import os
import sys

import pytest

from tests.cli.program import RED
from tests.fakes import save_color
from tests.makers import plain, save_animation, save_video


def names(out):
    return [os.path.basename(line.split(": ")[0]) for line in out.splitlines()]  # noqa: PTH119


def test_a_list_from_a_file(run, photos, tmp_path):
    listed = tmp_path / "list.txt"
    listed.write_text(f"{photos}/red.png\n\n{tmp_path}/none.png\r\n{photos}\n")
    code, out, err = run("--files-from", listed)
    assert code == 1
    assert names(out) == ["red.png", "blue.png", "green.png"]
    assert f"{tmp_path}/none.png: there is no such file" in err


@pytest.mark.parametrize("null", [False, True])
def test_a_list_from_standard_input(run, photos, monkeypatch, null):
    end = b"\0" if null else b"\n"
    data = b"".join(os.fsencode(photos / name) + end for name in ("red.png", "green.png"))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    arguments = [photos / "blue.png", "--files-from", "-", *(["--null"] if null else [])]
    code, out, _ = run(*arguments)
    assert (code, names(out)) == (0, ["blue.png", "red.png", "green.png"])


def test_an_empty_list_says_so(run, loaders, tmp_path):
    (tmp_path / "list.txt").write_text("\n\n")
    code, out, err = run("--files-from", tmp_path / "list.txt")
    assert (code, out, loaders.calls) == (2, "", [])
    assert "list.txt: the list names no file" in err


def test_a_list_that_cannot_be_read_is_refused(run, loaders, tmp_path, monkeypatch):
    (tmp_path / "list.txt").touch()

    def refuse(name, **settings):
        raise PermissionError(13, "Permission denied", name)

    monkeypatch.setattr("captioner.batch.listing.read_list", refuse)
    code, _, err = run("--files-from", tmp_path / "list.txt")
    assert (code, loaders.calls) == (2, [])
    assert "list.txt: Permission denied" in err


def test_patterns_that_no_shell_expanded(run, photos, tmp_path):
    assert names(run(f"{photos}/*e*.png")[1]) == ["blue.png", "green.png", "red.png"]
    assert names(run("-r", f"{tmp_path}/**/r*.png")[1]) == ["red.png"]
    code, out, err = run(f"{photos}/*.gif")
    assert (code, out) == (2, "")
    assert "*.gif: nothing matches this pattern" in err


def test_hidden_files_are_taken_on_request(run, photos):
    save_color(photos / ".hidden.png", RED)
    assert len(run(photos)[1].splitlines()) == 3
    assert names(run(photos, "--hidden")[1])[0] == ".hidden.png"


def test_what_a_run_writes_is_no_input_of_the_next(run, photos):
    for options in ("-o metadata.csv", "-o a.tar", "-o a.parquet --existing append"):
        words = options.split()
        words[1] = os.fspath(photos / words[1])
        assert run("-r", photos, "--hidden", "--sidecar", "txt,json,xmp", *words)[0] == 0
    (photos / "metadata.csv.1234abcd.part").touch()
    assert names(run("-r", photos, "--hidden")[1]) == ["blue.png", "green.png", "red.png"]


# === Dry runs ===


def test_a_dry_run_counts_and_does_nothing(run, loaders, photos):
    save_animation(photos / "a.gif", [plain(RED), plain((0, 0, 0))])
    save_video(photos / "b.avi", [plain(RED)] * 3)
    before = sorted(photos.iterdir())
    code, out, err = run(photos, "--sidecar", "txt", "-o", photos / "out.csv", "--dry-run")
    assert (code, err, loaders.calls) == (0, "", [])
    assert out.splitlines() == [
        "found 5 files, by their names 3 pictures, 1 animation, 1 video",
        "to caption: 5",
        "already captioned: 0",
    ]
    assert sorted(photos.iterdir()) == before


def test_a_dry_run_counts_what_an_earlier_run_has_done(run, photos, tmp_path):
    output = tmp_path / "out.jsonl"
    (photos / "green.png").write_bytes(b"")
    run(photos, "-o", output)
    save_color(photos / "new.png", RED)
    arguments = photos, "-o", output, "--dry-run"
    assert run(*arguments)[1].splitlines()[1:] == [
        "to caption: 1",
        "already captioned: 2",
        "failed in an earlier run: 1 (--retry-failed takes them up)",
    ]
    assert "to caption: 2\nalready captioned: 2\n" in run(*arguments, "--retry-failed")[1]
    assert "to caption: 4\n" in run(*arguments, "--existing", "append")[1]
    assert "to caption: 4\n" in run(*arguments, "--existing", "overwrite")[1]


def test_a_dry_run_knows_what_has_no_subtitles(run, photos):
    _, out, _ = run(photos, "--sidecar", "vtt", "--dry-run")
    assert out.splitlines()[1:] == [
        "to caption: 0",
        "already captioned: 0",
        "not moving, and so without subtitles: 3",
    ]


def test_a_dry_run_that_finds_nothing_is_two(run, tmp_path):
    code, out, err = run(tmp_path, "--dry-run")
    assert (code, out) == (2, "")
    assert f"{tmp_path}: no picture and no clip in this folder" in err


def test_a_dry_run_does_not_wait_for_another_run(run, photos, tmp_path):
    from captioner.outputs.locking import locked

    with locked(tmp_path / "out.csv"):
        assert run(photos, "-o", tmp_path / "out.csv", "--dry-run")[0] == 0
