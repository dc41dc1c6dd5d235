"""Graphs of OpenVINO, made once, kept on disk, and run; both stages do so here."""

from __future__ import annotations

import functools
import hashlib
import logging
import shutil
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from platformdirs import user_cache_path

_log = logging.getLogger("captionloom")


class GraphStore:
    """Where the graphs of a model folder lie: they are those of its weights and of the code.

    Args:
        folder: the model folder.
        made_of: the files that the graphs depend on: weights, settings, code.
        makers: the packages whose versions they depend on, beside OpenVINO.
        cache: where graphs of all model folders are kept; None: where the system wants caches.
            What cannot be kept there is made again each time, and a warning says so once.
    """

    def __init__(
        self, folder: Path, made_of: Iterable[Path], makers: Iterable[str], cache: Path | None
    ):
        digest = hashlib.sha256(
            " ".join(version(package) for package in (*makers, "openvino")).encode()
        )
        for path in made_of:
            digest.update(path.read_bytes())
        here = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:8]
        self._cache = cache or _user_cache()
        self._place = Path(f"{folder.name}-{here}", digest.hexdigest()[:16])

    def has(self, name: str) -> bool:
        """Whether a graph of this name is kept."""
        return self._cache is not None and self._path(self._cache, name).is_file()

    def get(self, name: str) -> Any:
        """The `openvino.Model` of this name; None where there is none, or a damaged one."""
        if self._cache is None:
            return None
        path = self._path(self._cache, name)
        with suppress(OSError, ValueError):
            return read_graph(path) if path.is_file() else None
        return None

    def keep(self, name: str, graph: Any) -> None:
        """Writes a graph, whole or not at all; a cache that cannot be written is no error."""
        import openvino

        if self._cache is None:
            _warn_of("there is no home folder")
            return
        path = self._path(self._cache, name)
        try:
            for other in path.parent.parent.glob("*"):
                if other != path.parent:  # of earlier weights or code
                    shutil.rmtree(other, ignore_errors=True)
            path.parent.mkdir(parents=True, exist_ok=True)
            with TemporaryDirectory(dir=path.parent) as temporary:
                part = Path(temporary) / path.name
                openvino.save_model(graph, part, compress_to_fp16=False)
                part.with_suffix(".bin").replace(path.with_suffix(".bin"))
                part.replace(path)
        except (OSError, RuntimeError) as error:
            reason = getattr(error, "strerror", None) or str(error).strip().splitlines()[-1]
            _warn_of(f"{self._cache}: {reason}")

    def _path(self, cache: Path, name: str) -> Path:
        return cache / self._place / f"{name}.xml"


def _user_cache() -> Path | None:
    """Where the system wants caches; None for a user who has no home."""
    try:
        path = user_cache_path("captionloom") / "graphs"
    except RuntimeError:
        return None
    return path if path.is_absolute() else None  # an older platformdirs leaves a ~ in it


@functools.cache
def _warn_of(reason: str) -> None:
    _log.warning(
        "there is no cache (%s), so every run makes its graphs anew, which takes some seconds; set "
        "XDG_CACHE_HOME to a folder that can be written",
        reason,
    )


def read_graph(path: Path) -> Any:
    """An `openvino.Model` from its file.

    Raises:
        ValueError: the file is damaged.
    """
    import openvino

    try:
        return openvino.Core().read_model(path)
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1]
        raise ValueError(f"{path} is damaged ({reason}); copy the model folder again") from error


def on_cpu(
    graph: Any, settings: Mapping[str, Any], lent: int = 0
) -> Callable[..., list[np.ndarray]]:
    """A function that runs an `openvino.Model`, from any number of threads.

    Args:
        graph: takes as many arrays as the function will.
        settings: properties of OpenVINO's.
        lent: so many outputs, of the first, are not copied: a thread's next call overwrites them.

    Returns:
        A function of arrays of the graph's own dtypes, which returns a list of arrays.
    """
    import openvino

    network = openvino.compile_model(graph, "CPU", dict(settings))
    mine = threading.local()  # a request runs one call at a time

    def run(*arrays: np.ndarray) -> list[np.ndarray]:
        if not hasattr(mine, "request"):
            mine.request = network.create_infer_request()
        # Tensors are views, so the arrays must live until the end; views of read-only ones are not
        # to be had.
        given = [array if array.flags.carray else array.copy() for array in arrays]
        for place, array in enumerate(given):
            mine.request.set_input_tensor(place, openvino.Tensor(array, shared_memory=True))
        # What `infer` takes and returns by itself costs a tenth of a millisecond.
        mine.request.infer(share_outputs=True)
        outputs = [tensor.data for tensor in mine.request.output_tensors]
        return [*outputs[:lent], *(output.copy() for output in outputs[lent:])]

    return run
