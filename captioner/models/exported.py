"""A model folder on OpenVINO without Keras: the folder's graphs and its weights are all it needs.

To import Keras and to build the network takes seconds and hundreds of megabytes; to read the graphs
that came of it, a tenth of a second.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from captioner.errors import ModelError
from captioner.models import folding, visual
from captioner.models.folder import ModelFolder
from captioner.models.inference import STATE, InferenceModel, Run
from captioner.models.saving import whole_file, write_whole
from captioner.models.visual import ENCODER
from captioner.runtime.graph_files import GraphFiles
from captioner.runtime.openvino_graphs import runner, with_tables
from captioner.types import Precision

MEMORY, STEP = "memory", "step"  # names of graphs


def graph_files(folder: ModelFolder) -> GraphFiles:
    """The files that the decoder's graphs of a model folder are made of."""
    return GraphFiles(
        names=(MEMORY, STEP),
        weights=("decoder.safetensors",),
        settings=("config.json",),
        locate=partial(whole_file, folder.path),
    )


def read_graphs(folder: ModelFolder) -> dict[str, Any] | None:
    """The graphs of a model folder; None where it has none, or those of another model.

    Raises:
        ModelError: a file is damaged.
    """
    try:
        encoder, decoder = visual.graph_files(folder.path).read(), graph_files(folder).read()
        return encoder | decoder if encoder and decoder else None
    except (OSError, ValueError) as error:
        raise ModelError(str(error)) from error


def write_graphs(folder: ModelFolder, graphs: Mapping[str, Any]) -> None:
    """Writes graphs that `keras_graphs.graphs_of` made into the model folder.

    Raises:
        OSError: the folder cannot be written.
        ValueError: the graphs are not those of the folder's weights.
    """

    def write(part: Path) -> None:
        visual.graph_files(folder.path).write(graphs, part)
        graph_files(folder).write(graphs, part)

    write_whole(folder.path, write)


class ExportedModel(InferenceModel):
    """A model that runs on OpenVINO.

    Args:
        folder: the model folder.
        graphs: as `read_graphs` or `keras_graphs.graphs_of` returns them.
        precision: what it computes with; None: what is quickest of those that change no caption
            for the worse.

    Raises:
        ModelError: the weights are damaged, or of other words.
    """

    any_captions = True

    def __init__(
        self, folder: ModelFolder, graphs: Mapping[str, Any], precision: Precision | None = None
    ):
        super().__init__(folder.config, folder.vocabulary, folder.generation)
        self._precision = precision
        self._graphs = {**graphs, STEP: with_tables(graphs[STEP], _tables(folder))}

    @property
    def on_openvino(self) -> bool:
        """See `InferenceModel.on_openvino`."""
        return True

    @property
    def grid(self) -> tuple[int, int]:
        """See `InferenceModel.grid`."""
        return visual.grid_of(self._graphs[ENCODER])

    @property
    def state_count(self) -> int:
        """See `InferenceModel.state_count`."""
        names = [x.get_friendly_name() for x in self._graphs[STEP].get_parameters()]
        return sum(name.startswith(STATE) for name in names)

    def _compile_encoder(self, streams: int) -> Run:
        return runner(self._graphs[ENCODER], streams, self._precision)

    def _compile_memory(self, streams: int) -> Run:
        return runner(self._graphs[MEMORY], streams, self._precision)

    def _compile_step(self, captions: int, streams: int) -> Run:
        return runner(self._graphs[STEP], streams, self._precision, zero_copy_outputs=1)


def _tables(folder: ModelFolder) -> dict[str, np.ndarray]:
    path = whole_file(folder.path, "decoder.safetensors")
    expected = len(folder.vocabulary), folder.config.decoder.units
    try:
        with safe_open(path, "numpy") as weights:
            found = tuple(weights.get_slice(folding.EMBEDDINGS).get_shape())
            names = folding.INPUTS.get(folder.config.decoder.name, ())
            inputs = {name: weights.get_tensor(name) for name in names}
    except SafetensorError as error:
        raise ModelError(f"{path} is damaged ({error}); copy the model folder again") from error
    if found != expected:
        raise ModelError(f"{path}: {folding.EMBEDDINGS} is {found}, expected {expected}")
    return folding.tables(folder.config.decoder, inputs)
