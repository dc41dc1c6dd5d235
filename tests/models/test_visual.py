"""Visual models: a folder's encoder alone, on OpenVINO without Keras."""

import os
import subprocess
import sys

import numpy as np
import pytest

from captioner import load_captioner
from captioner.describe.loading import DEFAULT_MODEL
from captioner.errors import ModelError
from captioner.models.visual import load_visual_model, pool_tokens

_EXPORT = """
import sys
import numpy as np
from captioner.models.caption_model import save_encoder
from captioner.models.config import EncoderConfig
from captioner.models.encoders import build_encoder
from captioner.runtime.keras_graphs import compiled
from training.export import main

folder = sys.argv[1]
encoder = build_encoder(EncoderConfig("efficientnet-lite2", 64, "block5+concepts"))
save_encoder(encoder, folder)
assert main([folder]) == 0
images = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3)).astype(np.uint8)
np.save(folder + "/expected.npy", compiled(encoder.model)(images)[0])
"""


def test_a_folder_gives_what_its_encoder_computes(tmp_path):
    environment = {**os.environ, "KERAS_BACKEND": "openvino"}
    subprocess.run([sys.executable, "-c", _EXPORT, str(tmp_path)], check=True, env=environment)
    model = load_visual_model(tmp_path, "float32")
    images = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3)).astype(np.uint8)
    found = model.encode(images)
    expected = np.load(tmp_path / "expected.npy")
    assert model.grid == (4, 4) and found.tokens.shape == (3, 16, model.channels)
    # The encoder says its concepts at every position.
    np.testing.assert_allclose(found.tokens, expected[:, :, : model.channels], atol=2e-2)
    np.testing.assert_allclose(found.concepts, expected[:, 7, model.channels :], atol=1e-4)


def test_lite2_names_a_cat_and_a_cup():
    from skimage import data

    seen = load_visual_model("efficientnet-lite2").look([data.cat(), data.coffee()])
    egyptian_cat, tiger_cat, tabby, espresso, cup = 285, 282, 281, 967, 968
    assert seen.concepts is not None
    assert seen.concepts[0].argmax() in (egyptian_cat, tiger_cat, tabby)
    assert seen.concepts[1].argmax() in (espresso, cup)


def test_one_that_ships_as_a_captioner_shares_its_weights():
    seen = load_visual_model(DEFAULT_MODEL).look([np.zeros((20, 30, 3), np.uint8)])
    assert seen.tokens.shape == (1, 100, 2008)
    assert seen.concepts is None


def test_tokens_are_pooled_to_any_coarser_grid():
    tokens = np.random.default_rng(0).random((2, 20, 3)).astype(np.float32)
    cells = tokens.reshape(2, 4, 5, 3)
    np.testing.assert_allclose(pool_tokens(tokens, (4, 5), 1)[:, 0], tokens.mean(1), rtol=1e-5)
    halves = pool_tokens(tokens, (4, 5), 2).reshape(2, 2, 2, 3)
    np.testing.assert_allclose(halves[:, 1, 0], cells[:, 2:, :2].mean((1, 2)), rtol=1e-5)
    np.testing.assert_allclose(halves[:, 0, 1], cells[:, :2, 2:].mean((1, 2)), rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "message"), [("nowhere", "has no config.json"), ("", "has no config.json")]
)
def test_what_is_no_visual_model_is_named(name, message, tmp_path):
    with pytest.raises(ModelError, match=message):
        load_visual_model(tmp_path / name)


def test_a_visual_model_is_no_captioner():
    with pytest.raises(ModelError, match=r"efficientnet-lite2.*what ships is: .*flickr8k"):
        load_captioner("efficientnet-lite2")
