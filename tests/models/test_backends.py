"""One definition of the network: every backend gives the same numbers."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from captioner.models.config import EncoderConfig
from tests.models.test_caption_model import tiny_model

_PROGRAM = """
import json, sys
import numpy as np
from captioner.models.caption_model import CaptionModel
images = np.random.default_rng(0).integers(0, 256, (2, 71, 71, 3)).astype(np.uint8)
rows = []
for folder in sys.argv[1:]:
    model = CaptionModel.load(folder)
    states, memory = model.encode(images)
    states = [np.repeat(state[:, None], 2, axis=1) for state in states]
    for word in (1, 4, 5, 6):
        found, where, states = model.step(np.full((2, 2, 1), word, np.int32), states, memory)
        rows.append([found.tolist(), where.tolist()])
print(json.dumps(rows))
"""


@pytest.fixture(scope="module")
def model_folders(tmp_path_factory):
    """The default, and an encoder and a decoder of another kind."""
    folder = tmp_path_factory.mktemp("models")
    tiny_model().save(folder / "default")
    encoder = EncoderConfig("efficientnet-lite2", 71, "block3")
    tiny_model("transformer", encoder=encoder).save(folder / "transformer")
    return sorted(folder.iterdir())


def _run(folders, backend):
    environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-c", _PROGRAM, *map(str, folders)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def on_tensorflow(model_folders):
    return _run(model_folders, "tensorflow")


# OpenVINO multiplies in bfloat16 on a CPU that can; the others in float32.
@pytest.mark.parametrize(
    ("backend", "tolerance"), [("torch", 1e-4), ("jax", 1e-4), ("openvino", 3e-2)]
)
def test_backends_agree(model_folders, on_tensorflow, backend, tolerance):
    for mine, theirs in zip(_run(model_folders, backend), on_tensorflow, strict=True):
        for found, expected in zip(mine, theirs, strict=True):
            np.testing.assert_allclose(found, expected, atol=tolerance)


_IN_LANES = """
import sys
from concurrent.futures import ThreadPoolExecutor
import numpy as np
from captioner import load_captioner
from captioner.runtime.openvino_graphs import useful_streams
captioner = load_captioner(sys.argv[1])
images = np.random.default_rng(0).integers(0, 256, (12, 71, 71, 3)).astype(np.uint8)
together = captioner.with_streams()
assert together.streams == useful_streams()
expected = [captioner.caption_images([image])[0] for image in images]
together.caption_images([images[0]])
with ThreadPoolExecutor(4) as pool:
    found = list(pool.map(lambda image: together.caption_images([image])[0], images))
assert [caption.text for caption in found] == [caption.text for caption in expected]
np.testing.assert_allclose([c.score for c in found], [c.score for c in expected], atol=1e-3)
"""


def test_openvino_captions_in_lanes_as_it_does_alone(model_folders):
    environment = {**os.environ, "KERAS_BACKEND": "openvino"}
    command = [sys.executable, "-c", _IN_LANES, str(model_folders[0])]
    subprocess.run(command, check=True, env=environment)
