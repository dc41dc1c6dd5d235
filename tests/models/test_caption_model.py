import gc
import json
import weakref

import keras
import numpy as np
import pytest

from captioner.errors import ModelError
from captioner.models.caption_model import CaptionModel
from captioner.models.config import CaptionModelConfig, DecoderConfig, EncoderConfig
from captioner.models.decoding import DecodingOptions, decode
from captioner.models.vocabulary import START, Vocabulary
from captioner.runtime.keras_graphs import compiled

DECODERS = ["lstm", "attention-lstm", "transformer"]
WORDS = ["a", "dog", "runs", "cat", "sits"]


def tiny_model(decoder="attention-lstm", *, encoder=None, standardise=False, words=WORDS):
    config = CaptionModelConfig(
        encoder or EncoderConfig(image_size=71),
        DecoderConfig(decoder, units=16, heads=4, standardise=standardise),
        max_words=6,
    )
    return CaptionModel(config, Vocabulary(words))


def _images(count=3):
    return np.random.default_rng(0).integers(0, 256, (count, 71, 71, 3)).astype(np.uint8)


@pytest.mark.parametrize("decoder", DECODERS)
def test_stepping_word_by_word_gives_the_training_graphs_logits(decoder):
    model = tiny_model(decoder)
    _, head = model.encoder.split(None)
    tokens = np.random.default_rng(1).integers(4, 9, (3, 2, 7)).astype(np.int32)
    tokens[:, :, 0] = START
    grid = np.random.default_rng(2).normal(size=(3, *head.input.shape[1:])).astype(np.float32)
    logits = np.asarray(model.training_graph(head, 2)([grid, tokens], training=False))
    expected = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)

    starts, memory = model.encode(grid, head)
    states = [np.repeat(state[:, None], 2, axis=1) for state in starts]
    for position in range(7):
        found, where, states = model.step(tokens[:, :, position : position + 1], states, memory)
        np.testing.assert_allclose(found, expected[:, :, position], atol=2e-4)
        np.testing.assert_allclose(where.sum(axis=-1), 1, atol=1e-4)


@pytest.mark.parametrize("decoder", DECODERS)
def test_folded_graphs_give_the_same(decoder):
    model = tiny_model(decoder)
    random = np.random.default_rng(1)
    for variable in model.decoder_variables().values():
        variable.assign(random.normal(scale=0.5, size=variable.shape))  # biases are 0 at first
    _, head = model.encoder.split(None)
    grid = random.normal(size=(3, *head.input.shape[1:])).astype(np.float32)
    tokens = random.integers(4, 9, (3, 2, 1)).astype(np.int32)
    count = model.state_count
    shapes = model.decoder.state_shapes
    states = [random.uniform(0, 3, size=(3, 2, *shape)).astype(np.float32) for shape in shapes]

    def stepped(folded):
        memory = compiled(model.memory_graph(head, folded))(grid)[count:]
        tables = model.decoder.tables().values() if folded else ()
        return compiled(model.step_graph(2, folded))(tokens, *states, *memory, *tables)

    for mine, theirs in zip(stepped(folded=True), stepped(folded=False), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)


@pytest.mark.parametrize("decoder", DECODERS)
def test_channels_are_standardised_by_what_was_seen_in_training(tmp_path, decoder):
    plain, model = tiny_model(decoder), tiny_model(decoder, standardise=True)
    moments = {"grid_standardised/moving_mean", "grid_standardised/moving_variance"}
    assert model.decoder_variables().keys() - plain.decoder_variables().keys() == moments
    for name, variable in plain.decoder_variables().items():
        model.decoder_variables()[name].assign(variable)
    random = np.random.default_rng(0)
    mean, spread = random.normal(size=1024), random.uniform(0.5, 2, size=1024)
    model.decoder_variables()["grid_standardised/moving_mean"].assign(mean)
    model.decoder_variables()["grid_standardised/moving_variance"].assign(spread**2)
    model.save(tmp_path / "model")
    again = CaptionModel.load(tmp_path / "model")
    _, head = model.encoder.split(None)
    standard = random.normal(size=(3, *head.input.shape[1:])).astype(np.float32)
    expected, _ = plain.encode(standard, head)
    starts, _ = again.encode((standard * spread + mean).astype(np.float32), head)
    for mine, theirs in zip(starts, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=5e-3)  # float16 on disk


