"""Running a Keras graph with little overhead: numpy arrays in, numpy arrays out."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import numpy as np
from keras import ops

_MOST_LANES = 4  # more would make the batches of each small


def useful_lanes() -> int:
    """How many calls at once the backend in use serves quicker than one after the other.

    A convolution spread over all cores waits for the slowest of them at every layer; batches side
    by side, each on cores of its own, wait for nothing, least of all where other threads decode
    pictures on the same cores. Only OpenVINO can share its cores out like this.
    """
    return min(_MOST_LANES, _cores()) if keras.backend.backend() == "openvino" else 1


def images_together(lanes: int) -> int | None:
    """How many images an encoder on the backend in use takes quickest in one call; None: any.

    What a few images leave between two layers fits into a core's cache, what 16 leave does not
    (benchmarks/folder.py shows the speed of each size). GPUs and TensorFlow like large batches.

    Args:
        lanes: how many calls share the cores.
    """
    return max(2, _cores() // lanes) if keras.backend.backend() == "openvino" else None


def compiled(graph: Any, lanes: int = 1) -> Callable[..., list[np.ndarray]]:
    """A function that runs ``graph`` without gradients on the backend in use.

    Args:
        graph: a functional `keras.Model`.
        lanes: from how many threads it is called at once; at most `useful_lanes`.

    Returns:
        A function of as many arrays as the graph has inputs, which returns a list of its outputs
        as float32 arrays.
    """
    builders: dict[str, Callable[[Any], Callable[[list[np.ndarray]], Any]]] = {
        "openvino": partial(_openvino, lanes=lanes),
        "tensorflow": _tensorflow,
        "torch": _torch,
    }
    run = builders.get(keras.backend.backend(), _predict)(graph)

    def call(*arrays: np.ndarray) -> list[np.ndarray]:
        return [np.asarray(output, dtype=np.float32) for output in _listed(run(list(arrays)))]

    return call


def _predict(graph: Any) -> Callable[[list[np.ndarray]], Any]:
    """JAX traces inside Keras."""
    return lambda arrays: graph.predict_on_batch(arrays if len(arrays) > 1 else arrays[0])


def _openvino(graph: Any, lanes: int) -> Callable[[list[np.ndarray]], Any]:
    """Keras's ``predict`` would copy every input, and run one call at a time."""
    import openvino
    from openvino import opset16

    tensor = type(ops.zeros(()))  # what Keras's layers take and return on this backend
    # Open batch sizes, so that a new number of images does not compile the graph again.
    parameters = [
        opset16.parameter([-1, *x.shape[1:]], np.dtype(x.dtype).type) for x in graph.inputs
    ]
    given = [tensor(parameter.output(0)) for parameter in parameters]
    outputs = _listed(graph(given if len(given) > 1 else given[0], training=False))
    model = openvino.Model([opset16.result(x.output) for x in outputs], parameters)
    network = openvino.compile_model(model, "CPU", _in_lanes(lanes))
    mine = threading.local()  # a request runs one call at a time

    def run(arrays: list[np.ndarray]) -> Any:
        if not hasattr(mine, "request"):
            mine.request = network.create_infer_request()
        return mine.request.infer(arrays, share_inputs=True).to_tuple()

    return run


def _in_lanes(lanes: int) -> dict[str, Any]:
    if lanes == 1:
        return {}  # its default: all cores for one call
    # Not pinned: the other threads of a run would then hold up one lane and not the others.
    return {
        "NUM_STREAMS": lanes,
        "INFERENCE_NUM_THREADS": _cores(),
        "ENABLE_CPU_PINNING": False,
    }


def _cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1  # macOS and Windows


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
