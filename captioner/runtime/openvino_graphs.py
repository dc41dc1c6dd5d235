"""Graphs on OpenVINO: made of Keras's, compiled, and run; only the making needs Keras."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from captioner.types import Precision

_MOST_STREAMS = 4  # more would make the batches of each small


def useful_streams() -> int:
    """How many calls at once are quicker than one after the other.

    A convolution spread over all cores waits for the slowest of them at every layer; batches side
    by side, each on cores of its own, wait for nothing, least of all where other threads decode
    pictures on the same cores.
    """
    return min(_MOST_STREAMS, _cores())


def images_together(streams: int) -> int:
    """How many images an encoder takes quickest in one call.

    What a few images leave between two layers fits into a core's cache, what 16 leave does not
    (benchmarks/folder.py shows the speed of each size).

    Args:
        streams: how many calls share the cores.
    """
    return max(2, _cores() // streams)


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


def on_cpu(
    graph: Any, settings: Mapping[str, Any], zero_copy_outputs: int = 0
) -> Callable[..., list[np.ndarray]]:
    """A function that runs an `openvino.Model`, from any number of threads.

    Args:
        graph: takes as many arrays as the function will.
        settings: properties of OpenVINO's.
        zero_copy_outputs: so many outputs, of the first, are not copied: a thread's next call
            overwrites them.

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
        return [
            *outputs[:zero_copy_outputs],
            *(output.copy() for output in outputs[zero_copy_outputs:]),
        ]

    return run


def runner(
    model: Any, streams: int = 1, precision: Precision | None = None, zero_copy_outputs: int = 0
) -> Callable[..., list[np.ndarray]]:
    """A function that runs an `openvino.Model`.

    Args:
        model: takes as many arrays as the function will.
        streams: from how many threads the function is called at once.
        precision: what it computes with; None, or what the CPU has no unit for: bfloat16 where it
            has one for that, else float32.
        zero_copy_outputs: see `on_cpu`.

    Returns:
        A function of arrays of the model's own dtypes, which returns a list of arrays.
    """
    settings = _over_streams(streams)
    if precision == "float32":
        settings["INFERENCE_PRECISION_HINT"] = "f32"
    return on_cpu(model, settings, zero_copy_outputs)


def _over_streams(streams: int) -> dict[str, Any]:
    if streams == 1:
        return {}  # its default: all cores for one call
    # Not pinned: the other threads of a run would then hold up one stream and not the others.
    return {
        "NUM_STREAMS": streams,
        "INFERENCE_NUM_THREADS": _cores(),
        "ENABLE_CPU_PINNING": False,
    }


def _cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1  # macOS and Windows
