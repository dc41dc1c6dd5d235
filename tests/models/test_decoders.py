"""The decoder's layers against their formulas, written in NumPy, one word after the other."""

import numpy as np
import pytest
from keras import ops

from captioner.models.decoders.attention import GridAttention
from captioner.models.decoders.lstm import CaptionLSTM

_IMAGES, _CAPTIONS, _WORDS, _INPUTS, _UNITS = 2, 3, 4, 5, 6


def uniform(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def numbers(tensors):
    return [ops.convert_to_numpy(tensor) for tensor in tensors]


def test_lstm():
    lstm = CaptionLSTM(_UNITS)
    inputs = uniform(_IMAGES, _CAPTIONS, _WORDS, _INPUTS)
    hidden, cell = uniform(2, _IMAGES, _CAPTIONS, _UNITS, seed=1)
    lstm.build(inputs.shape)
    kernel, bias = uniform(_INPUTS, 4 * _UNITS, seed=2), uniform(4 * _UNITS, seed=3)
    recurrent = uniform(_UNITS, 4 * _UNITS, seed=4)
    lstm.input_gates.set_weights([kernel, bias])
    lstm.state_gates.set_weights([recurrent])
    found = numbers(lstm(inputs, hidden, cell))

    outputs = np.empty((_IMAGES, _CAPTIONS, _WORDS, _UNITS))
    for word in range(_WORDS):
        gates = inputs[:, :, word] @ kernel + hidden @ recurrent + bias
        enter, forget, candidate, leave = np.split(gates, 4, axis=-1)
        cell = sigmoid(forget + 1) * cell + sigmoid(enter) * np.tanh(candidate)
        hidden = sigmoid(leave) * np.tanh(cell)
        outputs[:, :, word] = hidden
    for mine, theirs in zip(found, (outputs, hidden, cell), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)


@pytest.mark.parametrize("heads", [1, 3])
def test_attention(heads):
    positions = 7
    layer = GridAttention(heads)
    query = uniform(_IMAGES, _CAPTIONS, _WORDS, _UNITS)
    keys, values = 3 * uniform(2, _IMAGES, positions, _UNITS, seed=1)
    seen, where = numbers(layer(query, layer.split(keys), layer.split(values)))

    size = _UNITS // heads
    for image, caption, word in np.ndindex(query.shape[:3]):
        looked = np.zeros(positions)
        for head in range(heads):
            own = slice(head * size, (head + 1) * size)
            scores = keys[image, :, own] @ query[image, caption, word, own] / np.sqrt(size)
            weights = np.exp(scores) / np.exp(scores).sum()
            looked += weights / heads
            expected = weights @ values[image, :, own]
            np.testing.assert_allclose(seen[image, caption, word, own], expected, atol=1e-5)
        np.testing.assert_allclose(where[image, caption, word], looked, atol=1e-5)
