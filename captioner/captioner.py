"""Stage one for a user: pictures in, captions out."""

from __future__ import annotations

import copy
import json
import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from captioner.media.images import load_image
from captioner.models.config import Precision
from captioner.models.errors import ModelError
from captioner.models.vocabulary import CLIP_STYLE
from captioner.ranges import BATCH_SIZE, BEAMS, check_whole
from summarizer.extras import need
from summarizer.hub import is_path

if TYPE_CHECKING:
    from PIL.Image import Image

    from captioner.models.decoding import DecodingOptions, Hypothesis
    from captioner.models.inference import InferenceModel

    Picture = str | Path | Image | np.ndarray

# Encoders read squares of 224 to 480 px; pictures and frames that wait for their batch are no
# larger than this, in pixels: sixteen at the full size of a 48-megapixel camera would take 2.3 GB.
MAX_SIDE = 1024

PRETRAINED = Path(__file__).parent / "pretrained"
DEFAULT_MODEL = "flickr8k-xception-lstm"


@dataclass(frozen=True)
class Caption:
    """A sentence about a picture.

    Attributes:
        text: the sentence; lower-case and without a full stop, unless a model of the hub wrote it.
        score: mean log-probability of its words; nearer to 0 is surer.
        words: the words of the sentence.
        attention: where each word looked, float32 [words, rows, columns] over the whole picture;
            each word's weights sum to 1. None where the captioner cannot tell.
        alternatives: the other captions that the search found, best first.
    """

    text: str
    score: float
    words: tuple[str, ...]
    attention: np.ndarray | None = field(default=None, repr=False, compare=False)
    alternatives: tuple[Caption, ...] = field(default=(), repr=False)


class Captioner(ABC):
    """Captions pictures; whatever makes the captions offers this.

    Attributes:
        name: what rows and pages call it.
        lanes: from how many threads at once `caption_images` may be called.
    """

    name: str
    lanes: int = 1

    @abstractmethod
    def caption_images(self, images: Sequence[np.ndarray]) -> list[Caption]:
        """Captions pictures as one batch.

        Args:
            images: each uint8 [H, W, 3], of any size.

        Raises:
            ValueError: an image is none such.
        """

    @abstractmethod
    def searching(self, *, beams: int) -> Captioner:
        """The same captioner, with the same weights in memory, searching otherwise.

        Args:
            beams: captions followed side by side, 1 to 100.

        Raises:
            ValueError: ``beams`` is no such number.
        """

    def for_clips(self) -> Captioner:
        """The same captioner, with the same weights in memory, for the frames of clips.

        One that was taught clips says of a frame what people say of such a clip.
        """
        return self

    def check(self) -> None:  # noqa: B027 - a captioner may have nothing that can be damaged
        """Finds out whether it can caption, so that no picture is blamed for what the model lacks.

        Raises:
            ModelError: it cannot.
        """

    def in_lanes(self) -> Captioner:
        """The same captioner for a long run: it has the ``lanes`` that caption the most pictures.

        One with several lanes takes longer for a single picture.
        """
        return self

    def prepare(self, image: np.ndarray) -> np.ndarray:
        """What `caption_images` makes of a picture first, which a thread can do ahead of it.

        Args:
            image: uint8 [H, W, 3].

        Returns:
            uint8 [h, w, 3], as small as can be, of which `caption_images` says the same.
        """
        return image

    def caption(self, source: Picture) -> Caption:
        """Captions one picture.

        Args:
            source: a path, a PIL image, or an array: [H, W] or [H, W, 1|3|4], of bool, uint8,
                uint16, or floats from 0 to 1. Transparency lies on white.

        Raises:
            MediaError: the picture cannot be read.
        """
        return self.caption_images([_load(source)])[0]

    def caption_many(self, sources: Iterable[Picture], batch_size: int = 16) -> Iterator[Caption]:
        """Captions pictures in batches, in order.

        Args:
            sources: as for `caption`.
            batch_size: pictures in memory, and in the network, at a time; 1 to 1,024.

        Raises:
            MediaError: a picture cannot be read.
            ValueError: ``batch_size`` is no such number; at once, before any picture is taken.
        """
        check_whole("batch_size", batch_size, *BATCH_SIZE)
        return self._caption_batches(iter(sources), batch_size)

    def _caption_batches(self, sources: Iterator[Picture], size: int) -> Iterator[Caption]:
        while batch := [_load(source) for source in islice(sources, size)]:
            yield from self.caption_images(batch)


