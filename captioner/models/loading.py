"""From a model folder to a model that captions, on what is installed and chosen."""

from __future__ import annotations

import logging
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from captioner.errors import ModelError
from captioner.models.clip_model_config import ClipModelConfig
from captioner.models.folder import ModelFolder, read_folder
from captioner.models.inference import InferenceModel
from captioner.runtime.backend import on_openvino, openvino_is_free
from captioner.types import Precision

if TYPE_CHECKING:
    from captioner.models.caption_model import CaptionModel

_log = logging.getLogger("captionloom")


def load_model(path: Path, precision: Precision | None = None) -> InferenceModel:
    """Loads a model folder, on OpenVINO unless another backend of Keras was chosen.

    Args:
        path: the folder.
        precision: see `captioner.load_captioner`.

    Raises:
        ModelError: it is damaged, does not run in this precision, or needs what is not installed.
    """
    folder = read_folder(path)
    if on_openvino() or openvino_is_free():
        from captioner.models.exported import ExportedModel, read_graphs

        graphs = read_graphs(folder)
        if graphs is not None:
            return ExportedModel(folder, graphs, precision)
    _need_keras(folder)
    if on_openvino():
        return _exported_now(folder, precision)
    if precision not in (None, "float32"):
        raise ModelError(f"{precision} needs OpenVINO; the other backends of Keras run in float32")
    return load_network(path)


def load_network(path: Path) -> CaptionModel:
    """The Keras network of a model folder, of a captioner or of a clip network.

    Raises:
        ModelError: a file is missing, damaged or of another model.
    """
    from captioner.models.caption_model import CaptionModel
    from captioner.models.clip_model import ClipModel

    clips = isinstance(read_folder(path).config, ClipModelConfig)
    return ClipModel.load(path) if clips else CaptionModel.load(path)


def _need_keras(folder: ModelFolder) -> None:
    if find_spec("keras") is None:
        raise ModelError(
            f"{folder.path} has no graphs of its own that run without Keras, or they are of other "
            "weights; make them by python -m training.export FOLDER, which needs "
            "pip install 'captionloom[train]'"
        )


def _exported_now(folder: ModelFolder, precision: Precision | None) -> InferenceModel:
    from captioner.models.export import graphs_of
    from captioner.models.exported import ExportedModel

    _log.warning(
        "%s has no graphs yet that run without Keras, so loading takes some seconds; "
        "python -m training.export makes them",
        folder.path,
    )
    return ExportedModel(folder, graphs_of(load_network(folder.path)), precision)
