"""An answerer's network: saved, exported, and run without Keras as Keras runs it."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from captioner.errors import ModelError
from captioner.models.answer_config import AnswerConfig
from captioner.models.answer_folder import read_answer_folder
from captioner.models.answer_model import AnswerModel

# One process that imports Keras, for all that is made by it.
_MAKE = """
import sys
from pathlib import Path
import numpy as np
from captioner.models.answer_config import AnswerConfig
from captioner.models.answer_network import AnswerNetwork
from captioner.models.answer_saving import load_network, save_answerer
from captioner.models.answer_folder import read_answer_folder
from captioner.models.vocabulary import Vocabulary
from captioner.runtime.openvino_graphs import converted, runner
from training.export import main

def compiled(graph):
    return runner(converted(graph), precision="float32")

folder = Path(sys.argv[1])
config = AnswerConfig(
    grid=2, grid_channels=6, pooled_channels=5, classes=9, concepts=2, max_frames=3, units=8,
    heads=2, queries=4, former_layers=1, layers=2, max_question=5, max_answer=3, max_words=6,
)
words = Vocabulary(["yes", "no", "red", "what", "is", "it"])
save_answerer(folder, config, words, AnswerNetwork(config, len(words)).variables())
assert main([str(folder)]) == 0
network, _ = load_network(read_answer_folder(folder))
draw = np.random.default_rng(0)
given = [
    draw.normal(size=(2, 3, 4, 6)), draw.normal(size=(2, 3, 5)), draw.integers(0, 9, (2, 3, 2)),
    draw.random((2, 3, 2)), draw.random((2, 3)), np.array([[1, 1, 0], [1, 0, 0]]),
    np.array([[7, 8, 9, 0, 0], [7, 8, 0, 0, 0]]),
]
given = [x.astype(np.int32 if x.dtype.kind == "i" and n != 5 else np.float32)
         for n, x in enumerate(given)]
answer = np.array([[1, 4, 0], [1, 5, 6]], np.int32)
found, where = compiled(network.look_graph())(*given)
chances, = compiled(network.write_graph())(found, given[-1], answer)
changed = [x.copy() for x in given]
changed[0][:, 2] = 9  # of a frame that is masked in both
other, _ = compiled(network.look_graph())(*changed)
later = answer.copy()
later[:, 2] = 4  # a word that comes later
causal, = compiled(network.write_graph())(found, given[-1], later)
np.savez(folder / "expected.npz", *given, answer, found, where, chances, other, causal)
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("answerer")
    environment = {**os.environ, "KERAS_BACKEND": "openvino"}
    subprocess.run([sys.executable, "-c", _MAKE, str(folder)], check=True, env=environment)
    return folder


@pytest.fixture(scope="module")
def expected(made):
    with np.load(made / "expected.npz") as held:
        return [held[name] for name in held.files]


def test_the_graphs_compute_what_the_definition_does(made, expected):
    *frames, question, answer, found, where, chances, _, _ = expected
    model = AnswerModel.from_folder(read_answer_folder(made), "float32")
    seen, looked = model.look_run(*frames, question)
    np.testing.assert_allclose(seen, found, atol=1e-4)
    np.testing.assert_allclose(looked, where, atol=1e-5)
    np.testing.assert_allclose(model._write(seen, question, answer)[0], chances, atol=1e-3)
    assert looked.shape == (2, 3, 7)
    np.testing.assert_allclose(looked.sum(axis=(1, 2)), 1, atol=1e-4)
    assert np.abs(looked[1, 1:]).max() < 1e-6  # frames that are not there


def test_frames_that_are_not_there_change_nothing(expected):
    *_, found, _, _, other, _ = expected
    np.testing.assert_allclose(found, other, atol=1e-5)


def test_a_word_knows_nothing_of_those_after_it(expected):
    *_, chances, _, causal = expected
    np.testing.assert_allclose(chances[:, :2], causal[:, :2], atol=1e-5)
    assert np.abs(chances[:, 2] - causal[:, 2]).max() > 1e-4


def test_a_folder_of_something_else_is_refused(made, tmp_path):
    folder = shutil.copytree(made, tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "task": "caption"}))
    with pytest.raises(ModelError, match="task"):
        read_answer_folder(folder)


def test_a_folder_without_graphs_says_how_to_make_them(made, tmp_path):
    folder = shutil.copytree(made, tmp_path / "model")
    (folder / "graphs.bin").unlink()
    with pytest.raises(ModelError, match=r"training\.export"):
        AnswerModel.from_folder(read_answer_folder(folder))


@pytest.mark.parametrize("name", ["answerer.safetensors", "vocabulary.txt", "config.json"])
def test_a_file_that_is_missing_is_named(made, tmp_path, name):
    folder = shutil.copytree(made, tmp_path / "model")
    (folder / name).unlink()
    with pytest.raises(ModelError, match=name):
        read_answer_folder(folder)


def test_a_config_is_written_and_read():
    config = AnswerConfig(encoders=("a", "b"), units=8)
    assert AnswerConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
