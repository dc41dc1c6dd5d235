"""The Keras network of a dual encoder, from its folder and into it, and its graphs for OpenVINO."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from keras import ops
from safetensors.numpy import save
from tokenizers import Tokenizer

from captioner.models.caption_model import assign_weights
from captioner.models.dual_encoder import DualEncoder
from captioner.models.dual_encoder_config import FORMAT, TASK
from captioner.models.dual_encoder_folder import (
    CALIBRATION,
    IMAGE,
    TEXT,
    TOKENIZER,
    WEIGHTS,
    DualEncoderFolder,
)
from captioner.models.folder import unreadable
from captioner.models.saving import whole_file, write_whole
from captioner.runtime.quantised import quantised

_LARGE = 65_536  # numbers of a matrix, from which on a byte each is worth it


def load_network(folder: DualEncoderFolder) -> DualEncoder:
    """The network with the folder's weights.

    Raises:
        ModelError: they are damaged, or of another network.
    """
    try:
        network = DualEncoder(folder.config, folder.features(), folder.tokenizer.get_vocab_size())
    except (KeyError, TypeError, ValueError) as error:
        raise unreadable(folder.path, error) from error
    assign_weights(network.variables(), folder.weights(), str(whole_file(folder.path, WEIGHTS)))
    return network


def save_network(
    network: DualEncoder, tokenizer: Tokenizer, folder: Path, queries: np.ndarray | None = None
) -> None:
    """Writes the model folder; other files of the folder stay.

    Args:
        network: its large matrices are kept as int8, the other weights in half precision.
        tokenizer: the text tower's.
        folder: made where it is missing.
        queries: sentences of many kinds in the common space [Q, D], for the cut-off; or None.

    Raises:
        OSError: the folder cannot be written.
    """
    write_whole(folder, partial(_write, network, tokenizer, queries))


def _write(
    network: DualEncoder, tokenizer: Tokenizer, queries: np.ndarray | None, folder: Path
) -> None:
    config = {"format": FORMAT, "task": TASK, **asdict(network.config)}
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    tokenizer.save(str(folder / TOKENIZER), pretty=False)
    arrays: dict[str, np.ndarray] = {}
    for name, variable in network.variables().items():
        arrays |= _stored(name, np.asarray(ops.convert_to_numpy(variable.value)))
    (folder / WEIGHTS).write_bytes(save(arrays))
    if queries is not None:
        kept = {"queries": np.ascontiguousarray(queries, np.float16)}
        (folder / CALIBRATION).write_bytes(save(kept))


def _stored(name: str, array: np.ndarray) -> dict[str, np.ndarray]:
    """A weight as the folder keeps it: a large matrix as int8, all else in half precision."""
    if array.ndim == 2 and array.size >= _LARGE:
        # Each piece has a scale of its own, and so has each unit of a kernel, which is a column.
        return quantised(name, array, axis=1 if name == "pieces/embeddings" else 0)
    return {name: array.astype(np.float16)}


def graph_of(network: DualEncoder, name: str) -> Any:
    """The graph of this name, a `keras.Model`."""
    if name == IMAGE:
        return network.image_graph()
    return network.text_graph(network.config.text.max_tokens)


def graphs_of(network: DualEncoder) -> dict[str, Any]:
    """Both graphs, each an `openvino.Model`, whose constants have the names of the weights.

    Args:
        network: built on Keras's OpenVINO backend.
    """
    from captioner.runtime.openvino_graphs import converted

    for name, variable in network.variables().items():
        variable.value.output.get_node().set_friendly_name(name)
    return {name: converted(graph_of(network, name)) for name in (IMAGE, TEXT)}


def write_graphs(folder: DualEncoderFolder, graphs: Mapping[str, Any]) -> None:
    """Writes the graphs that `graphs_of` made into the model folder.

    Raises:
        OSError: the folder cannot be written.
        ValueError: the graphs are not those of the folder's weights.
    """
    write_whole(folder.path, partial(folder.graph_files.write, graphs))
