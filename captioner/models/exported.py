"""A model folder on OpenVINO without Keras: its graphs are made once, and kept on disk.

To import Keras and to build the network takes seconds and hundreds of megabytes; to read the graphs
that came of it, a quarter of a second.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from platformdirs import user_cache_path

from captioner.models.config import Precision
from captioner.models.errors import ModelError
from captioner.models.folder import FILES, INT8_ENCODER, ModelFolder
from captioner.models.inference import InferenceModel, Run
from captioner.models.openvino_graphs import converted, runner

if TYPE_CHECKING:
    from captioner.models.caption_model import CaptionModel


class ExportedModel(InferenceModel):
    """A model that runs on OpenVINO, of graphs that are read from disk.

    Args:
        folder: the model folder.
        precision: what it computes with; None: what is quickest of those that change no caption
            for the worse. ``int8`` is for the encoder, which costs the most.
        cache: where graphs of all model folders are kept; None: where the system wants caches.
            What cannot be kept there is made again each time.

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
        self._graphs = _place(folder.path, cache or user_cache_path("captionloom") / "graphs")

    def _compile_memory(self, lanes: int) -> Run:
        if self._precision == "int8":
            return self._compile_quantised(lanes)
        graph = self._graph(
            "memory", lambda model: model.memory_graph(model.encoder.model, folded=True)
        )
        return runner(graph, lanes, self._precision)

    def _compile_quantised(self, lanes: int) -> Run:
        encode = runner(_read(self._folder / INT8_ENCODER), lanes)
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
        path = self._graphs / f"{name}.xml"
        if path.is_file():
            with suppress(ModelError):  # it is damaged, and made again
                return _read(path)
        graph = converted(build(self._source))
        _keep(graph, path)
        return graph

    @cached_property
    def _source(self) -> CaptionModel:
        from captioner.models.caption_model import CaptionModel

        return CaptionModel.load(self._folder)


def _read(path: Path) -> Any:
    import openvino

    try:
        return openvino.Core().read_model(path)
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1]
        raise ModelError(f"{path} is damaged ({reason}); copy the model folder again") from error


def _place(folder: Path, cache: Path) -> Path:
    """Where the graphs of a model folder lie: they are those of these weights and this code."""
    digest = hashlib.sha256(f"{version('keras')} {version('openvino')}".encode())
    for path in (*(folder / name for name in FILES), *sorted(Path(__file__).parent.glob("*.py"))):
        digest.update(path.read_bytes())
    here = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:8]
    return cache / f"{folder.name}-{here}" / digest.hexdigest()[:16]


def _keep(graph: Any, path: Path) -> None:
    """Write a graph, whole or not at all; a cache that cannot be written is no error."""
    import openvino

    with suppress(OSError, RuntimeError):
        for other in path.parent.parent.glob("*"):
            if other != path.parent:  # of earlier weights or code
                shutil.rmtree(other, ignore_errors=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=path.parent) as temporary:
            part = Path(temporary) / path.name
            openvino.save_model(graph, part, compress_to_fp16=False)
            part.with_suffix(".bin").replace(path.with_suffix(".bin"))
            part.replace(path)
