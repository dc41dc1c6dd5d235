"""Searching with a CLIP of transformers: a tiny one with random weights."""

import numpy as np
import pytest

from captioner.errors import ModelError
from captioner.search.loading import load_retriever
from tests.makers import photo, plain, save_photo


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    import torch
    from transformers import (
        BertTokenizerFast,
        CLIPConfig,
        CLIPImageProcessorPil,
        CLIPModel,
        CLIPProcessor,
    )

    from captioner.runtime.hub import quiet

    folder = tmp_path_factory.mktemp("hub") / "tiny-clip"
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "red", "blue", "dog"]
    vocabulary = folder.parent / "vocab.txt"
    vocabulary.write_text("\n".join(words))
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1}
    config = CLIPConfig(
        text_config={
            **sizes, "num_attention_heads": 2, "vocab_size": len(words), "eos_token_id": 3,
            "max_position_embeddings": 16, "pad_token_id": 0, "bos_token_id": 2,
        },
        vision_config={**sizes, "num_attention_heads": 2, "image_size": 32, "patch_size": 16},
        projection_dim=24,
    )  # fmt: skip
    with quiet():
        CLIPModel(config).save_pretrained(folder)
        square = {"height": 32, "width": 32}
        images = CLIPImageProcessorPil(size=square, crop_size=square)
        CLIPProcessor(images, BertTokenizerFast(str(vocabulary))).save_pretrained(folder)
    return folder


def test_a_clip_by_its_folder_finds_the_same_picture(clip, tmp_path):
    retriever = load_retriever(clip)
    save_photo(tmp_path / "one.png", photo(64, 64))
    save_photo(tmp_path / "red.png", plain((200, 0, 0)))
    index = retriever.index(tmp_path)
    for name in ("one.png", "red.png"):
        best = index.search([f"@{tmp_path / name}"], min_score=-1)[0]
        assert best.file_name == name
        assert best.score > 0.99
    assert len(index.search("a red dog", min_score=-1)) == 2


def test_its_embeddings_have_unit_length_whatever_the_batch(clip):
    retriever = load_retriever(clip)
    texts = retriever.embed_texts(["a dog", "a red dog", "blue"])
    assert texts.shape == (3, 24) == (3, retriever.dimensions)
    assert np.allclose(np.linalg.norm(texts, axis=1), 1, atol=1e-5)
    alone = retriever.embed_texts(["blue"])
    assert np.allclose(alone[0], texts[2], atol=1e-4)
    assert retriever.embed_images([]).shape == (0, 24)
    assert retriever.embed_texts([]).shape == (0, 24)
    images = [plain((9, 9, 9)), photo(100, 3)]
    assert np.allclose(np.linalg.norm(retriever.embed_images(images), axis=1), 1, atol=1e-5)


def test_what_is_none_is_refused_with_the_remedy(tmp_path):
    with pytest.raises(ModelError, match=r"what ships is"):
        load_retriever("no-such-model")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelError, match=r"save_pretrained"):
        load_retriever(tmp_path)
