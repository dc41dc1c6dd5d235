"""Graphs in a model folder: made by a process with Keras, for processes without."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from captioner.describe.loading import DEFAULT_MODEL
from captioner.errors import ModelError
from captioner.models.exported import read_graphs
from captioner.models.folder import PRETRAINED, read_folder
from captioner.models.loading import load_model
from tests.models.test_caption_model import tiny_model

DECODERS = ("lstm", "attention-lstm", "transformer")

# One process that imports Keras, for all that is made by it: each start takes seconds.
_EXPORT = """
import sys
from pathlib import Path
import numpy as np
from captioner.models.caption_model import CaptionModel
from captioner.runtime.openvino_graphs import converted, runner
from training.export import main

def first_words(model, size):
    images = np.random.default_rng(0).integers(0, 256, (2, size, size, 3)).astype(np.uint8)
    remember = runner(converted(model.memory_graph(model.encoder.model)), precision="float32")
    outputs = remember(images)
    states, memory = outputs[: model.state_count], outputs[model.state_count :]
    states = [np.repeat(state[:, None], 2, axis=1) for state in states]
    step = runner(converted(model.step_graph(2)), precision="float32")
    return step(np.array([[[1], [5]]] * 2, np.int32), *states, *memory)

shipped, *tiny = sys.argv[1:]
assert main(tiny) == 0
for folder, size in ((shipped, 299), *((folder, 71) for folder in tiny)):
    found = first_words(CaptionModel.load(folder), size)
    np.savez(Path(tiny[0]).parent / (Path(folder).name + ".npz"), *found)
"""

_CAPTION = """
import sys
import numpy as np
from captioner import load_captioner
images = np.random.default_rng(0).integers(0, 256, (3, 71, 71, 3)).astype(np.uint8)
for caption in load_captioner(sys.argv[1]).caption_images(list(images)):
    assert caption.words
heavy = {"keras", "tensorflow", "torch", "jax", "gradio", "transformers", "cv2", "scipy"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""


def _run(program, *arguments):
    environment = {**os.environ, "KERAS_BACKEND": "openvino"}
    command = [sys.executable, "-c", program, *map(os.fspath, arguments)]
    return subprocess.run(command, check=True, env=environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A folder with two exported models, and what Keras says of these and the one that ships."""
    folder = tmp_path_factory.mktemp("exported")
    for decoder in DECODERS:
        tiny_model(decoder).save(folder / decoder)
    _run(_EXPORT, PRETRAINED / DEFAULT_MODEL, *(folder / decoder for decoder in DECODERS))
    return folder


@pytest.fixture
def model(exported, tmp_path):
    """A copy of one."""
    return shutil.copytree(exported / "attention-lstm", tmp_path / "model")


@pytest.fixture
def on_openvino(monkeypatch):
    """Whatever Keras of this process runs on."""
    monkeypatch.setattr("captioner.models.loading.on_openvino", lambda: True)


@pytest.mark.parametrize("name", [DEFAULT_MODEL, *DECODERS])
def test_the_graphs_compute_what_keras_defines(exported, on_openvino, name):
    folder = PRETRAINED / name if name == DEFAULT_MODEL else exported / name
    model = load_model(folder, "float32")
    size = model.config.encoder.image_size
    images = np.random.default_rng(0).integers(0, 256, (2, size, size, 3)).astype(np.uint8)
    states, memory = model.encode(images)
    assert model.grid == ((10, 10) if name == DEFAULT_MODEL else (3, 3))
    states = [np.repeat(state[:, None], 2, axis=1) for state in states]
    tokens = np.array([[[1], [5]]] * 2, np.int32)
    probabilities, where, states = model.step(tokens, states, memory)
    expected = np.load(exported / f"{name}.npz")
    for mine, theirs in zip((probabilities, where, *states), expected.values(), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-4)


def test_the_step_takes_any_number_of_captions(exported, on_openvino):
    for decoder in DECODERS:
        model = load_model(exported / decoder, "float32")
        images = np.random.default_rng(0).integers(0, 256, (2, 71, 71, 3)).astype(np.uint8)
        starts, memory = model.encode(images)
        alone = None
        for count in (1, 4):
            states = [np.repeat(state[:, None], count, axis=1) for state in starts]
            found = model.step(np.full((2, count, 1), 5, np.int32), states, memory)[0].copy()
            assert found.shape == (2, count, len(model.vocabulary))
            alone = found if alone is None else alone
            np.testing.assert_allclose(found, np.repeat(alone, count, axis=1), atol=1e-5)


def test_a_caption_needs_no_keras(exported):
    _run(_CAPTION, exported / "attention-lstm")


def test_graphs_are_small_and_hold_no_weights(exported):
    for folder in (PRETRAINED / DEFAULT_MODEL, *(exported / name for name in DECODERS)):
        assert (folder / "graphs.bin").stat().st_size < 10_000
        assert sum(path.stat().st_size for path in folder.glob("*.xml")) < 1_000_000


def test_graphs_of_another_architecture_are_left_alone(model):
    settings = model / "config.json"
    values = json.loads(settings.read_text())
    assert read_graphs(read_folder(model)) is not None
    values["decoder"]["heads"] = 8
    settings.write_text(json.dumps(values))
    assert read_graphs(read_folder(model)) is None


def test_other_weights_of_the_same_architecture_are_the_ones_that_count(model, on_openvino):
    before = load_model(model, "float32")
    weights = load_file(model / "decoder.safetensors")
    weights["start/kernel"] = weights["start/kernel"] + np.float16(1)
    save_file(weights, model / "decoder.safetensors")
    after = load_model(model, "float32")
    images = np.zeros((1, 71, 71, 3), np.uint8)
    first, second = (network.encode(images)[0][0] for network in (before, after))
    assert not np.allclose(first, second)


def test_a_damaged_graph_is_named(model):
    graph = model / "step.xml"
    graph.write_bytes(graph.read_bytes()[:1000])
    with pytest.raises(ModelError, match=r"step\.xml is damaged .*training\.export"):
        read_graphs(read_folder(model))


def test_without_graphs_and_without_keras_the_remedy_is_said(model, on_openvino, monkeypatch):
    (model / "graphs.bin").unlink()
    monkeypatch.setattr("captioner.models.loading.find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r"no graphs.*training\.export.*captionloom\[train\]"):
        load_model(model)


def test_what_is_no_model_folder_is_not_exported(tmp_path):
    command = [sys.executable, "-m", "training.export", os.fspath(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert str(Path(tmp_path) / "config.json") in done.stderr
    assert "Traceback" not in done.stderr
