"""From a name or a folder to a captioner of pictures, or of clips."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import get_args

from captioner.describe.base import Captioner, ClipCaptioner
from captioner.describe.clip_network import (
    ClipNetwork,
    ClipWriter,
    EncoderOfCaptioner,
    NetworkClipCaptioner,
)
from captioner.describe.fused import FusedClipCaptioner
from captioner.describe.network import NetworkCaptioner
from captioner.errors import ModelError
from captioner.models.clip_model_config import TASK, ClipModelConfig
from captioner.models.folder import PRETRAINED, shipped_models
from captioner.ranges import BEAMS, check_whole
from captioner.runtime.extras import need
from captioner.runtime.hub import is_path
from captioner.types import Precision
from summarizer import Summarizer, load_summarizer

DEFAULT_MODEL = "flickr8k-xception-lstm"
# What captions clips as a whole from what a captioner that ships sees in their frames.
CLIP_NETWORKS = {DEFAULT_MODEL: "clips-xception-lstm"}


def load_captioner(
    model: str | Path | None = None,
    *,
    beams: int | None = None,
    prompt: str | None = None,
    precision: Precision | None = None,
) -> Captioner:
    """Loads a captioner.

    Args:
        model: None for the one that ships; the name of one that ships; a folder that
            ``captioner.train`` or transformers' ``save_pretrained`` wrote; or the name of an
            image-to-text model of the Hugging Face hub, ``owner/model``, which is then downloaded
            through transformers.
        beams: beam size of the search; None: the model's own.
        prompt: what a chat-style model of the hub is asked about a picture, or the words that a
            captioner of the hub goes on with; None: a general question, or none.
        precision: what the network computes with; None: bfloat16 where OpenVINO runs it on a CPU
            that multiplies it, else float32.

    Raises:
        ModelError: there is no such model, it is damaged, takes no prompt, or does not run in this
            precision.
        ValueError: ``beams`` is no whole number from 1 to 100, or there is no such precision.
    """
    if beams is not None:
        check_whole("beams", beams, *BEAMS)
    if precision not in (None, *get_args(Precision)):
        known = ", ".join(get_args(Precision))
        raise ValueError(f"precision cannot be {precision!r}; give one of: {known}")
    captioner = _load_model(DEFAULT_MODEL if model is None else model, prompt, precision)
    if beams is not None:
        captioner = captioner.searching(beams=beams)
    captioner.check()
    return captioner


def load_clip_captioner(
    captioner: Captioner | str | Path | None = None,
    summarizer: Summarizer | str | Path | None = None,
    *,
    max_frames: int = 16,
    frame_selector: str = "uniform",
    batch_size: int = 16,
) -> ClipCaptioner:
    """Loads what captions clips.

    Args:
        captioner: captions the frames: a captioner, or what `load_captioner` takes.
        summarizer: makes one sentence of these captions: a summarizer, or what
            ``summarizer.load_summarizer`` takes. None: a network from the frames to the sentence
            where there is one, as beside the captioner that ships, else the summarizer that ships.
        max_frames: at most so many frames of a clip are looked at; 1 to 1,000.
        frame_selector: how they are chosen: ``uniform``, evenly over the clip's time.
        batch_size: how many frames are captioned together; 1 to 1,024.

    Raises:
        ModelError, SummarizerError: one of the two cannot be loaded.
        ValueError: a number is out of range, or there is no such frame selector.
    """
    if not isinstance(captioner, Captioner):
        captioner = load_captioner(captioner)
    whole = captioner.whole_clips() if summarizer is None else None
    if whole is not None:
        return NetworkClipCaptioner(whole, max_frames, frame_selector, batch_size)
    if not isinstance(summarizer, Summarizer):
        summarizer = load_summarizer(summarizer)
    return FusedClipCaptioner(captioner, summarizer, max_frames, frame_selector, batch_size)


def _load_model(model: str | Path, prompt: str | None, precision: Precision | None) -> Captioner:
    if not str(model).strip():
        names = ", ".join(shipped_models("caption", TASK)) or "none"
        raise ModelError(
            "the model's name is empty; give a folder, a name on the Hugging Face hub "
            f"(owner/model), or one of those that ship: {names}"
        )
    if isinstance(model, str) and model in shipped_models("caption", TASK):
        return _load_network(PRETRAINED / model, prompt, precision)
    folder = Path(model)
    if folder.is_dir() and not is_of_transformers(folder):
        return _load_network(folder.resolve(), prompt, precision)
    if not folder.is_dir() and (isinstance(model, Path) or is_path(model) or "/" not in model):
        names = ", ".join(shipped_models("caption", TASK)) or "none"
        raise ModelError(
            f"no model {str(model)!r}: it is no folder and no name on the Hugging Face hub "
            f"(owner/model), and what ships is: {names}"
        )
    try:
        need("torch", "transformers", extra="hub", what="a captioner of transformers")
    except ImportError as error:
        raise ModelError(str(error)) from None
    from captioner.describe.hub import HubCaptioner

    if folder.is_dir():
        return HubCaptioner.from_folder(folder.resolve(), prompt, precision)
    return HubCaptioner.from_hub(str(model), prompt, precision)


def needs_summarizer(captioner: Captioner, named: bool) -> bool:
    """Whether clips are captioned by a summarizer: where one was named, or nothing else does.

    Raises:
        ModelError: what would caption clips as a whole is damaged.
    """
    return named or captioner.whole_clips() is None


def _load_network(folder: Path, prompt: str | None, precision: Precision | None) -> Captioner:
    if prompt is not None:
        raise ModelError(
            f"{folder.name}: takes no prompt, for it captions in its own words only; leave the "
            "prompt out, or take a model of the Hugging Face hub"
        )
    from captioner.models.loading import load_model

    network = load_model(folder, precision)
    if isinstance(network.config, ClipModelConfig):
        from captioner.models.clip_model_frames import FrameEncoder

        frames = FrameEncoder.load(network.config.encoder.features, precision)
        return ClipNetwork(ClipWriter(network, folder.name), frames)
    clips = CLIP_NETWORKS.get(folder.name) if folder.parent == PRETRAINED else None
    whole = None if clips is None else _with_its_eyes(clips, precision)
    return NetworkCaptioner(network, folder.name, whole_clips=whole)


def _with_its_eyes(
    name: str, precision: Precision | None
) -> Callable[[NetworkCaptioner], ClipNetwork]:
    """From a captioner to the clip network that stands on its encoder, which is loaded once."""

    @cache
    def load() -> ClipWriter:
        from captioner.models.loading import load_model

        return ClipWriter(load_model(PRETRAINED / name, precision), name)

    def make(captioner: NetworkCaptioner) -> ClipNetwork:
        from captioner.models.clip_model_frames import FrameEncoder

        writer = load()
        encoder = EncoderOfCaptioner(captioner.model)
        features = writer.config.features
        frames = FrameEncoder(features, {feature.encoder: encoder for feature in features})
        return ClipNetwork(writer, frames, captioner.beams)

    return make


def is_of_transformers(folder: Path) -> bool:
    """Whether transformers wrote a model folder; what is damaged, its own loader reports."""
    try:
        values = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(values, dict) and "model_type" in values
