"""Graphs of OpenVINO that are made once, and kept on disk; both stages keep theirs here."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from platformdirs import user_cache_path


class GraphStore:
    """Where the graphs of a model folder lie: they are those of its weights and of the code.

    Args:
        folder: the model folder.
        made_of: the files that the graphs depend on: weights, settings, code.
        makers: the packages whose versions they depend on, beside OpenVINO.
        cache: where graphs of all model folders are kept; None: where the system wants caches.
            What cannot be kept there is made again each time.
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
        everything = cache or user_cache_path("captionloom") / "graphs"
        self._place = everything / f"{folder.name}-{here}" / digest.hexdigest()[:16]

    def get(self, name: str) -> Any:
        """The `openvino.Model` of this name; None where there is none, or a damaged one."""
        path = self._path(name)
        with suppress(ValueError):
            return read_graph(path) if path.is_file() else None
        return None

    def keep(self, name: str, graph: Any) -> None:
        """Writes a graph, whole or not at all; a cache that cannot be written is no error."""
        import openvino

        path = self._path(name)
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

    def _path(self, name: str) -> Path:
        return self._place / f"{name}.xml"


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
