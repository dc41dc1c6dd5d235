"""The graphs of a model for OpenVINO, made of its Keras definition on Keras's OpenVINO backend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from captioner.models.caption_model import CaptionModel
from captioner.models.encoders.base import VisualEncoder
from captioner.models.encoders.joining import tokens_of
from captioner.models.exported import MEMORY, STEP
from captioner.models.visual import ENCODER, GRID
from captioner.runtime.openvino_graphs import converted

# How many captions of an image the step is built for, before any number may be given: a number
# that no other size of a network has.
_CAPTIONS = 104_729


def graphs_of(model: CaptionModel) -> dict[str, Any]:
    """The graphs that `exported.ExportedModel` runs, each an `openvino.Model`.

    Their constants have the names of the weights that they are.

    Args:
        model: built on Keras's OpenVINO backend.

    Returns:
        - ``encoder``: see `encoder_graph_of`.
        - ``memory``: tokens of images, float [B, N, C] → starting states and memory.
        - ``step``: as `CaptionModel.step_graph`, folded, for any number of captions.
    """
    _name_weights(model.decoder_variables())
    step = converted(model.step_graph(_CAPTIONS, folded=True))
    _open_captions(step)
    memory = converted(model.memory_graph(model.tokens_graph(), folded=True))
    return {ENCODER: encoder_graph_of(model.encoder), MEMORY: memory, STEP: step}


def encoder_graph_of(encoder: VisualEncoder) -> Any:
    """The graph that `visual.VisualModel` runs, an `openvino.Model`.

    Args:
        encoder: built on Keras's OpenVINO backend.

    Returns:
        Images uint8 [B, S, S, 3] → tokens float [B, N, C] of the maps among its outputs, and its
        vectors [B, K]; it also says what the grid is.
    """
    _name_weights(encoder.variables())
    maps = [x for x in encoder.outputs if len(x.shape) == 4]
    # Without maps, as of a clip network, its tokens are no grid's and stay as they are.
    tokens, grid = tokens_of(maps) if maps else (encoder.model.output, encoder.grid)
    vectors = [x for x in encoder.outputs if len(x.shape) == 2]
    graph = converted(keras.Model(encoder.images, [tokens, *vectors]))
    graph.set_rt_info(" ".join(map(str, grid)), list(GRID))
    return graph


def _name_weights(variables: Mapping[str, Any]) -> None:
    for name, variable in variables.items():
        variable.value.output.get_node().set_friendly_name(name)


def _open_captions(graph: Any) -> None:
    """Lets the step take any number of captions of an image, which is the second axis everywhere.

    Keras's layers know the number and write it into every change of shape; "as it comes" is what
    OpenVINO calls 0 there.

    Raises:
        ValueError: the number stands elsewhere, too.
    """
    for parameter in graph.get_parameters():
        shape = parameter.get_partial_shape()
        if len(shape) > 1 and shape[1] == _CAPTIONS:
            shape[1] = -1
            parameter.set_partial_shape(shape)
    for node in graph.get_ops():
        if node.get_type_name() != "Constant" or node.data.dtype.kind != "i":
            continue
        if np.any(node.data == _CAPTIONS):
            for target in node.output(0).get_target_inputs():
                _keep_captions(target.get_node(), node.data)
    graph.validate_nodes_and_infer_types()


def _keep_captions(node: Any, shape: np.ndarray) -> None:
    from openvino import opset16

    if node.get_type_name() != "Reshape" or np.flatnonzero(shape == _CAPTIONS).tolist() != [1]:
        raise ValueError(f"{node.get_friendly_name()} hangs on the number of captions")
    kept = np.where(shape == _CAPTIONS, 0, shape)
    new = opset16.reshape(node.input_value(0), opset16.constant(kept), special_zero=True)
    node.output(0).replace(new.output(0))
