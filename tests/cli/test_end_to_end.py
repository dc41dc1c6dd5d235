"""The command as a user runs it: a process of its own, the models that ship, no network."""

import csv
import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import skimage
from PIL import Image

from tests.makers import save_animation, save_photo, save_video

ROOT = Path(__file__).parents[2]
EXAMPLES = Path(skimage.__file__).parent / "data"
SENTENCE = re.compile(r"[a-z][a-z' -]+[a-z]")


def run(*arguments, program=("-m", "captioner")):
    """Run the command without the settings of whoever runs the tests, and without a hub."""
    settings = {key: value for key, value in os.environ.items() if key != "KERAS_BACKEND"}
    settings["HF_HUB_OFFLINE"] = "1"
    command = [sys.executable, *program, *map(os.fspath, arguments)]
    return subprocess.run(
        command, cwd=ROOT, env=settings, capture_output=True, text=True, check=False, timeout=300
    )


def picture(name):
    with Image.open(EXAMPLES / name) as image:
        return np.asarray(image.convert("RGB").resize((320, 240)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two photos, a GIF and a video of both, and a file that is none of these."""
    folder = tmp_path_factory.mktemp("inputs")
    cat, coffee = picture("chelsea.png"), picture("coffee.png")
    save_photo(folder / "cat.jpg", cat)
    save_photo(folder / "sub" / "coffee.png", coffee)
    save_animation(folder / "both.gif", [cat, coffee], [400, 600])
    save_video(folder / "both.mp4", [cat] * 10 + [coffee] * 10, fps=10)
    (folder / "broken.jpg").write_text("no picture")
    return folder


@pytest.fixture(scope="module")
def rows(folder, tmp_path_factory):
    """The rows of the whole folder, as JSON Lines gives them."""
    output = tmp_path_factory.mktemp("outputs") / "captions.jsonl"
    done = run("-r", folder, "-o", output)
    assert done.returncode == 1, done.stderr
    assert f"{folder}/broken.jpg: " in done.stderr
    assert "captioned 4, failed 1, in " in done.stderr
    return [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]


def test_a_folder_becomes_rows_in_order(rows):
    assert [(row["file_name"], row["kind"], row["status"]) for row in rows] == [
        ("both.gif", "animation", "ok"),
        ("both.mp4", "video", "ok"),
        ("broken.jpg", None, "error"),
        ("cat.jpg", "image", "ok"),
        ("sub/coffee.png", "image", "ok"),
    ]


def test_every_caption_is_a_short_sentence_with_a_score(rows):
    for row in rows:
        if row["status"] == "ok":
            assert SENTENCE.fullmatch(row["text"])
            assert 3 <= len(row["text"].split()) <= 30
            assert row["score"] < 0


def test_the_same_command_finds_nothing_left_to_do_and_loads_no_model(folder, tmp_path):
    program = (
        "import sys; from captioner.cli.main import main; code = main(sys.argv[1:]);"
        "print(*{'keras', 'openvino', 'cv2'} & set(sys.modules)); sys.exit(code)"
    )
    arguments = folder / "cat.jpg", "-o", tmp_path / "captions.csv", "--sidecar", "json"
    assert run(*arguments).returncode == 0
    before = (tmp_path / "captions.csv").read_bytes()
    done = run(*arguments, program=("-c", program))
    assert (done.returncode, done.stdout) == (0, "\n")
    assert done.stderr == "captioner: nothing to do: 1 file already captioned\n"
    assert (tmp_path / "captions.csv").read_bytes() == before


def test_different_pictures_get_different_captions(rows):
    assert rows[3]["text"] != rows[4]["text"]


def test_the_rows_name_the_models_that_ship(rows):
    for row in rows:
        if row["status"] == "ok":
            assert (ROOT / "captioner" / "pretrained" / row["model"] / "config.json").is_file()
            clip = row["kind"] in ("animation", "video")
            assert row["model"].startswith("clips" if clip else "flickr8k")
        assert row["summarizer"] is None


def test_the_frames_of_a_clip_cover_it(rows):
    gif, video = rows[0], rows[1]
    assert [(frame["start"], frame["end"]) for frame in gif["frames"]] == [(0.0, 0.4), (0.4, 1.0)]
    assert video["frames"][0]["start"] == 0.0
    assert video["frames"][-1]["end"] == pytest.approx(2.0, abs=0.11)
    for frame in gif["frames"] + video["frames"]:
        assert SENTENCE.fullmatch(frame["text"])


def test_a_picture_is_captioned_alike_alone_and_in_a_folder(folder, rows):
    done = run(folder / "cat.jpg")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{folder}/cat.jpg: {rows[3]['text']}\n"


def test_the_front_door_says_the_same_as_the_command(folder, rows):
    program = (
        "import sys; from captioner.runtime.backend import choose_backend; choose_backend();"
        "from captioner import load_captioner; print(load_captioner().caption(sys.argv[1]).text)"
    )
    done = run(folder / "cat.jpg", program=("-c", program))
    assert done.stdout.strip() == rows[3]["text"], done.stderr


def test_csv_holds_the_same_rows(folder, rows, tmp_path):
    output = tmp_path / "captions.csv"
    assert run("-r", folder, "-o", output).returncode == 1
    with output.open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["text"] or None for row in table] == [row["text"] for row in rows]
    assert json.loads(table[0]["frames"]) == rows[0]["frames"]


def test_the_options_of_the_search_and_of_clips_work(folder):
    done = run(folder / "both.mp4", "--max-frames", "1", "--beams", "1", "-o", "-")
    assert done.returncode == 0, done.stderr
    row = json.loads(done.stdout)
    assert (len(row["frames"]), row["summarizer"]) == (1, None)
    assert row["text"] == row["frames"][0]["text"]


def test_the_summarizer_can_be_chosen(folder):
    done = run(folder / "both.gif", "--summarizer", "consensus", "-o", "-")
    assert done.returncode == 0, done.stderr
    row = json.loads(done.stdout)
    assert row["summarizer"] == "consensus"
    assert row["text"] in [frame["text"] for frame in row["frames"]]


@pytest.mark.parametrize("option", ["--model", "--summarizer"])
def test_an_unknown_model_is_wrong_use_and_the_known_ones_are_listed(folder, option):
    done = run(folder / "both.gif", option, "no-such-model")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no-such-model" in done.stderr
    assert ("fusion-bart" if option == "--summarizer" else "flickr8k") in done.stderr
    assert "Traceback" not in done.stderr


def heavy_imports(path):
    program = (
        "import sys; from captioner.cli.main import main; code = main(sys.argv[1:]);"
        "print(*{'torch', 'transformers', 'tensorflow', 'gradio'} & set(sys.modules));"
        "sys.exit(code)"
    )
    done = run(path, program=("-c", program))
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


def test_photos_alone_import_neither_stage_two_nor_the_web_page(folder):
    loaded = heavy_imports(folder / "cat.jpg")
    assert loaded <= (set() if find_spec("openvino") else {"tensorflow"})


@pytest.mark.skipif(not find_spec("openvino"), reason="the summarizer then needs PyTorch")
def test_clips_import_no_pytorch_either(folder):
    heavy_imports(folder / "both.gif")  # makes the graphs, where no run has
    assert heavy_imports(folder / "both.gif") == set()


NOBODY = """
import os, pwd, runpy, sys

def unknown(number):
    raise KeyError(number)

pwd.getpwuid = unknown  # as in a container that runs under any number
sys.argv[0] = "captioner"
runpy.run_module("captioner", run_name="__main__", alter_sys=True)
"""


def test_a_user_without_home_and_name_needs_no_cache(folder, monkeypatch):
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "USER", "LOGNAME"):
        monkeypatch.delenv(name, raising=False)
    done = run(folder / "cat.jpg", program=("-c", NOBODY))
    assert done.returncode == 0, done.stderr
    assert SENTENCE.search(done.stdout)
    assert done.stderr == ""
