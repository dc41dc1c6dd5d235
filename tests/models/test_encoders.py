import keras
import numpy as np
import pytest

from captioner.errors import ModelError
from captioner.models.config import EncoderConfig
from captioner.models.encoders import build_encoder
from captioner.runtime.keras_graphs import compiled


def _images(size=75, count=2):
    return np.random.default_rng(0).integers(0, 256, (count, size, size, 3)).astype(np.uint8)


def test_the_grid_at_the_size_that_ships_is_ten_by_ten():
    for output, channels in (
        ("block13", 1024),
        ("block14", 2048),
        ("block13+block14", 3072),
        ("block3+block12+block13", 2008),
    ):
        encoder = build_encoder(EncoderConfig(output=output))
        assert tuple(encoder.model.output.shape) == (None, 100, channels)


@pytest.mark.parametrize(
    ("block", "side", "channels"),
    [
        ("block3", 9, slice(0, 256)),
        ("block12", 5, slice(256, 984)),
        ("block13", 3, slice(984, 2008)),
    ],
)
def test_finer_grids_are_pooled_to_the_coarsest_as_xception_pools(block, side, channels):
    joined = build_encoder(EncoderConfig(image_size=75, output="block3+block12+block13"))
    alone = build_encoder(EncoderConfig(image_size=75, output=block))
    for name, variable in alone.variables().items():
        variable.assign(joined.variables()[name])
    (grid,) = compiled(joined.model)(_images())
    (finer,) = compiled(alone.model)(_images())
    finer = finer.reshape(2, side, side, -1)
    while finer.shape[1] > 3:
        finer = keras.layers.MaxPooling2D(3, 2, "same", data_format="channels_last")(finer)
    finer = keras.ops.convert_to_numpy(finer).reshape(2, 9, -1)
    np.testing.assert_allclose(grid[:, :, channels], finer, atol=1e-5)


def test_names_are_those_of_a_fresh_keras_xception():
    keras.utils.clear_session()
    first = build_encoder(EncoderConfig(image_size=75, output="block14")).variables()
    second = build_encoder(EncoderConfig(image_size=75, output="block14")).variables()
    assert list(first) == list(second)
    assert {"conv2d/kernel", "conv2d_3/kernel", "batch_normalization_3/gamma"} <= set(first)
    assert len(first) == 234


@pytest.mark.parametrize(
    ("trained_from", "output"),
    [
        *[(block, "block14") for block in (None, "block1", "block2", "block13", "block14")],
        *[(block, "block3+block12+block13") for block in (None, "block9", "block13")],
        ("block1", "block1+block2"),
    ],
)
def test_trunk_then_head_is_the_whole_encoder(trained_from, output):
    encoder = build_encoder(EncoderConfig(image_size=75, output=output))
    images = _images()
    trunk, head = encoder.split(trained_from)
    (features,) = compiled(trunk)(images)
    if trained_from == "block1":
        features = features.astype(np.uint8)
    (halves,) = compiled(head)(features)
    (whole,) = compiled(encoder.model)(images)
    np.testing.assert_allclose(halves, whole, atol=1e-5)


def test_only_the_blocks_from_the_cut_on_are_trained():
    encoder = build_encoder(EncoderConfig(image_size=75, output="block14"))
    _, head = encoder.split("block13")
    names = {id(v): name for name, v in encoder.variables().items()}
    trained = {names[id(v)].split("/")[0] for v in head.trainable_variables}
    assert trained == {
        "block13_sepconv1", "block13_sepconv1_bn", "block13_sepconv2", "block13_sepconv2_bn",
        "block14_sepconv1", "block14_sepconv1_bn", "block14_sepconv2", "block14_sepconv2_bn",
        "conv2d_3", "batch_normalization_3",
    }  # fmt: skip


def test_norms_can_keep_their_statistics():
    encoder = build_encoder(EncoderConfig(image_size=75, output="block13"))
    _, head = encoder.split("block13", norms=False)
    names = {id(v): name for name, v in encoder.variables().items()}
    trained = {names[id(v)].split("/")[0] for v in head.trainable_variables}
    assert trained == {"block13_sepconv1", "block13_sepconv2", "conv2d_3"}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (EncoderConfig(name="vgg"), "known: xception"),
        (EncoderConfig(image_size=32), "at least 71"),
        (EncoderConfig(output="block15"), "block1 to block14"),
    ],
)
def test_impossible_configurations_are_refused(config, message):
    with pytest.raises(ModelError, match=message):
        build_encoder(config)


def test_training_cannot_begin_after_the_output():
    with pytest.raises(ModelError, match="before block14"):
        build_encoder(EncoderConfig(image_size=75, output="block12+block13")).split("block14")