def test_a_model_from_before_there_was_a_standardised_grid_is_read(tmp_path):
    tiny_model().save(tmp_path / "model")
    config = json.loads((tmp_path / "model" / "config.json").read_text())
    del config["decoder"]["standardise"]
    (tmp_path / "model" / "config.json").write_text(json.dumps(config))
    assert not CaptionModel.load(tmp_path / "model").config.decoder.standardise


@pytest.mark.parametrize("decoder", DECODERS)
def test_a_saved_model_writes_the_same_captions(tmp_path, decoder):
    model = tiny_model(decoder)
    model.generation = DecodingOptions(beams=2, max_words=4)
    model.save(tmp_path / "model")
    again = CaptionModel.load(tmp_path / "model")
    assert again.config == model.config
    assert again.generation == model.generation
    assert again.vocabulary.words == model.vocabulary.words
    first = decode(model, *model.encode(_images()), model.generation)
    second = decode(again, *again.encode(_images()), again.generation)
    for mine, theirs in zip(first, second, strict=True):
        assert mine[0].score == pytest.approx(theirs[0].score, abs=5e-3)  # float16 on disk


def test_a_head_lives_as_long_as_what_was_compiled_of_it():
    model = tiny_model("lstm")
    shape = model.encoder.split(None)[1].input.shape[1:]
    features = keras.Input(shape)
    head = keras.Model(features, features * 2.0)
    model.encode(np.zeros((1, *shape), np.float32), head)
    alive = weakref.ref(head)
    del head
    gc.collect()
    assert (
        alive() is not None
    )  # or another one may come to its place in memory, and be taken for it


def test_a_cache_that_is_full_stays_and_the_search_goes_on():
    model = tiny_model("transformer")
    found = decode(model, *model.encode(_images(1)), DecodingOptions(beams=2, max_words=12))
    assert all(0 < len(hypothesis.ids) <= 12 for hypothesis in found[0])
    assert all(np.isfinite(hypothesis.score) for hypothesis in found[0])


@pytest.mark.parametrize("decoder", DECODERS)
def test_the_image_decides_the_caption(decoder):
    model = tiny_model(decoder)
    _, memory = model.encode(_images())
    assert np.abs(memory[0][0] - memory[0][1]).max() > 0


@pytest.mark.parametrize(
    "name", ["config.json", "vocabulary.txt", "encoder.safetensors", "decoder.safetensors"]
)
def test_a_missing_file_is_named(tmp_path, name):
    tiny_model("lstm").save(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(ModelError, match=name):
        CaptionModel.load(tmp_path)


def test_damaged_files_are_named(tmp_path):
    tiny_model("lstm").save(tmp_path)
    weights = tmp_path / "decoder.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match=r"decoder\.safetensors is damaged"):
        CaptionModel.load(tmp_path)
    weights.write_bytes(whole)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ModelError, match="configuration"):
        CaptionModel.load(tmp_path)


def test_weights_of_another_vocabulary_do_not_fit(tmp_path):
    tiny_model("lstm").save(tmp_path)
    (tmp_path / "vocabulary.txt").write_text("a\ndog\n")
    with pytest.raises(ModelError, match=r"words/embeddings is \(9, 16\), expected \(6, 16\)"):
        CaptionModel.load(tmp_path)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (DecoderConfig(name="gru"), "known: attention-lstm, lstm, transformer"),
        (DecoderConfig(units=10, heads=3), "3 heads"),
    ],
)
def test_impossible_decoders_are_refused(config, message):
    with pytest.raises(ModelError, match=message):
        CaptionModel(CaptionModelConfig(EncoderConfig(image_size=71), config), Vocabulary(WORDS))
