"""Captions clips by one network, from the features of their frames to the sentence."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from captioner.describe.base import Captioner, ClipCaptioner, WholeClips, check_images
from captioner.models.clip_model_config import ClipEncoderConfig
from captioner.models.vocabulary import CLIP_STYLE
from captioner.types import Caption, ClipCaption, EncodedClip, EncodedFrame, TimedCaption

if TYPE_CHECKING:
    from captioner.models.clip_model_frames import FrameEncoder
    from captioner.models.decoding import DecodingOptions, Hypothesis
    from captioner.models.inference import InferenceModel


class ClipNetwork(Captioner):
    """Captions pictures as clips of one frame, and clips as a whole.

    Args:
        model: the network, which reads features of T frames.
        frame_encoder: pictures → these features.
        name: what rows and pages call it.
        decoding: how captions are searched for; None: the model's own way.
    """

    def __init__(
        self,
        model: InferenceModel,
        frame_encoder: FrameEncoder,
        name: str,
        decoding: DecodingOptions | None = None,
    ):
        self.model = model
        self.frame_encoder = frame_encoder
        self.name = name
        self.decoding = decoding or model.generation

    def caption_images(self, images: Sequence[np.ndarray]) -> list[Caption]:
        """See `Captioner.caption_images`; it cannot tell where in a picture a word looked."""
        codes = self.encode_frames(images)
        found = self.caption_codes([[code] for code in codes])
        return [_without_attention(caption) for caption in found]

    def encode_frames(self, images: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The features of frames of whatever clips, each uint8 [H, W, 3]; float32 [F] each."""
        if not images:
            return []
        check_images(images)
        return list(self.frame_encoder(images))

    def caption_codes(self, clips: Sequence[Sequence[np.ndarray]]) -> list[Caption]:
        """One caption for each of several clips.

        Args:
            clips: of each the features of its frames in order of time, at least one.

        Returns:
            Captions whose attention is over time, float32 [words, 1, frames].
        """
        from captioner.models.clip_model_frames import spread
        from captioner.models.decoding import decode

        if not clips:
            return []
        encoder = self.model.config.encoder
        assert isinstance(encoder, ClipEncoderConfig)
        chosen = [spread(len(clip), encoder.frames) for clip in clips]
        frames = [np.stack(clip)[places] for clip, places in zip(clips, chosen, strict=True)]
        states, memory = self.model.encode(np.stack(frames))
        start = self.model.vocabulary.start(CLIP_STYLE)
        found = decode(self.model, states, memory, self.decoding, start)
        return [
            self._caption(hypotheses, places, len(clip))
            for hypotheses, places, clip in zip(found, chosen, clips, strict=True)
        ]

    def prepare(self, image: np.ndarray) -> np.ndarray:
        """See `Captioner.prepare`: the visual models differ in size, so nothing is done ahead."""
        return image

    def with_streams(self) -> ClipNetwork:
        """See `Captioner.with_streams`."""
        streams = self.model.useful_streams
        encoder = self.frame_encoder.with_streams(streams)
        twin = self._twin(model=self.model.with_streams(streams), frame_encoder=encoder)
        twin.streams = streams
        return twin

    def searching(self, *, beams: int) -> ClipNetwork:
        """See `Captioner.searching`."""
        return self._twin(decoding=replace(self.decoding, beams=beams))

    def whole_clips(self) -> ClipNetwork:
        """See `Captioner.whole_clips`."""
        return self

    def _twin(self, **changes: Any) -> ClipNetwork:
        twin = copy.copy(self)
        vars(twin).update(changes)
        return twin

    def _caption(
        self, hypotheses: Sequence[Hypothesis], places: np.ndarray, frames: int
    ) -> Caption:
        captions = []
        for hypothesis in hypotheses:
            words = self.model.vocabulary.decode(hypothesis.ids)
            moments = hypothesis.attention.reshape(-1, *self.model.grid).sum(axis=2)
            attention = _of_frames(moments, places, frames)
            captions.append(Caption(" ".join(words), hypothesis.score, words, attention))
        return replace(captions[0], alternatives=tuple(captions[1:]))


class NetworkClipCaptioner(ClipCaptioner):
    """Captions clips by a network that reads all of their frames.

    A caption has one segment, which is the whole clip, and its attention says which frames each
    word looked at.

    Args:
        network: the network.
        max_frames: as for `ClipCaptioner`.
        frame_selector: as for `ClipCaptioner`.
        batch_size: as for `ClipCaptioner`.
    """

    def __init__(
        self,
        network: WholeClips,
        max_frames: int = 16,
        frame_selector: str = "uniform",
        batch_size: int = 16,
    ) -> None:
        super().__init__(max_frames, frame_selector, batch_size)
        self.network = network

    @property
    def name(self) -> str:  # type: ignore[override]
        """The network's."""
        return self.network.name

    def encode_frames(self, images: Sequence[np.ndarray]) -> list[EncodedFrame]:
        """The features of the frames."""
        return [EncodedFrame(code=code) for code in self.network.encode_frames(images)]

    def caption_encoded(self, clips: Sequence[EncodedClip]) -> list[ClipCaption]:
        """See `ClipCaptioner.caption_encoded`."""
        codes = [[frame.code for frame in clip.frames] for clip in clips]
        found = self.network.caption_codes(codes)
        return [_of_clip(caption, clip) for caption, clip in zip(found, clips, strict=True)]

    def with_streams(self) -> NetworkClipCaptioner:
        """See `Captioner.with_streams`."""
        twin = copy.copy(self)
        twin.network = self.network.with_streams()
        return twin


def _of_clip(caption: Caption, clip: EncodedClip) -> ClipCaption:
    """A caption as that of a clip: it is said of all of its time."""
    whole = TimedCaption(clip.spans[0][0], clip.spans[-1][1], caption)
    return ClipCaption(caption.text, caption.score, (whole,))


def _of_frames(moments: np.ndarray, places: np.ndarray, frames: int) -> np.ndarray:
    """Where each word looked, [words, T'] over the network's moments → [words, 1, frames]."""
    words, count = moments.shape
    if count != len(places):  # what reads no single frames looks at all of them alike
        return np.full((words, 1, frames), 1.0 / frames, np.float32)
    shown = (places[:, None] == np.arange(frames)).astype(np.float32)  # [T', frames]
    attention: np.ndarray = moments @ shown
    return attention[:, None]


def _without_attention(caption: Caption) -> Caption:
    others = tuple(replace(other, attention=None) for other in caption.alternatives)
    return replace(caption, attention=None, alternatives=others)
