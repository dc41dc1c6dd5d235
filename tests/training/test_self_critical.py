import keras
import numpy as np
import pytest

from captioner.models.decoding import DecodingOptions
from captioner.models.vocabulary import PAD
from tests.models.test_caption_model import WORDS, tiny_model
from training.captioning.self_critical import (
    PolicyGradient,
    Reward,
    RewardOfEach,
    Searcher,
    advantages,
)
from training.data.batches import CaptionBatches

REFERENCES = [["a dog runs", "the dog runs fast"], ["a cat sleeps", "one cat is asleep"]]


def test_a_caption_is_worth_more_the_more_it_agrees_with_its_own_photo():
    reward = Reward(REFERENCES)
    exact, near, other = reward(["a dog runs", "a dog sleeps", "a dog runs"], [0, 0, 1])
    assert exact > near > other


def test_stopping_too_early_costs():
    reward = Reward(REFERENCES)
    whole, cut = reward(["the dog runs fast", "the dog runs"], [0, 0])
    assert whole > cut


def test_bleu_is_added_by_its_weight():
    captions, photos = ["a dog runs", "a dog sleeps"], [0, 0]
    plain = Reward(REFERENCES)(captions, photos)
    more = Reward(REFERENCES, bleu=0.5)(captions, photos) - plain
    assert more[0] == pytest.approx(0.5)  # it is one of the references
    assert 0 < more[1] < more[0]


def test_each_caption_is_judged_against_the_others_of_its_photo():
    better = advantages(np.array([[1.0, 2.0, 6.0], [3.0, 3.0, 3.0]]))
    np.testing.assert_allclose(better, [[-3.0, -1.5, 4.5], [0.0, 0.0, 0.0]])


def test_the_loss_is_the_log_probability_of_the_real_words():
    logits = np.log(np.array([[[[0.1, 0.9], [0.5, 0.5], [0.2, 0.8]]]], np.float32))
    targets = np.array([[[1, 1, PAD]]])
    assert PAD == 0
    loss = PolicyGradient()(targets, logits, sample_weight=np.array([[2.0]], np.float32))
    assert float(loss) == pytest.approx(2 * -np.log(0.9 * 0.5) / 2, rel=1e-5)


def test_what_is_found_comes_back_as_a_batch_to_learn_from():
    keras.utils.set_random_seed(0)  # weights by which not all photos have the same captions
    model = tiny_model()
    _, head = model.encoder.split(None)
    random = np.random.default_rng(0)
    shape = (4, *head.input.shape[1:])
    features = list(random.normal(size=shape).astype(np.float16))
    captions = [[" ".join(WORDS[:3])], [WORDS[0]], [WORDS[1]], [" ".join(WORDS[1:4])]]
    batches = CaptionBatches(
        [features, features],
        captions,
        model.vocabulary,
        max_words=model.config.max_words,
        batch_size=4,
        captions_per_image=1,
        seed=1,
    )
    search = DecodingOptions(beams=3, max_words=model.config.max_words)
    searcher = Searcher(model, head, batches, Reward(captions), search)
    (seen, tokens), targets, weights, reward = searcher.find(0)
    assert seen.shape == shape
    assert tokens.shape == targets.shape == (4, 3, model.config.max_words + 1)
    assert (tokens[:, :, 1:] == targets[:, :, :-1]).all()
    np.testing.assert_allclose(weights.sum(axis=1), 0, atol=1e-5)
    assert len({tuple(row) for row in tokens.reshape(-1, tokens.shape[-1])}) > 1
    assert reward >= 0
    again = searcher.find(0)
    assert np.array_equal(again[1], targets)
    batches.on_epoch_end()
    assert not np.array_equal(searcher.find(0)[1], targets)


def test_each_data_set_has_its_own_rare_words():
    first = [["a dog runs"], ["a cat sits"]]
    second = [["a man sings"], ["a man talks"], ["a man cooks"]]
    judges = [Reward(first), Reward(second)]
    together = RewardOfEach([(judges[0], 2), (judges[1], 3)])
    captions = ["a man cooks", "a dog runs", "a cat sits", "a man sings"]
    expected = [judges[1](["a man cooks"], [2])[0], 10.0, 10.0, 10.0]
    np.testing.assert_allclose(together(captions, [4, 0, 1, 2]), expected, rtol=1e-6)
