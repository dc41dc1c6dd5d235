"""Captions pictures by a network of this package."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from captioner.describe.base import Captioner, WholeClips, check_images
from captioner.models.vocabulary import CLIP_STYLE
from captioner.types import Caption

if TYPE_CHECKING:
    from captioner.models.decoding import DecodingOptions, Hypothesis
    from captioner.models.inference import InferenceModel


class NetworkCaptioner(Captioner):
    """Captions by an encoder and a decoder of this package.

    Args:
        model: the network.
        name: what rows and pages call it.
        decoding: how captions are searched for; None: the model's own way.
        style: in what manner captions are written, as `Vocabulary.start` takes it.
        whole_clips: from this captioner to what captions clips as a whole, called where there is a
            clip; None: there is nothing that does.

    Attributes:
        beams: how many were asked for; None: the model's own number.
    """

    beams: int | None = None

    def __init__(
        self,
        model: InferenceModel,
        name: str,
        decoding: DecodingOptions | None = None,
        style: str | None = None,
        whole_clips: Callable[[NetworkCaptioner], WholeClips] | None = None,
    ):
        self.model = model
        self.name = name
        self.decoding = decoding or model.generation
        self.style = style
        self._whole_clips = whole_clips

    def caption_images(self, images: Sequence[np.ndarray]) -> list[Caption]:
        """See `Captioner.caption_images`."""
        from captioner.models.decoding import decode

        if not images:
            return []
        check_images(images)
        squares = np.stack([self.prepare(image) for image in images])
        vocabulary = self.model.vocabulary
        start, never = vocabulary.start(self.style), vocabulary.styles.values()
        found = decode(self.model, *self.model.encode(squares), self.decoding, start, never=never)
        return [self._caption(hypotheses) for hypotheses in found]

    def prepare(self, image: np.ndarray) -> np.ndarray:
        """The square that the encoder takes; a square of that size stays as it is."""
        from captioner.models.preprocessing import resize

        return resize(image, self.model.config.encoder.image_size)

    def with_streams(self) -> NetworkCaptioner:
        """See `Captioner.with_streams`."""
        streams = self.model.useful_streams
        captioner = self._twin(model=self.model.with_streams(streams))
        captioner.streams = streams
        return captioner

    def searching(self, *, beams: int) -> NetworkCaptioner:
        """See `Captioner.searching`."""
        return self._twin(decoding=replace(self.decoding, beams=beams), beams=beams)

    def for_clips(self) -> NetworkCaptioner:
        """See `Captioner.for_clips`."""
        known = CLIP_STYLE in self.model.vocabulary.styles
        return self._twin(style=CLIP_STYLE) if known else self

    def whole_clips(self) -> WholeClips | None:
        """See `Captioner.whole_clips`."""
        return None if self._whole_clips is None else self._whole_clips(self)

    def _twin(self, **changes: Any) -> NetworkCaptioner:
        twin = copy.copy(self)
        vars(twin).update(changes)
        return twin

    def _caption(self, hypotheses: Sequence[Hypothesis]) -> Caption:
        captions = []
        for hypothesis in hypotheses:
            words = self.model.vocabulary.decode(hypothesis.ids)
            # The encoder sees the whole picture, squeezed to a square.
            attention = hypothesis.attention.reshape(-1, *self.model.grid)
            captions.append(Caption(" ".join(words), hypothesis.score, words, attention))
        return replace(captions[0], alternatives=tuple(captions[1:]))
