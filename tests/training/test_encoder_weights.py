import numpy as np
import pytest

from captioner.errors import ModelError
from captioner.models.config import EncoderConfig
from captioner.models.encoders import build_encoder
from training.captioning.encoder_weights import load_encoder_weights

NAME = "block1_conv1/kernel"


@pytest.fixture(scope="module")
def encoder():
    return build_encoder(EncoderConfig(image_size=71, output="block3"))


def test_the_weights_of_a_file_are_set_and_what_it_lacks_is_told(encoder, tmp_path):
    path = tmp_path / "weights.npz"
    shape = encoder.variables()[NAME].shape
    np.savez(path, **{NAME: np.full(shape, 0.5, np.float32)})
    lacking = load_encoder_weights(encoder, str(path))
    assert NAME not in lacking
    assert len(lacking) == len(encoder.variables()) - 1
    assert np.all(np.asarray(encoder.variables()[NAME]) == 0.5)


def text(path):
    path.write_text("these are no weights")


def one_array(path):
    with path.open("wb") as file:
        np.save(file, np.zeros(3))


def objects(path):
    with path.open("wb") as file:
        np.savez(file, **{NAME: np.array([{}, None], dtype=object)})


def damaged(path):
    with path.open("wb") as file:
        np.savez_compressed(file, **{NAME: np.random.default_rng(0).normal(size=5000)})
    data = bytearray(path.read_bytes())
    data[2000:2100] = bytes(100)
    path.write_bytes(data)


def infinite(path):
    with path.open("wb") as file:
        np.savez(file, **{NAME: np.full((3, 3, 3, 32), np.inf)})


@pytest.mark.parametrize(
    ("save", "message"),
    [
        (text, "is no .npz file"),
        (one_array, "is no .npz file"),
        (objects, "of another kind than numbers"),
        (damaged, "its arrays are damaged"),
        (infinite, "holds what is no number"),
    ],
)
def test_a_wrong_file_is_named_in_words_of_our_own(encoder, tmp_path, save, message):
    save(tmp_path / "weights.npz")
    with pytest.raises(ModelError, match=message) as error:
        load_encoder_weights(encoder, str(tmp_path / "weights.npz"))
    assert "weights.npz" in str(error.value)
    assert "pickle" not in str(error.value)


def test_without_a_network_imagenet_is_refused_with_the_remedy(encoder, monkeypatch):
    def fail(**_):
        raise Exception("URL fetch failure on https://...")  # as Keras does

    monkeypatch.setattr("keras.applications.Xception", fail)
    with pytest.raises(ModelError, match=r"ImageNet cannot be had \(URL fetch.*none or an \.npz"):
        load_encoder_weights(encoder, "imagenet")
