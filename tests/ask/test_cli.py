import csv
import json
import os
import subprocess
import sys

import pytest

from captioner.cli.ask import main, spoken
from captioner.types import Answer, FrameUsed
from tests.fakes import FakeAnswerer
from tests.makers import plain, save_animation, save_photo


@pytest.fixture
def photo(tmp_path):
    return save_photo(tmp_path / "a.png", plain((200, 0, 0)))


@pytest.fixture
def gif(tmp_path):
    return save_animation(tmp_path / "b.gif", [plain((9, 9, 9)), plain((200, 0, 0))], [500, 500])


def ask(*words):
    return main([str(word) for word in words], load=lambda model, **settings: FakeAnswerer())


def test_one_question_one_line(photo, capsys):
    assert ask(photo, "what is it?") == 0
    assert capsys.readouterr().out == "1 frame (50 %)\n"


def test_several_questions_name_theirs_and_clips_their_moments(gif, tmp_path, capsys):
    listed = tmp_path / "q.txt"
    listed.write_text("is it red?\n\n")
    assert ask(gif, "what is it?", "--questions", listed) == 0
    assert capsys.readouterr().out.splitlines() == [
        "what is it? 2 frames (50 %, from 0.0 to 0.5 s, 0.5 to 1.0 s)",
        "is it red? 2 frames (50 %, from 0.0 to 0.5 s, 0.5 to 1.0 s)",
    ]


def test_json_has_the_frames(gif, capsys):
    assert ask(gif, "what is it?", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["answer"] == "2 frames" and said["told"] is True
    assert said["frames"][0] == {"start": 0.0, "end": 0.5, "share": 0.5}


def test_a_guess_is_said_where_it_cannot_tell():
    frames = (FrameUsed(0.0, 0.0, 1.0),)
    answer = Answer("q?", "I cannot tell", 0.1, frames, (("dog", 0.1),), told=False, right=0.2)
    assert spoken(answer) == "I cannot tell (right in 20 of 100 such cases; a guess: dog)"


def test_a_broken_file_is_named(tmp_path, capsys):
    (tmp_path / "a.png").write_bytes(b"nothing")
    assert ask(tmp_path / "a.png", "what is it?") == 2
    assert "a.png" in capsys.readouterr().err


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_folder_is_asked_file_by_file_and_gone_on_with(photo, gif, tmp_path, suffix):
    (tmp_path / "c.png").write_bytes(b"nothing")
    output = tmp_path / f"answers{suffix}"
    assert ask("--batch", tmp_path, "what is it?", "-o", output) == 1
    with output.open("ab") as file:
        file.write(b"torn")
    assert ask("--batch", tmp_path, "what is it?", "-o", output) == 1
    with output.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file)) if suffix == ".csv" else [*map(json.loads, file)]
    found = [(row["file_name"], row["answer"] or None, row["status"]) for row in rows]
    assert found == [
        ("a.png", "1 frame", "ok"),
        ("b.gif", "2 frames", "ok"),
        ("c.png", None, "error"),
        ("c.png", None, "error"),
    ]


def test_another_programs_file_is_left_alone(photo, tmp_path, capsys):
    output = tmp_path / "mine.jsonl"
    output.write_text('{"other": 1}\n')
    assert ask("--batch", tmp_path, "what is it?", "-o", output) == 2
    assert output.read_text() == '{"other": 1}\n' and "columns" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["{photo}"], "at least one question"),
        (["{photo}", "?"], "has no word"),
        (["{folder}", "what?"], "add --batch"),
        (["{photo}", "what?", "-o", "a.csv"], "add --batch"),
        (["{folder}", "what?", "--batch", "-o", "a.txt"], "the suffix picks the format"),
        (["{photo}", "--questions", "{folder}/no.txt"], "cannot be read"),
    ],
)
def test_a_wrong_command_line_says_what_to_do(photo, words, said, capsys):
    filled = [word.format(photo=photo, folder=photo.parent) for word in words]
    with pytest.raises(SystemExit) as stop:
        ask(*filled)
    assert stop.value.code == 2 and said in capsys.readouterr().err


def test_an_unknown_model_is_named(photo, capsys):
    assert main([str(photo), "what?", "--model", "nothing-like-this"]) == 2
    assert "nothing-like-this" in capsys.readouterr().err


def test_help_needs_nothing_heavy():
    command = [sys.executable, "-X", "importtime", "-m", "captioner.ask", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ})
    assert "--batch" in done.stdout
    loaded = {line.split("|")[-1].strip() for line in done.stderr.splitlines()}
    assert not loaded & {"numpy", "openvino", "keras", "torch", "cv2"}
