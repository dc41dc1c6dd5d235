"""Running a Keras graph with little overhead: numpy arrays in, numpy arrays out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from captioner.runtime import openvino_graphs
from captioner.runtime.backend import on_openvino


def compiled(graph: Any, streams: int = 1) -> Callable[..., list[np.ndarray]]:
    """A function that runs ``graph`` without gradients on the backend in use.

    Args:
        graph: a functional `keras.Model`.
        streams: from how many threads it is called at once; at most what `useful_streams` says.

    Returns:
        A function of as many arrays as the graph has inputs, which returns a list of its outputs
        as float32 arrays.
    """
    builders: dict[str, Callable[[Any], Callable[[list[np.ndarray]], Any]]] = {
        "tensorflow": _tensorflow,
        "torch": _torch,
    }
    if on_openvino():
        return openvino_graphs.runner(openvino_graphs.converted(graph), streams)
    run = builders.get(keras.backend.backend(), _predict)(graph)

    def call(*arrays: np.ndarray) -> list[np.ndarray]:
        return [np.asarray(output, dtype=np.float32) for output in _listed(run(list(arrays)))]

    return call


def _predict(graph: Any) -> Callable[[list[np.ndarray]], Any]:
    """JAX traces inside Keras."""
    return lambda arrays: graph.predict_on_batch(arrays if len(arrays) > 1 else arrays[0])


def _tensorflow(graph: Any) -> Callable[[list[np.ndarray]], Any]:
    """``predict`` would cost 60 ms a call (a new input pipeline each time)."""
    import tensorflow as tf

    # Open batch sizes, so that a new number of images does not trace the graph again.
    signature = [tf.TensorSpec(x.shape, x.dtype) for x in graph.inputs]
    function = tf.function(
        lambda *x: graph(x if len(x) > 1 else x[0], training=False), input_signature=signature
    )

    def run(arrays: list[np.ndarray]) -> Any:
        outputs = function(
            *(tf.constant(a, s.dtype) for a, s in zip(arrays, signature, strict=True))
        )
        return [tf.cast(x, tf.float32).numpy() for x in _listed(outputs)]

    return run


def _torch(graph: Any) -> Callable[[list[np.ndarray]], Any]:
    import torch

    def run(arrays: list[np.ndarray]) -> Any:
        with torch.inference_mode():
            outputs = graph(arrays if len(arrays) > 1 else arrays[0], training=False)
            return [x.float().cpu().numpy() for x in _listed(outputs)]

    return run


def _listed(outputs: Any) -> Any:
    return outputs if isinstance(outputs, list | tuple) else [outputs]
