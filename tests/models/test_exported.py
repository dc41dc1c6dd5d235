"""Graphs that are made once: by a process with Keras, for processes without."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.models.test_caption_model import tiny_model

_CAPTION = """
import sys
import numpy as np
from captioner.captioner import load_captioner
images = np.random.default_rng(0).integers(0, 256, (3, 71, 71, 3)).astype(np.uint8)
for caption in load_captioner(sys.argv[1]).caption_images(list(images)):
    print(caption.text, round(caption.score, 4))
heavy = {"keras", "tensorflow", "torch", "jax", "gradio", "transformers", "cv2"}
print(sorted(heavy & set(sys.modules)), file=sys.stderr)
"""


class Place:
    """A model folder, and a cache for its graphs."""

    def __init__(self, folder):
        self.model, self.cache = folder / "model", folder / "cache"
        tiny_model().save(self.model)

    def caption(self):
        """What a process of its own says, and the heavy modules that it imported."""
        environment = {
            **os.environ,
            "KERAS_BACKEND": "openvino",
            "XDG_CACHE_HOME": str(self.cache),
            "LOCALAPPDATA": str(self.cache),
        }
        command = [sys.executable, "-c", _CAPTION, str(self.model)]
        process = subprocess.run(
            command, check=True, env=environment, capture_output=True, text=True
        )
        return process.stdout, process.stderr.splitlines()[-1]

    def graphs(self):
        return sorted(self.cache.rglob("*.xml"))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A place where graphs were made, and what the process said that made them."""
    place = Place(tmp_path_factory.mktemp("made"))
    said, modules = place.caption()
    assert "keras" in modules
    return place, said


@pytest.fixture
def place(made, tmp_path):
    """A copy of it."""
    shutil.copytree(made[0].cache, tmp_path / "cache")
    place = Place.__new__(Place)
    place.model, place.cache = made[0].model, tmp_path / "cache"
    return place


def test_without_keras_the_captions_are_the_same(made):
    place, said = made
    assert [path.stem for path in place.graphs()] == ["memory", "step-3"]
    assert place.caption() == (said, "[]")


def test_a_damaged_graph_is_made_again(made, place):
    graph = place.graphs()[0]
    whole = graph.read_bytes()
    graph.write_bytes(whole[: len(whole) // 2])
    said, modules = place.caption()
    assert said == made[1]
    assert "keras" in modules
    assert place.caption() == (said, "[]")


def test_other_weights_are_other_graphs_and_the_old_ones_go(tmp_path):
    place = Place(tmp_path)
    first, _ = place.caption()
    old = place.graphs()
    tiny_model().save(place.model)
    second, modules = place.caption()
    assert "keras" in modules
    assert second != first
    assert len(place.graphs()) == len(old)
    assert not set(place.graphs()) & set(old)


def test_a_cache_that_cannot_be_written_is_no_error(made, tmp_path):
    place = Place.__new__(Place)
    place.model, place.cache = made[0].model, tmp_path / "file"
    place.cache.write_text("not a folder")
    assert place.caption()[0] == made[1]
