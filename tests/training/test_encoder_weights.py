import keras
import numpy as np
import pytest
from safetensors.numpy import save_file

from captioner.errors import ModelError
from captioner.models.config import EncoderConfig
from captioner.models.encoders import build_encoder
from tests.models.test_caption_model import tiny_model
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
    with pytest.raises(ModelError, match=r"ImageNet cannot be had \(URL fetch.*give none, a model"):
        load_encoder_weights(encoder, "imagenet")


@pytest.fixture(scope="module")
def resnet():
    return build_encoder(EncoderConfig("resnet50", 71, "conv1"))


def test_the_weights_that_keras_downloads_come_in_a_file_too(resnet, tmp_path):
    original = keras.applications.ResNet50(weights=None, include_top=False)
    kernel = original.get_layer("conv1_conv").kernel
    original.save_weights(tmp_path / "new.weights.h5")
    original.save(tmp_path / "old.h5")  # as Keras Applications' own files are
    for name in ("new.weights.h5", "old.h5"):
        resnet.variables()["conv1_conv/kernel"].assign(np.zeros(kernel.shape))
        assert load_encoder_weights(resnet, str(tmp_path / name)) == []
        found = keras.ops.convert_to_numpy(resnet.variables()["conv1_conv/kernel"])
        np.testing.assert_allclose(found, keras.ops.convert_to_numpy(kernel))


def test_an_h5_file_of_another_network_is_named(resnet, tmp_path):
    path = tmp_path / "weights.h5"
    text(path)
    with pytest.raises(ModelError, match=r"weights\.h5 does not hold the weights of resnet50"):
        load_encoder_weights(resnet, str(path))


def test_imagenet_may_have_more_than_the_encoder(encoder, monkeypatch):
    build = keras.applications.Xception
    monkeypatch.setattr("keras.applications.Xception", lambda **_: build(None, weights=None))
    assert load_encoder_weights(encoder, "imagenet") == []


def test_what_keras_does_not_have_is_said():
    lite = build_encoder(EncoderConfig("efficientnet-lite2", 64, "stem"))
    with pytest.raises(ModelError, match=r"has no efficientnet-lite2; .*docs/training\.md"):
        load_encoder_weights(lite, "imagenet")


def test_a_model_folder_gives_its_encoder(encoder, resnet, tmp_path):
    one = tiny_model("lstm")
    gamma = one.encoder.variables()["block1_conv1_bn/gamma"]
    gamma.assign(np.full(gamma.shape, 2.0))
    one.save(tmp_path / "one")
    assert load_encoder_weights(encoder, str(tmp_path / "one")) == []
    found = keras.ops.convert_to_numpy(encoder.variables()["block1_conv1_bn/gamma"])
    assert np.all(found == 2.0)
    with pytest.raises(
        ModelError, match=r"one has no weights of resnet50: its encoder is xception"
    ):
        load_encoder_weights(resnet, str(tmp_path / "one"))
    with pytest.raises(ModelError, match=r"is not a model folder"):
        load_encoder_weights(encoder, str(tmp_path))


def test_each_of_several_encoders_has_its_own_source(tmp_path):
    output = "xception.block1+efficientnet-lite2.concepts"
    both = build_encoder(EncoderConfig("xception+efficientnet-lite2", 71, output))
    stem = np.full((3, 3, 3, 32), 0.5, np.float32)
    save_file({"stem_conv/kernel": stem}, tmp_path / "lite.safetensors")
    own = f"efficientnet-lite2={tmp_path / 'lite.safetensors'}"
    lacking = load_encoder_weights(both, "none", own)
    assert "efficientnet-lite2/stem_bn/gamma" in lacking
    assert "efficientnet-lite2/stem_conv/kernel" not in lacking
    found = both.variables()["efficientnet-lite2/stem_conv/kernel"]
    assert np.all(keras.ops.convert_to_numpy(found) == 0.5)
    with pytest.raises(ModelError, match="where xception starts is not said"):
        load_encoder_weights(both, own)
    with pytest.raises(ModelError, match="none and imagenet cannot both"):
        load_encoder_weights(both, "none", "imagenet")
