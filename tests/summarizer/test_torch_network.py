"""What is kept of a source changes nothing of what is written about it."""

import copy

import pytest
import torch

from summarizer import load_summarizer
from tests.fusion_makers import save_bart, save_t5

SOURCES = ["a dog runs in a park. a dog plays", "two girls", "a man rides a horse"]
TEXTS = ["a dog plays", "a man", "two girls play a guitar in a park"]


@pytest.fixture(params=[save_bart, save_t5])
def network(request, tmp_path):
    return load_summarizer(request.param(tmp_path / "model")).network


def encode(network, texts):
    encoded = network.tokenizer(texts, padding=True, return_tensors="pt")
    return {key: encoded[key] for key in ("input_ids", "attention_mask")}


@torch.inference_mode()
def test_a_search_finds_the_same(network):
    config = copy.deepcopy(network.model.generation_config)
    config.update(
        num_beams=4,
        num_return_sequences=4,
        do_sample=False,
        max_new_tokens=12,
        no_repeat_ngram_size=3,
    )
    ids = network.model.generate(**encode(network, SOURCES), generation_config=config)
    texts = network.tokenizer.batch_decode(ids, skip_special_tokens=True)
    reading = network.encode(SOURCES)
    for _ in range(2):  # the first leaves nothing behind
        assert [text for found in reading.search(4, 4, 12) for text in found] == texts


@torch.inference_mode()
def test_texts_are_as_likely(network):
    encoded = encode(network, [SOURCES[2]] * 3)
    labels = encode(network, TEXTS)
    present = labels["attention_mask"].bool()
    logits = network.model(**encoded, labels=labels["input_ids"]).logits.float()
    chosen = logits.log_softmax(-1).gather(-1, labels["input_ids"][..., None])[..., 0]
    expected = (chosen * present).sum(-1) / present.sum(-1)
    found = network.encode(SOURCES).log_probabilities(2, TEXTS, 48)
    assert found == pytest.approx(expected.tolist(), abs=0.02)  # bfloat16, and T5 masks no labels
