"""Stage one for a user: pictures in, captions out."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from captioner.media.images import load_image
from captioner.models.errors import ModelError

if TYPE_CHECKING:
    from PIL.Image import Image

    from captioner.models.caption_model import CaptionModel
    from captioner.models.decoding import DecodingOptions, Hypothesis

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
        text: the sentence, lower-case, without a full stop.
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
    """

    name: str

    @abstractmethod
    def caption_images(self, images: Sequence[np.ndarray]) -> list[Caption]:
        """Captions pictures as one batch.

        Args:
            images: each uint8 [H, W, 3], of any size.
        """

    @abstractmethod
    def searching(self, *, beams: int) -> Captioner:
        """The same captioner, with the same weights in memory, searching otherwise.

        Args:
            beams: captions followed side by side; at least 1.

        Raises:
            ValueError: ``beams`` is below 1.
        """

    def caption(self, source: Picture) -> Caption:
        """Captions one picture.

        Args:
            source: a path, a PIL image, or an array uint8 [H, W, 3].

        Raises:
            MediaError: the picture cannot be read.
        """
        return self.caption_images([_load(source)])[0]

    def caption_many(self, sources: Iterable[Picture], batch_size: int = 16) -> Iterator[Caption]:
        """Captions pictures in batches, in order.

        Args:
            sources: as for `caption`.
            batch_size: pictures in memory, and in the network, at a time.

        Raises:
            MediaError: a picture cannot be read.
        """
        sources = iter(sources)
        while batch := [_load(source) for source in islice(sources, batch_size)]:
            yield from self.caption_images(batch)


class NetworkCaptioner(Captioner):
    """Captions by an encoder and a decoder of this package.

    Args:
        model: the network.
        name: what rows and pages call it.
        decoding: how captions are searched for; None: the model's own way.
    """

    def __init__(self, model: CaptionModel, name: str, decoding: DecodingOptions | None = None):
        self.model = model
        self.name = name
        self.decoding = decoding or model.generation

    def caption_images(self, images: Sequence[np.ndarray]) -> list[Caption]:
        """See `Captioner.caption_images`."""
        from captioner.models.decoding import decode
        from captioner.models.preprocessing import resize

        if not images:
            return []
        size = self.model.config.encoder.image_size
        squares = np.stack([resize(image, size) for image in images])
        found = decode(self.model, *self.model.remember(squares), self.decoding)
        return [self._caption(hypotheses) for hypotheses in found]

    def searching(self, *, beams: int) -> NetworkCaptioner:
        """See `Captioner.searching`."""
        return NetworkCaptioner(self.model, self.name, replace(self.decoding, beams=beams))

    def _caption(self, hypotheses: Sequence[Hypothesis]) -> Caption:
        captions = []
        for hypothesis in hypotheses:
            words = self.model.vocabulary.decode(hypothesis.ids)
            # The encoder sees the picture as a square, and its grid is one too.
            side = math.isqrt(hypothesis.attention.shape[1])
            attention = hypothesis.attention.reshape(-1, side, side)
            captions.append(Caption(" ".join(words), hypothesis.score, words, attention))
        return replace(captions[0], alternatives=tuple(captions[1:]))


def load_captioner(model: str | Path | None = None, *, beams: int | None = None) -> Captioner:
    """Loads a captioner.

    Args:
        model: a name that ships, or a folder that ``captioner.train`` wrote; None: the default.
        beams: beam size of the search; None: the model's own.

    Raises:
        ModelError: there is no such model, or its folder is damaged.
        ValueError: ``beams`` is below 1.
    """
    from captioner.models.caption_model import CaptionModel

    folder = _find(DEFAULT_MODEL if model is None else model)
    captioner = NetworkCaptioner(CaptionModel.load(folder), folder.name)
    return captioner if beams is None else captioner.searching(beams=beams)


def shipped_models() -> list[str]:
    """Names of the models that ship."""
    return sorted(path.parent.name for path in PRETRAINED.glob("*/config.json"))


def _load(source: Picture) -> np.ndarray:
    return load_image(source, max_side=MAX_SIDE)


def _find(model: str | Path) -> Path:
    shipped = PRETRAINED / model
    if isinstance(model, str) and model in shipped_models():
        return shipped
    if Path(model).is_dir():
        return Path(model).resolve()
    names = ", ".join(shipped_models()) or "none"
    raise ModelError(f"no model {str(model)!r}: it is no folder, and what ships is: {names}")
