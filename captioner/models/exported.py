"""A model folder on OpenVINO without Keras: its graphs are made once, and kept on disk.

To import Keras and to build the network takes seconds and hundreds of megabytes; to read the graphs
that came of it, a quarter of a second.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from captioner.models.config import Precision
from captioner.models.folder import FILES, ModelFolder
from captioner.models.inference import InferenceModel, Run
from captioner.models.openvino_graphs import converted, runner
from captioner.models.saving import whole_file
from summarizer.graphs import GraphStore

if TYPE_CHECKING:
    from captioner.models.caption_model import CaptionModel

_MEMORY, _STEP = "memory", "step-"  # names of graphs


class ExportedModel(InferenceModel):
    """A model that runs on OpenVINO, of graphs that are read from disk.

    Args:
        folder: the model folder.
        precision: what it computes with; None: what is quickest of those that change no caption
            for the worse.
        cache: see `GraphStore`.
    """

    def __init__(
        self,
        folder: ModelFolder,
        precision: Precision | None = None,
        cache: Path | None = None,
    ):
        super().__init__(folder.config, folder.vocabulary, folder.generation)
        self._precision = precision
        self._folder = folder.path
        self._unkept: dict[str, Any] = {}  # graphs for which there is no room in the cache
        code = sorted(Path(__file__).parent.glob("*.py"))
        weights = [whole_file(folder.path, name) for name in FILES]
        self._graphs = GraphStore(folder.path, (*weights, *code), ("keras",), cache)

    def make_ready(self, captions: int) -> None:
        """Makes the graphs that are not kept yet; those that are came of these very weights."""
        for name in (_MEMORY, f"{_STEP}{captions}"):
            if not self._graphs.has(name):
                self._graph(name)

    def _compile_memory(self, lanes: int) -> Run:
        return runner(self._graph(_MEMORY), lanes, self._precision)

    def _compile_step(self, captions: int, lanes: int) -> Run:
        return runner(self._graph(f"{_STEP}{captions}"), lanes, self._precision, lent=1)

    def _graph(self, name: str) -> Any:
        if name in self._unkept:
            return self._unkept[name]
        graph = self._graphs.get(name)
        if graph is None:
            graph = converted(self._built(name))
            self._graphs.keep(name, graph)
            if not self._graphs.has(name):
                self._unkept[name] = graph
        return graph

    def _built(self, name: str) -> Any:
        """The graph of this name, of Keras."""
        model = self._source
        if name == _MEMORY:
            return model.memory_graph(model.encoder.model, folded=True)
        return model.step_graph(int(name.removeprefix(_STEP)), folded=True)

    @cached_property
    def _source(self) -> CaptionModel:
        from captioner.models.caption_model import CaptionModel

        return CaptionModel.load(self._folder)
