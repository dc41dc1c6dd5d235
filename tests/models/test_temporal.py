"""Temporal encoders: what reads the frames of a clip in time."""

from typing import Any

import keras
import numpy as np
import pytest

from captioner.errors import ModelError
from captioner.models.temporal import TEMPORAL, TemporalConfig, build_temporal
from captioner.models.temporal.positions import places, rotations, sine_table

FRAMES, TOKENS, UNITS = 4, 3, 16


def build(name: str, positions: str = "none", frames: int = FRAMES, **settings: Any) -> Any:
    """A network that reads ``frames`` frames, whose weights are all drawn at random."""
    encoder = build_temporal(TemporalConfig(name, UNITS, positions=positions, **settings))
    return encoder, network(encoder, frames)


def network(encoder: Any, frames: int) -> Any:
    tokens = keras.Input((frames, TOKENS, UNITS))
    return keras.Model(tokens, encoder(tokens))


def shake(model: Any) -> None:
    random = np.random.default_rng(1)
    for variable in model.weights:
        if "norm" not in variable.path:
            variable.assign(random.normal(0, 0.3, variable.shape))


def tokens(frames: int = FRAMES) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(2, frames, TOKENS, UNITS)).astype(np.float32)


@pytest.mark.parametrize(
    ("name", "positions", "shape"),
    [
        ("none", "none", (FRAMES, TOKENS)),
        ("mean", "none", (1, TOKENS)),
        ("rnn", "sine", (FRAMES, 1)),
        ("transformer", "learnt", (FRAMES, TOKENS)),
        ("cnn3d", "none", (FRAMES, TOKENS)),
    ],
)
def test_each_gives_a_memory_of_moments_and_tokens(
    name: str, positions: str, shape: tuple[int, int]
) -> None:
    _, model = build(name, positions)
    assert model(tokens()).shape == (2, *shape, UNITS)


@pytest.mark.parametrize(
    ("name", "settings", "notices"),
    [
        ("mean", {}, False),
        ("transformer", {"positions": "none"}, False),
        ("transformer", {"positions": "rotary"}, True),
        ("transformer", {"positions": "learnt"}, True),
        ("rnn", {"positions": "none", "cell": "lstm"}, True),
        ("rnn", {"positions": "sine", "cell": "gru"}, True),
        ("cnn3d", {}, True),
    ],
)
def test_who_knows_of_time_notices_that_frames_are_reversed(
    name: str, settings: dict[str, Any], notices: bool
) -> None:
    _, model = build(name, **settings)
    shake(model)
    x = tokens()
    forth = np.asarray(model(x)).mean(axis=1)
    back = np.asarray(model(x[:, ::-1])).mean(axis=1)
    assert np.allclose(forth, back, atol=1e-4) is not notices


@pytest.mark.parametrize("positions", ["learnt", "rotary", "sine"])
def test_the_same_weights_read_any_number_of_frames(positions: str) -> None:
    encoder, model = build("transformer", positions)
    shake(model)
    longer = network(encoder, 8)
    assert {v.path for v in longer.weights} == {v.path for v in model.weights}
    assert longer(tokens(8)).shape == (2, 8, TOKENS, UNITS)


def test_frames_shown_twice_change_nothing_where_time_is_not_known() -> None:
    encoder, model = build("transformer")
    shake(model)
    x = tokens()
    twice = np.asarray(network(encoder, 8)(np.repeat(x, 2, axis=1)))
    assert np.allclose(twice[:, ::2], np.asarray(model(x)), atol=1e-4)


def test_places_are_parts_of_the_clip_and_not_numbers() -> None:
    assert places(2).tolist() == [0.25, 0.75]
    assert places(4)[1] == pytest.approx(0.375)
    assert sine_table(4, 6).shape == (4, 6)
    cosines, sines = rotations(4, 8)
    assert cosines.shape == sines.shape == (4, 4)
    assert np.allclose(cosines**2 + sines**2, 1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"name": "magic"}, "unknown temporal encoder 'magic'; known: cnn3d, mean"),
        ({"positions": "magic"}, "unknown positions 'magic'"),
        ({"units": 6, "heads": 4}, "6 units have no even share for 4 heads"),
        ({"name": "rnn", "positions": "rotary"}, "rotary positions are a transformer's"),
        ({"name": "rnn", "positions": "none", "cell": "magic"}, "unknown cell 'magic'"),
    ],
)
def test_what_is_unknown_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        build_temporal(TemporalConfig(**settings))


def test_the_names_are_those_of_the_documents() -> None:
    assert sorted(TEMPORAL) == ["cnn3d", "mean", "none", "rnn", "transformer"]
