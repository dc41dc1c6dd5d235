import csv
import json
import logging
import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.program import BLUE, GREEN, RED, ROOT, command
from tests.fakes import Loaders, caption_of, save_color
from tests.makers import plain, save_animation, save_video


def test_it_prints_a_line_for_each_picture(run, photos):
    code, out, _ = run(photos / "red.png", photos / "blue.png")
    assert code == 0
    assert out.splitlines() == [
        f"{photos}/red.png: {caption_of(RED)}",
        f"{photos}/blue.png: {caption_of(BLUE)}",
    ]


def test_one_picture_that_works_says_nothing_else(run, photos):
    assert run(photos / "red.png") == (0, f"{photos}/red.png: {caption_of(RED)}\n", "")


def test_folders_pictures_and_clips_mix(run, photos, tmp_path):
    gif = save_animation(tmp_path / "a.gif", [plain(RED), plain(BLUE)])
    video = save_video(tmp_path / "v.avi", [plain(GREEN)] * 5)
    code, out, err = run(gif, photos, video)
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == f"{gif}: {caption_of(RED)} then {caption_of(BLUE)}"
    assert [line.split(": ")[0] for line in lines[1:4]] == [
        f"{photos}/{name}.png" for name in ("blue", "green", "red")
    ]
    assert lines[4].startswith(f"{video}: ")
    assert "captioned 5, failed 0, in " in err


def test_json_lines_on_standard_output(run, photos):
    code, out, _ = run(photos, "-o", "-")
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [row["file_name"] for row in rows] == ["blue.png", "green.png", "red.png"]
    assert rows[0]["text"] == caption_of(BLUE)


@pytest.mark.parametrize("name", ["captions.jsonl", "captions.JSONL", "captions.csv"])
def test_a_combined_file(run, photos, tmp_path, name):
    (photos / "broken.jpg").write_text("no picture")
    code, out, err = run("-o", tmp_path / name, photos)
    assert (code, out) == (1, "")
    with (tmp_path / name).open(encoding="utf-8", newline="") as file:
        is_csv = name.endswith("csv")
        rows = list(csv.DictReader(file)) if is_csv else [json.loads(line) for line in file]
    assert [(row["file_name"], row["status"]) for row in rows] == [
        ("blue.png", "ok"),
        ("broken.jpg", "error"),
        ("green.png", "ok"),
        ("red.png", "ok"),
    ]
    assert f"{photos}/broken.jpg: " in err


def test_options_may_stand_between_inputs(run, photos):
    code, out, _ = run(photos / "red.png", "-o", "-", photos / "blue.png")
    assert (code, len(out.splitlines())) == (0, 2)


def test_names_that_begin_with_a_dash_follow_two_dashes(run, tmp_path, monkeypatch):
    for name in ("-r", "--output", "b.png"):
        save_color(tmp_path / "a.png", RED).rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    for arguments in (["--", "-r", "--output", "b.png"], ["b.png", "--", "-r", "--output"]):
        code, out, _ = run(*arguments)
        assert code == 0
        assert {line.split(": ")[0] for line in out.splitlines()} == {"-r", "--output", "b.png"}


@pytest.mark.parametrize("name", [b"caf\xe9.png", "雪 犬.png".encode(), b"two\nlines.png"])
@pytest.mark.parametrize("output", [None, "-", "out.jsonl", "out.csv"])
def test_odd_names_never_stop_a_run(tmp_path, name, output):
    save_color(tmp_path / "a.png", RED)
    (tmp_path / "a.png").rename(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    target = output if output in (None, "-") else str(tmp_path / output)
    done = subprocess.run(
        command(tmp_path, *([] if target is None else ["-o", target])),
        cwd=ROOT,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert (done.returncode, done.stderr) == (0, b"")
    if output is not None:
        text = (done.stdout if output == "-" else Path(target).read_bytes()).decode("utf-8")
        shown = name.decode("utf-8", "backslashreplace")
        names = (
            [row["file_name"] for row in csv.DictReader(text.splitlines(keepends=True))]
            if output == "out.csv"
            else [json.loads(text)["file_name"]]
        )
        assert names == [shown]


def test_what_a_model_remarks_is_said_once_and_in_one_line(run, photos):
    class Remarking(Loaders):
        def load_captioner(self, model, **settings):
            logging.getLogger("captionloom").warning("there is no cache\n(%s)", "no home")
            return super().load_captioner(model, **settings)

    code, out, err = run(photos, load=Remarking())
    assert (code, out.count("\n")) == (0, 3)
    assert err.count("captioner: there is no cache\\n(no home)\n") == 1
    assert logging.getLogger("captionloom").handlers == []
