"""An answerer's network of Keras to and from its folder, and its graphs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from keras import ops
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from captioner.errors import ModelError
from captioner.models.answer_config import TASK, AnswerConfig
from captioner.models.answer_folder import (
    LOOK,
    WEIGHTS,
    WRITE,
    AnswerFolder,
    read_answer_folder,
)
from captioner.models.answer_network import AnswerNetwork
from captioner.models.caption_model import assign_weights
from captioner.models.folder import FORMAT
from captioner.models.saving import whole_file, write_whole
from captioner.models.vocabulary import Vocabulary
from captioner.runtime.openvino_graphs import converted


def save_answerer(
    folder: Path, config: AnswerConfig, vocabulary: Vocabulary, variables: Mapping[str, Any]
) -> None:
    """Writes the folder whole or not at all; other files of it stay.

    Args:
        folder: where to; made where it is missing.
        config: the architecture.
        vocabulary: the words.
        variables: `AnswerNetwork.variables`.

    Raises:
        OSError: the folder cannot be written.
    """
    # Half precision halves the file; dev scores are of networks that were saved so.
    arrays = {
        name: np.asarray(ops.convert_to_numpy(variable.value)).astype(np.float16)
        for name, variable in variables.items()
    }
    described = {"format": FORMAT, "task": TASK, **config.to_dict()}

    def write(part: Path) -> None:
        (part / "config.json").write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")
        vocabulary.save(part / "vocabulary.txt")
        (part / WEIGHTS).write_bytes(save(arrays))

    write_whole(folder, write)


def load_network(folder: AnswerFolder) -> tuple[AnswerNetwork, dict[str, Any]]:
    """The network of Keras with the folder's weights, and its variables by name.

    Raises:
        ModelError: the weights are damaged, or of another network.
    """
    network = AnswerNetwork(folder.config, len(folder.vocabulary))
    variables = network.variables()
    path = whole_file(folder.path, WEIGHTS)
    try:
        arrays = load_file(path)
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{path} is damaged ({error}); copy the model folder again") from error
    assign_weights(variables, arrays, str(path))
    return network, variables


def export_answerer(path: Path) -> tuple[str, ...]:
    """Writes the graphs of an answerer's folder into it; returns their names.

    Keras runs on its OpenVINO backend.

    Raises:
        ModelError: the folder is damaged.
        OSError: the folder cannot be written.
        ValueError: the graphs are not those of the folder's weights.
    """
    folder = read_answer_folder(path)
    network, variables = load_network(folder)
    for name, variable in variables.items():
        variable.value.output.get_node().set_friendly_name(name)
    graphs = {LOOK: converted(network.look_graph()), WRITE: converted(network.write_graph())}
    write_whole(folder.path, partial(folder.graph_files.write, graphs))
    return LOOK, WRITE
