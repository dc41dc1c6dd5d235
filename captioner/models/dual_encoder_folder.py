"""The folder that holds a dual encoder; all of it is read without Keras.

A model folder::

    config.json              format, task, visual models, sizes of the towers
    tokenizer.json           word pieces, as the library `tokenizers` reads it
    model.safetensors        weights of both towers by name, int8 or float16
    image.xml, text.xml,     graphs that run on OpenVINO without Keras; made by training.export, and
    graphs.bin               may be missing
    calibration.safetensors  sentences of many kinds, as vectors, by which an index finds its
                             cut-off; may be missing
    training.csv, README.md  curves and model card; not read
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from captioner.errors import ModelError
from captioner.models.dual_encoder_config import TASK, DualEncoderConfig
from captioner.models.folder import check_format, check_task, unreadable
from captioner.models.saving import whole_file
from captioner.runtime.graph_files import GraphFiles
from captioner.runtime.quantised import dequantised

IMAGE, TEXT = "image", "text"  # names of graphs
WEIGHTS, TOKENIZER, CALIBRATION = "model.safetensors", "tokenizer.json", "calibration.safetensors"
FILES = ("config.json", TOKENIZER, WEIGHTS)


@dataclass(frozen=True)
class DualEncoderFolder:
    """What a model folder says of its model.

    Attributes:
        path: the folder.
        config: the architecture.
        tokenizer: sentences to word pieces.
    """

    path: Path
    config: DualEncoderConfig
    tokenizer: Tokenizer

    @property
    def graph_files(self) -> GraphFiles:
        """The files that its graphs are made of."""
        return GraphFiles(
            names=(IMAGE, TEXT),
            weights=(WEIGHTS,),
            settings=("config.json",),
            locate=partial(whole_file, self.path),
        )

    @cached_property
    def digest(self) -> str:
        """What tells it from any other model: of settings, word pieces and weights."""
        digest = hashlib.sha256()
        for name in FILES:
            digest.update(whole_file(self.path, name).read_bytes())
        return digest.hexdigest()[:16]

    def features(self) -> int:
        """How many numbers of a picture its image tower takes.

        Raises:
            ModelError: the weights are damaged.
        """
        try:
            with safe_open(whole_file(self.path, WEIGHTS), "numpy") as weights:
                size: int = weights.get_slice("image_standardise/mean").get_shape()[0]
                return size
        except (OSError, SafetensorError) as error:
            raise self.damaged(WEIGHTS, error) from error

    def weights(self) -> dict[str, np.ndarray]:
        """All weights by name.

        Raises:
            ModelError: they are damaged.
        """
        try:
            return dequantised(load_file(whole_file(self.path, WEIGHTS)))
        except (OSError, KeyError, SafetensorError) as error:
            raise self.damaged(WEIGHTS, error) from error

    def graphs(self) -> dict[str, Any] | None:
        """Its graphs, each an `openvino.Model`; None where it has none, or those of another model.

        Raises:
            ModelError: a file is damaged.
        """
        try:
            return self.graph_files.read()
        except (OSError, ValueError) as error:
            raise ModelError(str(error)) from error

    def random_queries(self) -> np.ndarray | None:
        """Sentences of many kinds in the common space, float32 [Q, D]; None: it has none.

        Raises:
            ModelError: they are damaged.
        """
        path = whole_file(self.path, CALIBRATION)
        if not path.is_file():
            return None
        try:
            return load_file(path)["queries"].astype(np.float32)
        except (OSError, KeyError, SafetensorError) as error:
            raise self.damaged(CALIBRATION, error) from error

    def damaged(self, name: str, error: object) -> ModelError:
        """What to raise where a file cannot be read."""
        return ModelError(f"{self.path / name} is damaged ({error}); copy the model folder again")


def is_dual_encoder(path: Path) -> bool:
    """Whether a folder says that it is one."""
    try:
        values = json.loads(whole_file(path, "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(values, dict) and values.get("task") == TASK


def read_dual_encoder(path: str | Path) -> DualEncoderFolder:
    """Reads all but the weights.

    Raises:
        ModelError: a file is missing or damaged, or it is a model for something else.
    """
    path = Path(path)
    for name in FILES:
        if not whole_file(path, name).is_file():
            raise ModelError(f"{path} is not a folder of a dual encoder: it has no {name}")
    try:
        values = json.loads(whole_file(path, "config.json").read_text(encoding="utf-8"))
        check_task(path, values, TASK)
        check_format(path, values)
        config = DualEncoderConfig.from_dict(values)
        tokenizer = read_tokenizer(whole_file(path, TOKENIZER), config.text.max_tokens)
        return DualEncoderFolder(path, config, tokenizer)
    except ModelError:
        raise
    except (OSError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise unreadable(path, error) from error


def read_tokenizer(path: Path, max_tokens: int) -> Tokenizer:
    """Word pieces of a ``tokenizer.json``, of at most so many a sentence.

    Raises:
        ValueError: the file is damaged.
    """
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises no type of its own
        raise ValueError(f"{path} cannot be read: {error}") from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def encode(tokenizer: Tokenizer, texts: Sequence[str], length: int | None = None) -> np.ndarray:
    """Sentences as the text tower takes them.

    Args:
        tokenizer: makes word pieces of them.
        texts: the sentences.
        length: the width of the result; None: that of the longest sentence.

    Returns:
        int32 [N, length], filled up with zeros.
    """
    rows = [encoding.ids for encoding in tokenizer.encode_batch(list(texts))]
    width = length or max(map(len, rows), default=1)
    pieces = np.zeros((len(rows), width), np.int32)
    for row, ids in zip(pieces, rows, strict=True):
        row[: len(ids)] = ids[:width]
    return pieces
