"""Captions clips by one network, from the features of their frames to the sentence."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from captioner.describe.base import Captioner, ClipCaptioner, WholeClips, check_images, timed
from captioner.models.clip_model_config import ClipEncoderConfig
from captioner.models.vocabulary import CLIP_STYLE
from captioner.types import Caption, ClipCaption, EncodedClip, EncodedFrame

if TYPE_CHECKING:
    from captioner.models.clip_model_frames import FrameEncoder
    from captioner.models.decoding import DecodingOptions, Hypothesis
    from captioner.models.inference import InferenceModel
    from captioner.models.visual import VisualFeatures


# Of frames: more take longer, for captions that are read in passing.
_FRAME_BEAMS = 3


class ClipWriter:
    """Features of a clip's frames → a caption.

    Args:
        model: the network, which reads features of T frames.
        name: what rows and pages call it.
        decoding: how captions are searched for; None: the model's own way.
    """

    def __init__(self, model: InferenceModel, name: str, decoding: DecodingOptions | None = None):
        assert isinstance(model.config.encoder, ClipEncoderConfig)
        self.model = model
        self.config: ClipEncoderConfig = model.config.encoder
        self.name = name
        self.decoding = decoding or model.generation

    def __call__(self, clips: Sequence[Sequence[np.ndarray]]) -> list[Caption]:
        """One caption for each of several clips.

        Args:
            clips: of each the features of its frames in order of time, float32 [F], at least one.

        Returns:
            Captions whose attention is over time, float32 [words, 1, frames].
        """
        from captioner.models.clip_model_frames import spread
        from captioner.models.decoding import decode

        if not clips:
            return []
        chosen = [spread(len(clip), self.config.frames) for clip in clips]
        frames = [np.stack(clip)[places] for clip, places in zip(clips, chosen, strict=True)]
        states, memory = self.model.encode(np.stack(frames))
        vocabulary = self.model.vocabulary
        start, never = vocabulary.start(CLIP_STYLE), vocabulary.styles.values()
        found = decode(self.model, states, memory, self.decoding, start, never=never)
        return [
            self._caption(hypotheses, places, len(clip))
            for hypotheses, places, clip in zip(found, chosen, clips, strict=True)
        ]

    def with_streams(self, streams: int) -> ClipWriter:
        """The same network and weights, run from so many threads at once."""
        return ClipWriter(self.model.with_streams(streams), self.name, self.decoding)

    def searching(self, beams: int) -> ClipWriter:
        """See `Captioner.searching`."""
        return ClipWriter(self.model, self.name, replace(self.decoding, beams=beams))

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


class ClipNetwork(Captioner):
    """Captions pictures as clips of one frame; clips as a whole, and each of their frames.

    Args:
        writer: the network.
        frame_encoder: pictures → the features that it reads.
        beams: of the search for captions of frames and of clips; None: as it was made.
    """

    def __init__(self, writer: ClipWriter, frame_encoder: FrameEncoder, beams: int | None = None):
        self.writer = writer if beams is None else writer.searching(beams)
        self.frame_writer = writer.searching(beams or _FRAME_BEAMS)
        self.frame_encoder = frame_encoder
        self.name = writer.name

    def caption_images(self, images: Sequence[np.ndarray]) -> list[Caption]:
        """See `Captioner.caption_images`; it cannot tell where in a picture a word looked."""
        return self._of_each(self.writer, self._codes(images))

    def encode_frames(self, images: Sequence[np.ndarray]) -> list[EncodedFrame]:
        """The features of the frames, and their captions."""
        codes = self._codes(images)
        found = zip(codes, self._of_each(self.frame_writer, codes), strict=True)
        return [EncodedFrame(code, caption) for code, caption in found]

    def caption_encoded(self, clips: Sequence[EncodedClip]) -> list[ClipCaption]:
        """See `ClipCaptioner.caption_encoded`; a clip of one frame has that frame's caption."""
        moving = [clip for clip in clips if len(clip.frames) > 1]
        found = iter(self.writer([[frame.code for frame in clip.frames] for clip in moving]))
        return [
            _said(next(found), clip) if len(clip.frames) > 1 else _said_of_frame(clip)
            for clip in clips
        ]

    def prepare(self, image: np.ndarray) -> np.ndarray:
        """See `Captioner.prepare`."""
        return self.frame_encoder.prepare(image)

    def with_streams(self) -> ClipNetwork:
        """See `Captioner.with_streams`."""
        streams = self.writer.model.useful_streams
        return self._twin(
            streams=streams,
            writer=self.writer.with_streams(streams),
            frame_writer=self.frame_writer.with_streams(streams),
            frame_encoder=self.frame_encoder.with_streams(streams),
        )

    def searching(self, *, beams: int) -> ClipNetwork:
        """See `Captioner.searching`."""
        return self._twin(
            writer=self.writer.searching(beams), frame_writer=self.writer.searching(beams)
        )

    def whole_clips(self) -> ClipNetwork:
        """See `Captioner.whole_clips`."""
        return self

    def _codes(self, images: Sequence[np.ndarray]) -> list[np.ndarray]:
        check_images(images)
        return list(self.frame_encoder(images)) if images else []

    @staticmethod
    def _of_each(writer: ClipWriter, codes: Sequence[np.ndarray]) -> list[Caption]:
        return [_without_attention(caption) for caption in writer([[code] for code in codes])]

    def _twin(self, **changes: Any) -> ClipNetwork:
        twin = copy.copy(self)
        vars(twin).update(changes)
        return twin


class EncoderOfCaptioner:
    """A captioner's encoder, in memory once for its captions and for a clip network's features.

    Args:
        model: the captioner's.
    """

    def __init__(self, model: InferenceModel):
        self._model = model
        self.image_size = model.config.encoder.image_size
        self.grid = model.grid

    def look(self, pictures: Sequence[np.ndarray]) -> VisualFeatures:
        """See `PictureEncoder.look`."""
        from captioner.models.preprocessing import resize
        from captioner.models.visual import VisualFeatures

        squares = np.stack([resize(picture, self.image_size) for picture in pictures])
        return VisualFeatures(self._model.look(squares), None)

    def with_streams(self, streams: int) -> EncoderOfCaptioner:
        """See `PictureEncoder.with_streams`."""
        return EncoderOfCaptioner(self._model.with_streams(streams))


class NetworkClipCaptioner(ClipCaptioner):
    """Captions clips by a network that reads all of their frames.

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

    def prepare(self, image: np.ndarray) -> np.ndarray:
        """See `Captioner.prepare`."""
        return self.network.prepare(image)

    def encode_frames(self, images: Sequence[np.ndarray]) -> list[EncodedFrame]:
        """What the network keeps of the frames."""
        return self.network.encode_frames(images)

    def caption_encoded(self, clips: Sequence[EncodedClip]) -> list[ClipCaption]:
        """See `ClipCaptioner.caption_encoded`."""
        return self.network.caption_encoded(clips)

    def with_streams(self) -> NetworkClipCaptioner:
        """See `Captioner.with_streams`."""
        twin = copy.copy(self)
        twin.network = self.network.with_streams()
        return twin


def _said(caption: Caption, clip: EncodedClip) -> ClipCaption:
    """A writer's caption as that of a clip."""
    assert caption.attention is not None
    return ClipCaption(
        caption.text,
        caption.score,
        timed(clip),
        words=caption.words,
        attention=caption.attention[:, 0],
    )


def _said_of_frame(clip: EncodedClip) -> ClipCaption:
    (only,) = timed(clip)
    return ClipCaption(only.caption.text, only.caption.score, (only,))


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
