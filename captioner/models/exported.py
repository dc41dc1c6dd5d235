"""A model folder on OpenVINO without Keras: its graphs are made once, and kept on disk.

To import Keras and to build the network takes seconds and hundreds of megabytes; to read the graphs
that came of it, a quarter of a second.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from captioner.models.config import Precision
from captioner.models.errors import ModelError
from captioner.models.folder import FILES, INT8_ENCODER, ModelFolder
from captioner.models.inference import InferenceModel, Run
from captioner.models.openvino_graphs import converted, runner
from summarizer.graphs import GraphStore, read_graph

if TYPE_CHECKING:
    from captioner.models.caption_model import CaptionModel


class ExportedModel(InferenceModel):
    """A model that runs on OpenVINO, of graphs that are read from disk.

    Args:
        folder: the model folder.
        precision: what it computes with; None: what is quickest of those that change no caption
            for the worse. ``int8`` is for the encoder, which costs the most.
        cache: see `GraphStore`.

    Raises:
        ModelError: the folder has no encoder of this precision.
    """

    def __init__(
        self,
        folder: ModelFolder,
        precision: Precision | None = None,
        cache: Path | None = None,
    ):
        super().__init__(folder.config, folder.vocabulary, folder.generation)
        if precision == "int8" and not (folder.path / INT8_ENCODER).is_file():
            raise ModelError(
                f"{folder.path} has no {INT8_ENCODER}, which int8 needs; make it with "
                "python -m training.quantise, or take another precision"
            )
        self._precision = precision
        self._folder = folder.path
        code = sorted(Path(__file__).parent.glob("*.py"))
        weights = [folder.path / name for name in FILES]
        self._graphs = GraphStore(folder.path, (*weights, *code), ("keras",), cache)

    def _compile_memory(self, lanes: int) -> Run:
        if self._precision == "int8":
            return self._compile_quantised(lanes)
        graph = self._graph(
            "memory", lambda model: model.memory_graph(model.encoder.model, folded=True)
        )
        return runner(graph, lanes, self._precision)

    def _compile_quantised(self, lanes: int) -> Run:
        try:
            encoder = read_graph(self._folder / INT8_ENCODER)
        except ValueError as error:
            raise ModelError(str(error)) from error
        encode = runner(encoder, lanes)
        grid_only = self._graph(
            "grid-memory",
            lambda model: model.memory_graph(model.encoder.split(None)[1], folded=True),
        )
        remember = runner(grid_only, lanes)
        return lambda images: remember(*encode(images))

    def _compile_step(self, captions: int, lanes: int) -> Run:
        graph = self._graph(
            f"step-{captions}", lambda model: model.step_graph(captions, folded=True)
        )
        return runner(graph, lanes, self._precision, lent=1)

    def _graph(self, name: str, build: Callable[[CaptionModel], Any]) -> Any:
        graph = self._graphs.get(name)
        if graph is None:
            graph = converted(build(self._source))
            self._graphs.keep(name, graph)
        return graph

    @cached_property
    def _source(self) -> CaptionModel:
        from captioner.models.caption_model import CaptionModel

        return CaptionModel.load(self._folder)
