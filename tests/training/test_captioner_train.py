"""Training from a folder of photos to a model that captions them, as a user runs it."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.makers import save_flickr8k

_COLOURS = {
    "red": (200, 30, 30),
    "green": (30, 180, 40),
    "blue": (40, 60, 210),
    "white": (250,) * 3,
}
_TINY = [
    "encoder.image_size=71", "decoder.units=32", "decoder.heads=4", "decoder.dropout=0.0",
    "max_words=6", "min_count=1", "ema=0.0", "label_smoothing=0.0", "learning_rate=0.01",
    "batch_size=8", "captions_per_image=2", "patience=100",
]  # fmt: skip
# Dev CIDEr where most colours are right: all of them have 5.0, one caption for all photos 1.6.
_MOSTLY_RIGHT = 3.5


# One process for the runs on TensorFlow that end by themselves: to import it takes longest.
_WORKER = """
import contextlib, io, json, sys
import training.export
from captioner.train import main

training.export.export_apart = lambda folder: None  # one run in a process of its own makes graphs
answers, sys.stdout = sys.stdout, sys.stderr
for line in sys.stdin:
    with contextlib.redirect_stderr(io.StringIO()) as said:
        try:
            code = main(json.loads(line))
        except SystemExit as exit_:
            code = exit_.code
    print(json.dumps([code, said.getvalue()]), file=answers, flush=True)
"""


@pytest.fixture(scope="module")
def train():
    """Trains on TensorFlow; gives the exit code and what was said on standard error."""
    with subprocess.Popen(
        [sys.executable, "-c", _WORKER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=_environment("tensorflow"),
    ) as worker:

        def train(*command_parts, more=()):
            words = [*_words(*command_parts), *map(str, more)]
            worker.stdin.write(json.dumps(words) + "\n")
            worker.stdin.flush()
            return json.loads(worker.stdout.readline())

        yield train
        worker.kill()  # what TensorFlow keeps takes longer to put away than a test


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> Path:
    """Flickr8k's layout: 32 training and 8 dev photos of plain, slightly noisy colours."""
    folder = tmp_path_factory.mktemp("photos")
    captions = ("A {} wall .", "The wall is {} .")
    return save_flickr8k(folder, _COLOURS, captions, train=32, dev=8)


@pytest.fixture(scope="module")
def trained(train, photos, tmp_path_factory) -> Path:
    """A captioner that knows the colours."""
    model = tmp_path_factory.mktemp("trained") / "model"
    code, said = train(photos, model, "epochs=8", "views=1")
    assert code == 0, said
    assert max(row["dev_cider"] for row in _history(model)) > _MOSTLY_RIGHT
    return model


def _words(photos: Path, output: Path, *settings: str) -> list[str]:
    options = [f"--set={setting}" for setting in (*_TINY, *settings)]
    places = ["--data", photos, "--output", output, "--cache", photos / "cache"]
    return [str(part) for part in (*places, "--encoder-weights=none", *options)]


def _command(photos: Path, output: Path, *settings: str) -> list[str]:
    return [sys.executable, "-m", "captioner.train", *_words(photos, output, *settings)]


def _environment(backend: str) -> dict[str, str]:
    return {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}


def _train(backend: str, *command_parts) -> subprocess.CompletedProcess[str]:
    command = _command(*command_parts)
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=_environment(backend)
    )


def _history(model: Path) -> list[dict[str, float]]:
    with (model / "training.csv").open() as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]


@pytest.mark.parametrize(
    ("backend", "settings"),
    [
        ("tensorflow", ["epochs=8", "train_from=block14", "encoder.output=block12+block14"]),
        ("torch", ["epochs=12", "encoder.output=block12+block13", "decoder.standardise=true"]),
    ],
)
def test_it_learns_to_tell_colours_apart(photos, tmp_path, backend, settings):
    model = tmp_path / "model"
    done = _train(backend, photos, model, *settings)
    assert done.returncode == 0, done.stderr
    history = _history(model)
    assert history[-1]["loss"] < 0.5 * history[0]["loss"]
    assert max(row["dev_cider"] for row in history) > _MOSTLY_RIGHT
    written = {path.name for path in model.iterdir()}
    assert {
        "config.json", "vocabulary.txt", "encoder.safetensors", "decoder.safetensors",
        "generation_config.json", "training.csv", "curves.png", "examples.html", "README.md",
        "run.json", "recipe.yaml", "memory.xml", "step.xml", "graphs.bin",
    } <= written  # fmt: skip

    scored = subprocess.run(
        [sys.executable, "-m", "captioner.evaluate", "--model", model, "--data", photos, "--json"],
        capture_output=True,
        text=True,
        check=True,
        env=_environment("openvino"),
    )
    rows = json.loads(scored.stdout)["captions"]
    right = [row["file_name"].split("_")[0] in row["text"].split() for row in rows]
    assert len(right) == 8
    assert sum(right) >= 7


def test_a_transformer_learns(train, photos, tmp_path):
    settings = ["epochs=2", "views=1", "decoder.name=transformer", "learning_rate=0.003"]
    code, said = train(photos, tmp_path / "model", *settings)
    assert code == 0, said
    first, second = _history(tmp_path / "model")
    assert second["loss"] < 0.9 * first["loss"]
    kept = json.loads((tmp_path / "model" / "config.json").read_text())
    assert kept["decoder"]["name"] == "transformer"


