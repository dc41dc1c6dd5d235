"""Graphs on OpenVINO: made of Keras's, compiled, and run; only the making needs Keras."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from captioner.models.config import Precision
from summarizer.graphs import on_cpu

_MOST_LANES = 4  # more would make the batches of each small


def useful_lanes() -> int:
    """How many calls at once are quicker than one after the other.

    A convolution spread over all cores waits for the slowest of them at every layer; batches side
    by side, each on cores of its own, wait for nothing, least of all where other threads decode
    pictures on the same cores.
    """
    return min(_MOST_LANES, _cores())


def images_together(lanes: int) -> int:
    """How many images an encoder takes quickest in one call.

    What a few images leave between two layers fits into a core's cache, what 16 leave does not
    (benchmarks/folder.py shows the speed of each size).

    Args:
        lanes: how many calls share the cores.
    """
    return max(2, _cores() // lanes)


def converted(graph: Any) -> Any:
    """A functional `keras.Model` as an `openvino.Model`.

    Keras's own ``export`` and ``predict`` would fix the batch size or copy every input.
    """
    import openvino
    from keras import ops
    from openvino import opset16

    tensor = type(ops.zeros(()))  # what Keras's layers take and return on this backend
    # Open batch sizes, so that a new number of images does not compile the graph again.
    parameters = [
        opset16.parameter(
            [-1 if size is None else size for size in x.shape],
            np.dtype(x.dtype).type,
            name=x.name,  # which is lost where it is no keyword
        )
        for x in graph.inputs
    ]
    given = [tensor(parameter.output(0)) for parameter in parameters]
    outputs = graph(given if len(given) > 1 else given[0], training=False)
    outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
    results = [opset16.result(output.output) for output in outputs]
    return openvino.Model(results, parameters)


def with_tables(model: Any, tables: Mapping[str, np.ndarray]) -> Any:
    """An `openvino.Model` that need not be given some of its inputs: they are always the same.

    Args:
        model: is changed.
        tables: inputs by their names.
    """
    from openvino import opset16

    parameters = {x.get_friendly_name(): x for x in model.get_parameters()}
    for name, table in tables.items():
        parameters[name].output(0).replace(opset16.constant(table).output(0))
        model.remove_parameter(parameters[name])
    return model


def runner(
    model: Any, lanes: int = 1, precision: Precision | None = None, lent: int = 0
) -> Callable[..., list[np.ndarray]]:
    """A function that runs an `openvino.Model`.

    Args:
        model: takes as many arrays as the function will.
        lanes: from how many threads the function is called at once.
        precision: what it computes with; None, or what the CPU has no unit for: bfloat16 where it
            has one for that, else float32.
        lent: see `on_cpu`.

    Returns:
        A function of arrays of the model's own dtypes, which returns a list of arrays.
    """
    settings = _in_lanes(lanes)
    if precision == "float32":
        settings["INFERENCE_PRECISION_HINT"] = "f32"
    return on_cpu(model, settings, lent)


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
