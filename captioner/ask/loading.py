"""From a name or a folder to an answerer."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from captioner.ask.base import Answerer
from captioner.ask.frames import FrameChooser, evenly
from captioner.describe.loading import is_of_transformers
from captioner.errors import ModelError
from captioner.models.answer_config import TASK
from captioner.models.answer_folder import read_answer_folder
from captioner.models.folder import PRETRAINED, shipped_models
from captioner.ranges import FRAMES_ASKED
from captioner.runtime.extras import need
from captioner.runtime.hub import is_path
from captioner.types import Precision

DEFAULT_ANSWERER = "ask-qformer"


def load_answerer(
    model: str | Path | None = None,
    *,
    max_frames: int = 16,
    frames: str = FRAMES_ASKED[0],
    precision: Precision | None = None,
) -> Answerer:
    """Loads what answers questions about pictures and clips.

    Args:
        model: None for the one that ships; the name of one that ships; a folder that
            ``training.answering.train`` wrote; or the name of a chat-style image-to-text model of
            the Hugging Face hub, ``owner/model``, or a folder of one.
        max_frames: at most so many frames of a clip are looked through; 1 to 1,000.
        frames: which of these a network of this package looks at closely: ``uniform``,
            evenly; or ``clip-cut``, those that the question is about, by the model that searches.
        precision: what the networks compute with; None: bfloat16 where OpenVINO runs them on a CPU
            that multiplies it, else float32.

    Raises:
        ModelError: there is no such model, or it is damaged.
        ValueError: a number is out of range, or there is no such precision or choice of frames.
    """
    if precision not in (None, *get_args(Precision)):
        known = ", ".join(get_args(Precision))
        raise ValueError(f"precision cannot be {precision!r}; give one of: {known}")
    if frames not in FRAMES_ASKED:
        raise ValueError(f"frames cannot be {frames!r}; give one of: {', '.join(FRAMES_ASKED)}")
    name = DEFAULT_ANSWERER if model is None else model
    if isinstance(name, str) and name in shipped_answerers():
        return _load_network(PRETRAINED / name, max_frames, frames, precision)
    folder = Path(name)
    if folder.is_dir() and not is_of_transformers(folder):
        return _load_network(folder.resolve(), max_frames, frames, precision)
    if not folder.is_dir() and (isinstance(name, Path) or is_path(name) or "/" not in name):
        names = ", ".join(shipped_answerers()) or "none"
        raise ModelError(
            f"no answerer {str(name)!r}: it is no folder and no name on the Hugging Face hub "
            f"(owner/model), and what ships is: {names}"
        )
    try:
        need("torch", "transformers", extra="hub", what="an answerer of transformers")
    except ImportError as error:
        raise ModelError(str(error)) from None
    from captioner.ask.hub import HubAnswerer

    return HubAnswerer.load(name, max_frames, precision)


def shipped_answerers() -> list[str]:
    """Names of the answerers that ship."""
    return shipped_models(TASK)


def _load_network(
    folder: Path, max_frames: int, frames: str, precision: Precision | None
) -> Answerer:
    from captioner.ask.network import NetworkAnswerer
    from captioner.models.answer_model import AnswerModel
    from captioner.models.answer_reader import FeatureReader

    described = read_answer_folder(folder)
    model = AnswerModel.from_folder(described, precision)
    reader = FeatureReader(described.config, precision)
    return NetworkAnswerer(
        model,
        reader,
        folder.name,
        calibration=described.calibration,
        choose=_chooser(frames),
        max_frames=max_frames,
    )


def _chooser(frames: str) -> FrameChooser:
    if frames == "uniform":
        return evenly
    from captioner.ask.clip_cut import ClipCut
    from captioner.search.loading import load_retriever

    return ClipCut(load_retriever)