class NetworkCaptioner(Captioner):
    """Captions by an encoder and a decoder of this package.

    Args:
        model: the network.
        name: what rows and pages call it.
        decoding: how captions are searched for; None: the model's own way.
        style: in what manner captions are written, as `Vocabulary.start` takes it.
    """

    def __init__(
        self,
        model: InferenceModel,
        name: str,
        decoding: DecodingOptions | None = None,
        style: str | None = None,
    ):
        self.model = model
        self.name = name
        self.decoding = decoding or model.generation
        self.style = style

    def caption_images(self, images: Sequence[np.ndarray]) -> list[Caption]:
        """See `Captioner.caption_images`."""
        from captioner.models.decoding import decode

        if not images:
            return []
        check_images(images)
        squares = np.stack([self.prepare(image) for image in images])
        start = self.model.vocabulary.start(self.style)
        found = decode(self.model, *self.model.remember(squares), self.decoding, start)
        return [self._caption(hypotheses) for hypotheses in found]

    def prepare(self, image: np.ndarray) -> np.ndarray:
        """The square that the encoder takes; a square of that size stays as it is."""
        from captioner.models.preprocessing import resize

        return resize(image, self.model.config.encoder.image_size)

    def in_lanes(self) -> NetworkCaptioner:
        """See `Captioner.in_lanes`."""
        lanes = self.model.useful_lanes
        captioner = self._twin(model=self.model.in_lanes(lanes))
        captioner.lanes = lanes
        return captioner

    def searching(self, *, beams: int) -> NetworkCaptioner:
        """See `Captioner.searching`."""
        return self._twin(decoding=replace(self.decoding, beams=beams))

    def for_clips(self) -> NetworkCaptioner:
        """See `Captioner.for_clips`."""
        known = CLIP_STYLE in self.model.vocabulary.styles
        return self._twin(style=CLIP_STYLE) if known else self

    def _twin(self, **changes: Any) -> NetworkCaptioner:
        twin = copy.copy(self)
        vars(twin).update(changes)
        return twin

    def _caption(self, hypotheses: Sequence[Hypothesis]) -> Caption:
        captions = []
        for hypothesis in hypotheses:
            words = self.model.vocabulary.decode(hypothesis.ids)
            # The encoder sees the picture as a square, and its grid is one too.
            side = math.isqrt(hypothesis.attention.shape[1])
            attention = hypothesis.attention.reshape(-1, side, side)
            captions.append(Caption(" ".join(words), hypothesis.score, words, attention))
        return replace(captions[0], alternatives=tuple(captions[1:]))


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


def check_images(images: Sequence[np.ndarray]) -> None:
    """Refuses what is no picture as the networks take it.

    Raises:
        ValueError: an image is not uint8 [H, W, 3].
    """
    for place, image in enumerate(images):
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
            shape = " x ".join(map(str, image.shape))
            raise ValueError(
                f"image {place} is {image.dtype} [{shape}] and must be uint8 [H, W, 3]; caption "
                "and caption_many also take grey pictures, and such with transparency"
            )


def shipped_models() -> list[str]:
    """Names of the models that ship."""
    return sorted(path.parent.name for path in PRETRAINED.glob("*/config.json"))


def _load(source: Picture) -> np.ndarray:
    return load_image(source, max_side=MAX_SIDE)


def _load_model(model: str | Path, prompt: str | None, precision: Precision | None) -> Captioner:
    if not str(model).strip():
        names = ", ".join(shipped_models()) or "none"
        raise ModelError(
            "the model's name is empty; give a folder, a name on the Hugging Face hub "
            f"(owner/model), or one of those that ship: {names}"
        )
    if isinstance(model, str) and model in shipped_models():
        return _load_network(PRETRAINED / model, prompt, precision)
    folder = Path(model)
    if folder.is_dir() and not _is_of_transformers(folder):
        return _load_network(folder.resolve(), prompt, precision)
    if not folder.is_dir() and (isinstance(model, Path) or is_path(model) or "/" not in model):
        names = ", ".join(shipped_models()) or "none"
        raise ModelError(
            f"no model {str(model)!r}: it is no folder and no name on the Hugging Face hub "
            f"(owner/model), and what ships is: {names}"
        )
    try:
        need("torch", "transformers", extra="hub", what="a captioner of transformers")
    except ImportError as error:
        raise ModelError(str(error)) from None
    from captioner.hub.captioners import HubCaptioner

    if folder.is_dir():
        return HubCaptioner.from_folder(folder.resolve(), prompt, precision)
    return HubCaptioner.from_hub(str(model), prompt, precision)


def _load_network(
    folder: Path, prompt: str | None, precision: Precision | None
) -> NetworkCaptioner:
    if prompt is not None:
        raise ModelError(
            f"{folder.name}: takes no prompt, for it captions in its own words only; leave the "
            "prompt out, or take a model of the Hugging Face hub"
        )
    from captioner.models.loading import load_model

    return NetworkCaptioner(load_model(folder, precision), folder.name)


def _is_of_transformers(folder: Path) -> bool:
    """Whether transformers wrote a model folder; what is damaged, its own loader reports."""
    try:
        values = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(values, dict) and "model_type" in values
