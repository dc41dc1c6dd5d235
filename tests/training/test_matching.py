"""Training a dual encoder: the contrast against NumPy, and a run from a folder to a search."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from tests.makers import save_flickr8k

_COLOURS = {
    "red": (200, 30, 30),
    "green": (30, 180, 40),
    "blue": (40, 60, 210),
    "white": (250,) * 3,
}

# One process for all that needs TensorFlow: to import it takes longest.
_PROGRAM = """
import json, sys
import numpy as np
from captioner.runtime.backend import choose_training_backend
choose_training_backend()
from training.matching.data import Pairs
from training.matching.losses import Contrast, Pairing

random = np.random.default_rng(0)
pictures = random.normal(size=(6, 4)).astype("float32")
sentences = random.normal(size=(6, 2, 4)).astype("float32")
numbers = np.array([[0, 1, 2], [1, 3, 4], [2, 5, 6], [2, 7, 4], [4, 1, 9], [5, 10, 11]])
pairing = Pairing()
paired = pairing(pictures, sentences)
found = {
    "scale": float(pairing.log_scale.numpy()),
    "plain": float(Contrast()(numbers, paired)),
    "smooth": float(Contrast(0.1)(numbers, paired)),
    "hard": float(Contrast(hard_weight=1.0)(numbers, paired)),
}
features = np.arange(12, dtype=np.float16)[:, None].repeat(3, axis=1)
pairs = Pairs(
    features, [[0], [1, 2, 3], [4], [5, 6]], [[0, 1], [2], [3, 4, 5], [6, 7]],
    np.arange(8)[:, None], batch_size=2, captions_per_picture=2, clips_whole=0.5, seed=1,
)
seen = []
for epoch in range(20):
    for step in range(len(pairs)):
        (looked, read), which = pairs[step]
        seen += [[w[0], float(x[0]), r.ravel().tolist()] for x, r, w in zip(looked, read, which)]
    pairs.on_epoch_end()
found["seen"] = seen
print(json.dumps(found, default=int))
from captioner.train import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A training run; gives what it computed before, and the model folder."""
    folder = tmp_path_factory.mktemp("matching")
    photos = save_flickr8k(
        folder / "photos", _COLOURS, ("A {} wall .", "The wall is {} ."), train=48, dev=8
    )
    words = [
        "--task=match", f"--data={photos}", f"--output={folder / 'model'}",
        f"--cache={folder / 'cache'}", "--set", "encoders=efficientnet-lite2", "--set",
        "sentence_encoder=none", *settings(pieces=100, epochs=60, batch_size=12, patience=100),
        *settings(learning_rate=0.01, ema=0.0, dimensions=16, captions_per_picture=1),
        *settings(**{"image.components": 16, "image.units": 32, "image.dropout": 0.0}),
        *settings(**{"text.units": 16, "text.heads": 2, "text.layers": 1, "text.feed": 32}),
        *settings(**{"text.max_tokens": 8, "text.head_units": 16, "text.head_dropout": 0.0}),
    ]  # fmt: skip
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": "-1"}
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *words],
        capture_output=True, text=True, env=environment, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[0]), folder / "model", photos


def settings(**values):
    return [word for name, value in values.items() for word in ("--set", f"{name}={value}")]


def contrast(smoothing):
    """The loss of the program's pairs, by its definition."""
    random = np.random.default_rng(0)
    pictures, sentences = random.normal(size=(6, 4)), random.normal(size=(6, 2, 4))
    numbers = [[0, 1, 2], [1, 3, 4], [2, 5, 6], [2, 7, 4], [4, 1, 9], [5, 10, 11]]
    losses = []
    for k in range(2):
        logits = pictures @ sentences[:, k].T / 0.07
        allowed = np.array(
            [
                [i == j or (a[0] != b[0] and a[1 + k] != b[1 + k]) for j, b in enumerate(numbers)]
                for i, a in enumerate(numbers)
            ]
        )
        for one, mask in ((logits, allowed), (logits.T, allowed.T)):
            kept = np.where(mask, one, -np.inf)
            sums = np.log(np.exp(kept - kept.max(axis=1, keepdims=True)).sum(axis=1))
            sums += kept.max(axis=1)
            mean = np.array([row[row > -np.inf].mean() for row in np.where(mask, logits, -np.inf)])
            aimed = (1 - smoothing) * np.diag(one) + smoothing * mean
            losses.append(np.mean(sums - aimed))
    return np.mean(losses)


def test_the_contrast_leaves_out_what_is_no_negative(run):
    found, _, _ = run
    assert found["scale"] == pytest.approx(np.log(1 / 0.07), rel=1e-5)
    assert found["plain"] == pytest.approx(contrast(0.0), rel=1e-4)
    assert found["smooth"] == pytest.approx(contrast(0.1), rel=1e-4)
    assert found["hard"] > 0


def test_pairs_show_each_scene_once_an_epoch_with_its_own(run):
    seen = run[0]["seen"]
    assert sorted(scene for scene, _, _ in seen) == sorted([0, 1, 2, 3] * 20)
    own = {0: {0, 1}, 1: {2}, 2: {3, 4, 5}, 3: {6, 7}}
    looks = {0: {0.0}, 1: {1.0, 2.0, 3.0}, 2: {4.0}, 3: {5.0, 5.5, 6.0}}
    for scene, looked, captions in seen:
        assert looked in looks[scene]
        assert set(captions) <= own[scene]
    assert {looked for scene, looked, _ in seen if scene == 3} == looks[3]  # frames, and the mean


def test_it_learns_and_is_scored(run):
    _, model, _ = run
    scores = json.loads((model / "run.json").read_text())["dev"]["photos"]
    assert scores["captions"] == 16
    # Two photos of each colour have the same captions, and ties count against it.
    assert scores["text to picture"]["R@5"] >= 75
    for name in ("config.json", "README.md", "training.csv", "recipe.yaml", "curves.png"):
        assert (model / name).is_file()
    assert "research use" in (model / "README.md").read_text()


_SEARCH = """
import sys
from pathlib import Path
from captioner import load_retriever
index = load_retriever(Path(sys.argv[1])).index(sys.argv[2])
for colour in sys.argv[3:]:
    print(index.search(f"a {colour} wall", limit=1, min_score=-1, words=False)[0].file_name)
heavy = {"keras", "tensorflow", "torch", "jax", "gradio", "transformers", "scipy"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""


def test_it_finds_without_keras(run, tmp_path):
    _, model, photos = run
    for number, colour in enumerate(_COLOURS, start=48):  # of dev
        shutil.copy(photos / "images" / f"{colour}_{number}.png", tmp_path / f"{colour}.png")
    command = [sys.executable, "-c", _SEARCH, str(model), str(tmp_path), *_COLOURS]
    environment = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.split() == [f"{colour}.png" for colour in _COLOURS]


def test_the_command_scores_a_model_from_files(run, capsys):
    _, model, photos = run
    from captioner.evaluate import main

    assert main(["--task=match", f"--model={model}", f"--data={photos}", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    trained = json.loads((model / "run.json").read_text())["dev"]["photos"]
    # Photos of one colour have the same captions, so that the first place is a matter of chance.
    for way in ("text to picture", "picture to text"):
        assert found[way]["R@5"] == pytest.approx(trained[way]["R@5"], abs=13)
    assert found["captions"] == trained["captions"] == 16


@pytest.mark.parametrize("command", ["captioner.train", "captioner.evaluate"])
def test_a_task_that_does_not_exist_is_refused(command):
    from importlib import import_module

    with pytest.raises(SystemExit, match="2"):
        import_module(command).main(["--task=dance"])