def test_a_killed_run_goes_on_where_it_stopped(train, photos, tmp_path):
    model = tmp_path / "model"
    command = _command(photos, model, "epochs=40", "decoder.name=lstm", "views=1")
    with subprocess.Popen(
        command, stderr=subprocess.DEVNULL, env=_environment("tensorflow")
    ) as run:
        deadline = time.monotonic() + 120
        while not (model / "training.csv").exists() or len(_history(model)) < 2:
            assert run.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        run.send_signal(signal.SIGKILL)
    before = _history(model)
    assert len(before) < 40
    epochs = len(before) + 3
    code, said = train(photos, model, f"epochs={epochs}", "decoder.name=lstm", "views=1")
    assert code == 0, said
    after = _history(model)
    assert after[: len(before)] == before
    assert [row["epoch"] for row in after[len(before) :]][-1] == epochs
    assert after[-1]["loss"] < after[0]["loss"]


def test_averaged_weights_are_what_is_scored_and_kept(train, photos, tmp_path):
    code, said = train(photos, tmp_path / "model", "epochs=12", "ema=0.8", "views=1")
    assert code == 0, said
    assert max(row["dev_cider"] for row in _history(tmp_path / "model")) > _MOSTLY_RIGHT


def test_self_critical_training_goes_on_from_a_model_and_after_a_stop(train, photos, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    code, said = train(photos, first, "epochs=3", "views=1")  # there is something left to learn
    assert code == 0, said
    settings = ["objective=self-critical", "learning_rate=0.002", "ema=0.5", "views=1"]
    for epochs in (2, 5):
        more = ("--start-from", first)
        code, said = train(photos, second, *settings, f"epochs={epochs}", more=more)
        assert code == 0, said
    rewards = [row["reward"] for row in _history(second)]
    assert len(rewards) == 5
    assert rewards[-1] > rewards[0]


def test_frames_of_clips_bring_a_style_and_new_words_to_a_trained_model(
    train, photos, trained, tmp_path
):
    second = tmp_path / "second"
    captions = ("Somebody paints something {} .", "Somebody is painting {} .")
    clips = save_flickr8k(tmp_path / "clips", _COLOURS, captions, train=32, dev=8)
    settings = ["epochs=8", "views=1", "new_words=true", "agreement=1.0", "max_words=7"]
    more = ["--start-from", trained, "--clips", clips]
    code, said = train(photos, second, *settings, more=more)
    assert code == 0, said
    best = max(_history(second), key=lambda row: row["dev_cider"])
    each = [best[f"dev_cider_{folder.name}"] for folder in (photos, clips)]
    assert best["dev_cider"] == pytest.approx(sum(each) / 2, rel=1e-4)
    assert min(each) > 2.0  # each style in its own words: those of the other have 0 in common
    known = (trained / "vocabulary.txt").read_text().split()
    words = (second / "vocabulary.txt").read_text().split()
    assert words[: len(known)] == known
    assert words[-1] == "<clip>"
    assert "somebody" in words[len(known) :]


def test_teachers_alone_can_teach(train, photos, trained, tmp_path):
    student = tmp_path / "student"
    wrong = _wrongly_captioned(photos, tmp_path / "wrong")
    settings = ["epochs=12", "views=1", "distill_weight=1.0"]
    code, said = train(wrong, student, *settings, more=["--teacher", trained] * 2)
    assert code == 0, said
    # The captions that it was given say nothing of the photos; the dev photos' are right.
    assert max(row["dev_cider"] for row in _history(student)) > _MOSTLY_RIGHT


def test_a_teacher_whose_encoder_was_trained_teaches(train, photos, tmp_path):
    teacher, student = tmp_path / "teacher", tmp_path / "student"
    settings = ["views=1", "train_from=block14", "encoder.output=block12+block14"]
    code, said = train(photos, teacher, "epochs=1", *settings)
    assert code == 0, said
    settings += ["epochs=2", "distill_weight=1.0"]
    code, said = train(photos, student, *settings, more=["--teacher", teacher])
    assert code == 0, said
    first, second = _history(student)
    assert second["loss"] < first["loss"]


def _wrongly_captioned(photos: Path, folder: Path) -> Path:
    """The photos, with training captions that belong to another."""
    shutil.copytree(photos, folder, ignore=shutil.ignore_patterns("cache"))
    file = folder / "Flickr8k.token.txt"
    lines = [line.split("\t") for line in file.read_text().splitlines()]
    training, dev = lines[:64], lines[64:]
    texts = [text for _, text in training]
    moved = texts[2:] + texts[:2]  # two captions a photo, and the next photo has another colour
    mixed = [[name, text] for (name, _), text in zip(training, moved, strict=True)]
    file.write_text("".join(f"{name}\t{text}\n" for name, text in mixed + dev))
    return folder


def test_a_teacher_of_another_kind_is_refused(train, photos, trained, tmp_path):
    for setting, message in (
        ("min_count=20", "it has another vocabulary"),
        ("seed=2", "its encoder has other weights"),
    ):
        student = photos, tmp_path / "student", "epochs=1", "views=1", setting
        code, said = train(*student, more=("--teacher", trained))
        assert code == 2
        assert f"{trained} cannot teach: {message}" in said


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["epoch=3"], "unknown setting epoch"),
        (["decoder.name=gru"], "known: attention-lstm, lstm, transformer"),
        (["encoder.output=block15"], "known: block1, block2"),
    ],
)
def test_a_wrong_setting_is_refused_without_a_trace(train, photos, tmp_path, settings, message):
    code, said = train(photos, tmp_path / "model", *settings)
    assert code == 2
    assert message in said


def test_missing_data_is_named_and_no_library_speaks_before(tmp_path):
    environment = _environment("tensorflow")
    del environment["TF_CPP_MIN_LOG_LEVEL"]
    command = _command(tmp_path / "nowhere", tmp_path / "model")
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("captioner.train: ")
    assert "nowhere" in line
