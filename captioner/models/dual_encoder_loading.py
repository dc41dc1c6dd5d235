"""From a model folder to a dual encoder that runs, on what is installed and chosen."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from captioner.errors import ModelError
from captioner.models.dual_encoder_folder import (
    IMAGE,
    TEXT,
    DualEncoderFolder,
    encode,
    read_dual_encoder,
)
from captioner.runtime.backend import on_openvino, openvino_is_free

_TEXTS_AT_ONCE = 64

Run = Callable[..., list[np.ndarray]]


class TwoTowers:
    """A dual encoder as a search uses it; any number of threads may share it.

    Args:
        folder: the model.
        compile_graph: a graph's name → a function of its input; called once for each.

    Attributes:
        folder: the model.
    """

    def __init__(self, folder: DualEncoderFolder, compile_graph: Callable[[str], Run]):
        self.folder = folder
        self._compile = compile_graph
        self._compiled: dict[str, Run] = {}
        self._compiling = threading.Lock()

    def embed_features(self, features: np.ndarray) -> np.ndarray:
        """Pictures, as the visual models describe them: float32 [B, F] → float32 [B, D]."""
        return _unit(self._run(IMAGE)(np.ascontiguousarray(features, np.float32))[0])

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Sentences → float32 [N, D], unit length."""
        tokens = self.folder.config.text.max_tokens
        batches = [
            self._run(TEXT)(encode(self.folder.tokenizer, texts[at : at + _TEXTS_AT_ONCE], tokens))
            for at in range(0, len(texts), _TEXTS_AT_ONCE)
        ]
        if not batches:
            return np.zeros((0, self.folder.config.dimensions), np.float32)
        return _unit(np.concatenate([batch[0] for batch in batches]))

    def _run(self, name: str) -> Run:
        with self._compiling:
            if name not in self._compiled:
                self._compiled[name] = self._compile(name)
        return self._compiled[name]


def load_dual_encoder(path: Path) -> TwoTowers:
    """Loads a model folder, on OpenVINO unless another backend of Keras was chosen.

    Raises:
        ModelError: it is damaged, or needs what is not installed.
    """
    folder = read_dual_encoder(path)
    if on_openvino() or openvino_is_free():
        graphs = folder.graphs()
        if graphs is not None:
            from captioner.runtime.openvino_graphs import runner

            # The towers cost little, and all numbers of an index should agree.
            return TwoTowers(folder, lambda name: runner(graphs[name], precision="float32"))
    if find_spec("keras") is None:
        raise ModelError(
            f"{folder.path} has no graphs of its own that run without Keras, or they are of other "
            "weights; make them by python -m training.export FOLDER, which needs "
            "pip install 'captionloom[train]'"
        )
    from captioner.models.dual_encoder_building import graph_of, load_network
    from captioner.runtime.keras_graphs import compiled

    network = load_network(folder)
    return TwoTowers(folder, lambda name: compiled(graph_of(network, name)))


def _unit(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: np.ndarray = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
    return unit
