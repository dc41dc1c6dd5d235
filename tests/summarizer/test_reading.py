"""What is kept of a source changes nothing of what is written about it."""

import copy

import pytest
import torch

from summarizer import load_summarizer
from summarizer.reading import Reading
from tests.fusion_makers import save_bart, save_t5

SOURCES = ["a dog runs in a park. a dog plays", "two girls", "a man rides a horse"]


@pytest.fixture(params=[save_bart, save_t5])
def loaded(request, tmp_path):
    found = load_summarizer(request.param(tmp_path / "model"))
    return found.model, found.tokenizer(SOURCES, padding=True, return_tensors="pt")


def sources(encoded):
    return {key: encoded[key] for key in ("input_ids", "attention_mask")}


@torch.inference_mode()
def test_a_search_finds_the_same(loaded):
    model, encoded = loaded
    config = copy.deepcopy(model.generation_config)
    config.update(num_beams=4, num_return_sequences=4, do_sample=False, max_new_tokens=12)
    expected = model.generate(**sources(encoded), generation_config=config)
    reading = Reading(model, sources(encoded))
    for _ in range(2):  # the first leaves nothing behind
        found = model.generate(**reading.for_search(4), generation_config=config)
        assert torch.equal(found, expected)


@torch.inference_mode()
def test_texts_are_as_likely(loaded):
    model, encoded = loaded
    owners = [0, 2, 2, 1, 0]
    labels = torch.randint(4, model.config.vocab_size, (5, 6))
    memory = model.get_encoder()(**sources(encoded))
    memory["last_hidden_state"] = memory.last_hidden_state[owners]
    mask = encoded["attention_mask"][owners]
    expected = model(encoder_outputs=memory, attention_mask=mask, labels=labels).logits
    reading = Reading(model, sources(encoded))
    found = model(**reading.for_texts(owners), labels=labels).logits
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
