import keras
import numpy as np
import pytest

from captioner.errors import ModelError
from captioner.models.config import EncoderConfig
from captioner.models.encoders import build_encoder
from captioner.models.encoders.convolutional import variables_by_name
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


@pytest.mark.parametrize(
    ("name", "output", "side", "channels"),
    [
        ("resnet50", "conv5", 3, 2048),
        ("resnet50", "conv3+conv4", 5, 512 + 1024),
        ("efficientnet-lite2", "block5+head", 3, 120 + 1280),
        ("efficientnet-lite2", "concepts", 1, 1000),
        ("efficientnet-lite2", "head+concepts", 3, 1280 + 1000),
        (
            "xception+efficientnet-lite2",
            "xception.block12+xception.block13+efficientnet-lite2.head",
            3,
            728 + 1024 + 1280,
        ),
    ],
)
def test_every_encoder_says_where_its_tokens_are(name, output, side, channels):
    encoder = build_encoder(EncoderConfig(name, 71, output))
    assert encoder.grid == (side, side)
    assert tuple(encoder.model.output.shape) == (None, side * side, channels)


def _run(graph, inputs):
    """Without compiling, which takes longer for a graph that runs once."""
    return keras.ops.convert_to_numpy(graph(inputs, training=False))


@pytest.mark.parametrize(
    ("name", "output", "trained_from", "trained"),
    [
        ("resnet50", "conv2+conv3", "conv3", {"conv3"}),
        ("efficientnet-lite2", "block3+head+concepts", "block7", {"block7", "head", "concepts"}),
        (
            "xception+efficientnet-lite2",
            "xception.block1+xception.block2+efficientnet-lite2.block4",
            "xception.block2",
            {"block2", "conv2d", "batch"},
        ),
    ],
)
def test_every_encoder_can_be_split(name, output, trained_from, trained):
    encoder = build_encoder(EncoderConfig(name, 71, output))
    images = _images(71)
    trunk, head = encoder.split(trained_from)
    whole = _run(encoder.model, images)
    halves = _run(head, _run(trunk, images))
    np.testing.assert_allclose(halves, whole, rtol=1e-4, atol=1e-4 * np.abs(whole).max())
    assert {name.split("/")[-2].split("_")[0] for name in _trained(encoder, head)} == trained


def _trained(encoder, head):
    names = {id(v): name for name, v in encoder.variables().items()}
    return {names[id(v)] for v in head.trainable_variables}


def test_resnet_takes_pixels_as_caffe_does():
    encoder = build_encoder(EncoderConfig("resnet50", 71, "conv1"))
    original = keras.applications.ResNet50(weights=None, include_top=False)
    theirs = variables_by_name(original.layers)
    for name, variable in encoder.variables().items():
        variable.assign(theirs[name])
    images = _images(71)
    pixels = keras.applications.resnet50.preprocess_input(images.astype(np.float32))
    expected = _run(keras.Model(original.input, original.get_layer("conv1_relu").output), pixels)
    found = _run(encoder.model, images)
    np.testing.assert_allclose(found, expected.reshape(2, -1, 64), rtol=1e-3, atol=1e-2)


def test_side_by_side_each_sees_what_it_sees_alone():
    output = "xception.block4+resnet50.conv4"
    both = build_encoder(EncoderConfig("xception+resnet50", 71, output))
    tokens = _run(both.model, _images(71))
    parts = np.split(tokens, [728], axis=2)
    for name, output, found in (
        ("xception", "block4", parts[0]),
        ("resnet50", "conv4", parts[1]),
    ):
        alone = build_encoder(EncoderConfig(name, 71, output))
        for variable, value in alone.variables().items():
            value.assign(both.variables()[f"{name}/{variable}"])
        expected = _run(alone.model, _images(71))
        np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())


def test_only_the_blocks_from_the_cut_on_are_trained():
    encoder = build_encoder(EncoderConfig(image_size=75, output="block14"))
    _, head = encoder.split("block13")
    trained = {name.split("/")[0] for name in _trained(encoder, head)}
    assert trained == {
        "block13_sepconv1", "block13_sepconv1_bn", "block13_sepconv2", "block13_sepconv2_bn",
        "block14_sepconv1", "block14_sepconv1_bn", "block14_sepconv2", "block14_sepconv2_bn",
        "conv2d_3", "batch_normalization_3",
    }  # fmt: skip


def test_norms_can_keep_their_statistics():
    encoder = build_encoder(EncoderConfig(image_size=75, output="block13"))
    _, head = encoder.split("block13", norms=False)
    trained = {name.split("/")[0] for name in _trained(encoder, head)}
    assert trained == {"block13_sepconv1", "block13_sepconv2", "conv2d_3"}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (EncoderConfig(name="vgg"), "known: efficientnet-lite2, resnet50, xception"),
        (EncoderConfig(image_size=32), "xception needs at least 71"),
        (EncoderConfig("resnet50", 71, "block13"), "resnet50 has no output 'block13'.*conv1"),
        (EncoderConfig("xception+vgg", 71, "xception.block1"), "unknown encoder 'vgg'"),
        (EncoderConfig("xception+resnet50", 71, "block13"), "names none of xception, resnet50"),
        (EncoderConfig("xception+resnet50", 71, "xception.block13"), "takes nothing of resnet50"),
        (EncoderConfig("xception+xception", 71, "xception.block13"), "names one twice"),
        (
            EncoderConfig("xception+resnet50", 260, "xception.block13+resnet50.conv5"),
            "grids are 8 by 8 and 9 by 9",
        ),
        (EncoderConfig(output="block15"), "known: block1, .*block14"),
    ],
)
def test_impossible_configurations_are_refused(config, message):
    with pytest.raises(ModelError, match=message):
        build_encoder(config)


def test_of_several_encoders_the_one_that_is_trained_is_named():
    output = "xception.block13+resnet50.conv5"
    encoder = build_encoder(EncoderConfig("xception+resnet50", 71, output))
    with pytest.raises(ModelError, match="there are xception, resnet50"):
        encoder.split("block13")


def test_training_cannot_begin_after_the_output():
    with pytest.raises(ModelError, match="before block14"):
        build_encoder(EncoderConfig(image_size=75, output="block12+block13")).split("block14")
