"""The visual models that other networks stand on: images to tokens, on OpenVINO without Keras.

A captioner's folder is one, by its encoder alone; so several networks share one file of weights.
A folder::

    config.json           ``encoder``, as `EncoderConfig` says
    encoder.safetensors   weights by name
    encoder.xml,          the graph; made by training.export
    encoder.bin
"""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np

from captioner.errors import ModelError
from captioner.models.config import EncoderConfig
from captioner.models.folder import PRETRAINED, check_format, unreadable
from captioner.models.preprocessing import resize
from captioner.models.saving import whole_file, write_whole
from captioner.runtime.graph_files import GraphFiles
from captioner.runtime.openvino_graphs import images_together, runner
from captioner.types import Precision

ENCODER = "encoder"  # name of the graph
GRID = ("captionloom", "grid")  # where the graph says what rows and columns there are


@dataclass(frozen=True)
class VisualFeatures:
    """What a visual model sees in B images.

    Attributes:
        tokens: float32 [B, N, C], a vector for each position of the grid, row by row.
        concepts: float32 [B, K], probabilities of the classes that it knows; None: it knows none.
    """

    tokens: np.ndarray
    concepts: np.ndarray | None


class PictureEncoder(Protocol):
    """What looks at pictures, for networks that stand on it."""

    @property
    def image_size(self) -> int:
        """S, of the squares that it looks at."""

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of its tokens."""

    def look(self, pictures: Sequence[np.ndarray]) -> VisualFeatures:
        """Looks at pictures of any size, each uint8 [H, W, 3], RGB."""

    def with_streams(self, streams: int) -> PictureEncoder:
        """The same network and weights, run from so many threads at once."""


class VisualModel:
    """An encoder that runs on OpenVINO; any number of threads may share it.

    Args:
        name: of the model.
        config: what the encoder is.
        graph: an `openvino.Model`, as `training.export` made it.
        precision: see `captioner.load_captioner`.
    """

    def __init__(
        self, name: str, config: EncoderConfig, graph: Any, precision: Precision | None = None
    ):
        self.name = name
        self.image_size = config.image_size
        self.grid = grid_of(graph)
        self.channels: int = graph.output(0).get_partial_shape()[2].get_length()
        self._graph = graph
        self._precision = precision
        self._streams = 1
        self._compiled: dict[int, Any] = {}
        self._compiling = threading.Lock()

    def encode(self, images: np.ndarray) -> VisualFeatures:
        """Looks at images.

        Args:
            images: uint8 [B, S, S, 3], RGB, S the ``image_size``; B at least 1.
        """
        with self._compiling:
            if self._streams not in self._compiled:
                self._compiled[self._streams] = runner(self._graph, self._streams, self._precision)
            run = self._compiled[self._streams]
        together = images_together(self._streams)
        parts = [run(images[at : at + together]) for at in range(0, len(images), together)]
        tokens, *concepts = (np.concatenate(part) for part in zip(*parts, strict=True))
        return VisualFeatures(tokens, concepts[0] if concepts else None)

    def look(self, pictures: Sequence[np.ndarray]) -> VisualFeatures:
        """Looks at pictures of any size, each uint8 [H, W, 3], RGB."""
        return self.encode(np.stack([resize(picture, self.image_size) for picture in pictures]))

    def with_streams(self, streams: int) -> Self:
        """The same network and weights, run from so many threads at once."""
        twin = copy.copy(self)  # what is compiled, for one stream or several, stays shared
        twin._streams = streams
        return twin


def load_visual_model(model: str | Path, precision: Precision | None = None) -> VisualModel:
    """Loads the encoder of a model folder.

    Args:
        model: the name of one that ships, or a folder.
        precision: see `captioner.load_captioner`.

    Raises:
        ModelError: there is no such model, it is damaged, or its graph is of other weights.
    """
    path = folder_of(model)
    config = read_encoder_config(path)
    try:
        graphs = graph_files(path).read()
    except (OSError, ValueError) as error:
        raise ModelError(str(error)) from error
    if graphs is None:
        raise ModelError(
            f"{path} has no graph of its encoder, or one of other weights; make it by "
            "python -m training.export FOLDER, which needs pip install 'captionloom[train]'"
        )
    return VisualModel(path.name, config, graphs[ENCODER], precision)


def folder_of(model: str | Path) -> Path:
    """The folder of a model that ships, by its name, or of any other; it need not be there."""
    return PRETRAINED / model if (PRETRAINED / model).is_dir() else Path(model)


def pool_tokens(tokens: np.ndarray, grid: tuple[int, int], side: int) -> np.ndarray:
    """Means of the tokens over a coarser grid.

    Args:
        tokens: [B, N, C], those of ``grid``, row by row.
        grid: rows and columns.
        side: rows and columns of the coarser grid; at most as many as there are.

    Returns:
        float32 [B, side * side, C].
    """
    batch, _, channels = tokens.shape
    shape = batch, *grid, channels
    rows, columns = ([size * at // side for at in range(side)] for size in grid)
    sums = np.add.reduceat(tokens.reshape(shape).astype(np.float32), rows, axis=1)
    sums = np.add.reduceat(sums, columns, axis=2)
    heights, widths = (
        np.diff([*starts, size]) for starts, size in zip((rows, columns), grid, strict=True)
    )
    means: np.ndarray = sums / np.outer(heights, widths)[None, :, :, None]
    return means.reshape(batch, side * side, channels).astype(np.float32)


def grid_of(graph: Any) -> tuple[int, int]:
    """Rows and columns of the tokens of an encoder's graph."""
    rows, columns = map(int, graph.get_rt_info(list(GRID)).astype(str).split())
    return rows, columns


def graph_files(folder: Path) -> GraphFiles:
    """The files that the graph of a folder's encoder is made of."""
    return GraphFiles(
        names=(ENCODER,),
        weights=("encoder.safetensors",),
        settings=("config.json",),
        locate=partial(whole_file, folder),
        constants="encoder.bin",
    )


def write_graph(folder: Path, graph: Any) -> None:
    """Writes the graph of a folder's encoder into it.

    Raises:
        OSError: the folder cannot be written.
        ValueError: the graph is not that of the folder's weights.
    """
    graphs: Mapping[str, Any] = {ENCODER: graph}
    write_whole(folder, partial(graph_files(folder).write, graphs))


def read_encoder_config(path: Path) -> EncoderConfig:
    """What the encoder of a folder is.

    Raises:
        ModelError: the folder holds none, or its configuration is damaged.
    """
    for name in ("config.json", "encoder.safetensors"):
        if not whole_file(path, name).is_file():
            raise ModelError(f"{path} holds no visual model: it has no {name}")
    try:
        values = json.loads(whole_file(path, "config.json").read_text(encoding="utf-8"))
        check_format(path, values)
        return EncoderConfig(**values["encoder"])
    except ModelError:
        raise
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise unreadable(path, error) from error
