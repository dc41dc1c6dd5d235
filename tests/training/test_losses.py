"""The losses against their formulas, written in NumPy, one word after the other."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest

from captioner.models.vocabulary import PAD
from training.captioning.cross_entropy import SmoothedCrossEntropy
from training.captioning.distillation import DistilledCrossEntropy, beside_teachers
from training.captioning.self_critical import PolicyGradient

_IMAGES, _CAPTIONS, _WORDS, _VOCABULARY = 3, 2, 5, 7


@pytest.fixture(name="batch")
def _batch():
    """Targets whose ends are padding, one of them all of it, and logits."""
    random = np.random.default_rng(0)
    shape = (_IMAGES, _CAPTIONS, _WORDS)
    targets = random.integers(PAD + 1, _VOCABULARY, shape).astype(np.int32)
    for caption, length in enumerate([5, 3, 1, 0, 4, 2]):
        targets[caption // _CAPTIONS, caption % _CAPTIONS, length:] = PAD
    return targets, random.normal(scale=3, size=(*shape, _VOCABULARY)).astype(np.float32)


def log_softmax(logits):
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))


def over_real_words(targets, loss_of_word):
    """The mean of ``loss_of_word(image, caption, word)`` where the target is no padding."""
    places = [place for place in np.ndindex(targets.shape) if targets[place] != PAD]
    return np.mean([loss_of_word(place) for place in places])


def smoothed(targets, logits, smoothing):
    """Cross-entropy with (1 - s) on the true word and s spread evenly over all V words."""
    logs = log_softmax(logits.astype(np.float64))

    def of_word(place):
        aim = np.full(_VOCABULARY, smoothing / _VOCABULARY)
        aim[targets[place]] += 1 - smoothing
        return -(aim * logs[place]).sum()

    return over_real_words(targets, of_word)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
def test_cross_entropy_with_label_smoothing(batch, smoothing):
    found = float(SmoothedCrossEntropy(smoothing)(*batch))
    assert found == pytest.approx(smoothed(*batch, smoothing), rel=1e-5)


def test_what_is_predicted_for_padding_costs_nothing(batch):
    targets, logits = batch
    other = np.where((targets == PAD)[..., None], logits[..., ::-1] * 2, logits)
    assert not np.allclose(logits, other)
    for loss in (SmoothedCrossEntropy(0.1), PolicyGradient()):
        assert float(loss(targets, other)) == pytest.approx(float(loss(targets, logits)), rel=1e-6)


@pytest.mark.parametrize("loss", [SmoothedCrossEntropy(0.1), PolicyGradient()])
def test_nothing_but_padding_costs_nothing(batch, loss):
    targets, logits = batch
    assert float(loss(np.full_like(targets, PAD), logits)) == 0


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_distillation(batch, share):
    targets, logits = batch
    random = np.random.default_rng(1)
    taught = log_softmax(random.normal(size=logits.shape)) + 0.5  # a mean of several: no sum of 1
    probabilities = np.exp(taught) / np.exp(taught).sum(axis=-1, keepdims=True)
    logs = log_softmax(logits.astype(np.float64))
    soft = over_real_words(targets, lambda place: -(probabilities[place] * logs[place]).sum())
    expected = (1 - share) * smoothed(targets, logits, 0.1) + share * soft
    both = np.concatenate([logits, taught.astype(np.float32)], axis=-1)
    found = float(DistilledCrossEntropy(share, 0.1)(targets, both))
    assert found == pytest.approx(expected, rel=1e-5)


def test_several_teachers_say_the_mean_of_their_log_probabilities(batch):
    _, logits = batch
    inputs = [keras.Input(logits.shape[1:]), keras.Input(logits.shape[1:3], dtype="int32")]

    def network(factor):
        return keras.Model(inputs, inputs[0] * factor)

    teachers = [
        SimpleNamespace(
            encoder=SimpleNamespace(split=lambda _: (None, None)),
            training_graph=lambda *_, factor=factor: network(factor),
        )
        for factor in (2.0, -1.0)
    ]
    both = beside_teachers(network(3.0), teachers, _CAPTIONS, None)
    student, taught = np.split(np.asarray(both([logits, batch[0]])), 2, axis=-1)
    np.testing.assert_allclose(student, 3 * logits, rtol=1e-5)
    expected = (log_softmax(2 * logits) + log_softmax(-logits)) / 2
    np.testing.assert_allclose(taught, expected, rtol=1e-5, atol=1e-5)


def test_the_self_critical_loss(batch):
    targets, logits = batch
    advantages = np.random.default_rng(2).normal(size=targets.shape[:2]).astype(np.float32)
    logs = log_softmax(logits.astype(np.float64))
    expected = 0.0
    for image, caption, word in np.ndindex(targets.shape):
        if (true := targets[image, caption, word]) != PAD:
            expected -= advantages[image, caption] * logs[image, caption, word, true]
    expected /= (targets != PAD).sum()  # a sum over captions by words, so the mean of all words
    found = float(PolicyGradient()(targets, logits, sample_weight=advantages))
    assert found == pytest.approx(expected, rel=1e-5)
