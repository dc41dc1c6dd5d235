"""Training a clip network from a folder of clips, as a user runs it."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from captioner.models.clip_model_frames import spread
from captioner.models.folder import PRETRAINED

_TINY = [
    "features=efficientnet-lite2:mean+efficientnet-lite2:grid2", "components=8", "frames=6",
    "temporal.units=16", "temporal.heads=2", "decoder.units=16", "decoder.heads=2",
    "max_words=6", "min_count=1", "batch_size=4", "captions_per_clip=2", "epochs=1", "beams=2",
]  # fmt: skip
_RECIPES = Path(__file__).parents[2] / "training" / "recipes"
_COLOURS = {"red": (210, 30, 30), "green": (30, 180, 40), "blue": (40, 60, 210)}

_CAPTION = """
import sys
from captioner import load_clip_captioner, load_captioner
clips = load_clip_captioner(sys.argv[1])
found = clips.caption(sys.argv[2])
assert found.summarizer is None  # of a network after one epoch, words are not to be had
assert len(found.frames) == 3 and found.frames[0].start == 0
assert found.attention.shape == (len(found.words), 3)
assert abs(found.attention.sum(axis=1) - 1).max() < 0.05
load_captioner(sys.argv[1]).caption(sys.argv[3])
heavy = {"keras", "tensorflow", "torch", "jax", "gradio", "transformers", "scipy"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Frames, cut out, of clips in which a colour fades."""
    folder = tmp_path_factory.mktemp("clips")
    (folder / "frames").mkdir()
    rows, captions = [], []
    for number in range(12):
        colour = list(_COLOURS)[number % 3]
        names = []
        for place in range(1 + number % 4):
            names.append(f"{number}_{place}.png")
            square = np.full((32, 32, 3), _COLOURS[colour], np.uint8) // (1 + place)
            Image.fromarray(square).save(folder / "frames" / names[-1])
        split = "train" if number < 9 else "dev"
        rows.append({"id": f"v{number}", "split": split, "frames": names})
        texts = [f"a {colour} wall", f"a wall is {colour}"]
        captions.append({"id": f"v{number}", "captions": texts})
    for name, lines in (("frames", rows), ("captions", captions)):
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (folder / f"{name}.jsonl").write_text(text)
    return folder


def train(backend: str, *words: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-m", "training.clips", *map(str, words)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def describe(tmp_path: Path) -> None:
    """The model of a folder says something of a clip and of a photo, without Keras."""
    moving = tmp_path / "clip.gif"
    frames = [Image.new("RGB", (24, 24), (80 * n, 10, 10)) for n in range(3)]
    frames[0].save(moving, save_all=True, append_images=frames[1:], duration=200)
    frames[0].save(tmp_path / "photo.png")
    command = [sys.executable, "-c", _CAPTION, tmp_path / "model", moving, tmp_path / "photo.png"]
    environment = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    subprocess.run(list(map(str, command)), check=True, env=environment)


def settings(*more: str) -> list[str]:
    return [word for setting in (*_TINY, *more) for word in ("--set", setting)]


@pytest.mark.parametrize(
    ("recipe", "backend"),
    [
        ("gif-coca-transformer", "tensorflow"),
        ("gif-resnet50-rnn", "torch"),
        ("gif-cnn3d-attention", "torch"),
    ],
)
def test_each_recipe_goes_from_clips_to_sentences(
    clips: Path, tmp_path: Path, recipe: str, backend: str
) -> None:
    file = _RECIPES / f"{recipe}.yaml"
    places = ["--clips", clips, "--output", tmp_path / "model", "--cache", clips / "cache"]
    done = train(backend, *places, "--recipe", file, *settings())
    assert done.returncode == 0, done.stderr
    (row,) = csv.DictReader((tmp_path / "model" / "training.csv").open())
    assert float(row["loss"]) > 0
    card = (tmp_path / "model" / "README.md").read_text()
    assert f"9 clips of {clips.name}" in card
    assert "data:image/webp" in (tmp_path / "model" / "examples.html").read_text()
    describe(tmp_path)


def test_a_captioner_that_attends_reads_whole_clips(tmp_path: Path) -> None:
    captioner = PRETRAINED / "flickr8k-xception-lstm"
    command = [sys.executable, "-m", "training.clips.from_captioner", str(captioner)]
    environment = {**os.environ, "KERAS_BACKEND": "openvino"}
    words = ["--output", str(tmp_path / "model"), "--grid", "2", "--frames", "3"]
    subprocess.run([*command, *words], check=True, env=environment)
    describe(tmp_path)
    words[1] = str(tmp_path / "other")
    words += ["--encoder", "efficientnet-lite2"]
    done = subprocess.run(
        [*command, *words], check=False, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "has another encoder than efficientnet-lite2" in done.stderr


def test_frames_are_spread_evenly_over_a_clip() -> None:
    assert spread(1, 4).tolist() == [0, 0, 0, 0]
    assert spread(2, 4).tolist() == [0, 0, 1, 1]
    assert spread(3, 4).tolist() == [0, 1, 1, 2]
    assert spread(4, 4).tolist() == [0, 1, 2, 3]
    assert spread(100, 4).tolist() == [12, 37, 62, 87]


def test_what_cannot_be_trained_is_told(clips: Path, tmp_path: Path) -> None:
    done = train("torch", "--clips", tmp_path, "--output", tmp_path / "model")
    assert done.returncode == 2
    assert "holds no captions of clips" in done.stderr
