"""Graphs of OpenVINO, run with little overhead; both stages do so here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np


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
