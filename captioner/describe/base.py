"""What every captioner of pictures, and every captioner of clips, is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from captioner.media.budget import Budget
from captioner.media.frames import SELECTORS, Clip, sample_frames
from captioner.media.images import load_image
from captioner.ranges import BATCH_SIZE, MAX_FRAMES, check_whole
from captioner.types import Caption, ClipCaption, EncodedClip, EncodedFrame, TimedCaption

if TYPE_CHECKING:
    from PIL.Image import Image

    Picture = str | Path | Image | np.ndarray

# Encoders read squares of 224 to 480 px; pictures and frames that wait for their batch are no
# larger than this, in pixels: sixteen at the full size of a 48-megapixel camera would take 2.3 GB.
MAX_SIDE = 1024


class WholeClips(Protocol):
    """What captions clips as a whole, from what it keeps of their frames; see `ClipCaptioner`."""

    @property
    def name(self) -> str:
        """What rows and pages call it."""

    def prepare(self, image: np.ndarray) -> np.ndarray:
        """See `Captioner.prepare`."""

    def encode_frames(self, images: Sequence[np.ndarray]) -> list[EncodedFrame]:
        """What is kept of frames, of whatever clips, each uint8 [H, W, 3]."""

    def caption_encoded(self, clips: Sequence[EncodedClip]) -> list[ClipCaption]:
        """One sentence for each of several clips."""

    def with_streams(self) -> WholeClips:
        """See `Captioner.with_streams`."""


class Captioner(ABC):
    """Captions pictures; whatever makes the captions offers this.

    Attributes:
        name: what rows and pages call it.
        streams: from how many threads at once `caption_images` may be called.
    """

    name: str
    streams: int = 1

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

    def whole_clips(self) -> WholeClips | None:
        """What captions clips as a whole, where there is a network from frames to the sentence.

        None: it captions pictures alone, and the sentence of a clip is made of its frames'.

        Raises:
            ModelError: this network is damaged.
        """
        return None

    def check(self) -> None:  # noqa: B027 - a captioner may have nothing that can be damaged
        """Finds out whether it can caption, so that no picture is blamed for what the model lacks.

        Raises:
            ModelError: it cannot.
        """

    def with_streams(self) -> Captioner:
        """The same captioner for a long run: it has the ``streams`` that caption the most pictures.

        One with several streams takes longer for a single picture.
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


class ClipCaptioner(ABC):
    """Captions clips in two steps, so that frames of many clips go through a network together.

    `encode_frames` takes frames, of whatever clips; `caption_encoded` takes whole clips of such.

    Args:
        max_frames: at most so many frames of a clip are looked at; 1 to 1,000.
        frame_selector: how they are chosen, a name in ``captioner.media.frames.SELECTORS``.
        batch_size: how many frames `caption` encodes together; 1 to 1,024.

    Attributes:
        name: what rows and pages call it.

    Raises:
        ValueError: a number is out of range, or ``frame_selector`` unknown.
    """

    name: str

    def __init__(
        self, max_frames: int = 16, frame_selector: str = "uniform", batch_size: int = 16
    ) -> None:
        check_whole("max_frames", max_frames, *MAX_FRAMES)
        check_whole("batch_size", batch_size, *BATCH_SIZE)
        if frame_selector not in SELECTORS:
            known = ", ".join(sorted(SELECTORS))
            raise ValueError(f"unknown frame selector {frame_selector!r}; choose one of: {known}")
        self.max_frames = max_frames
        self.frame_selector = frame_selector
        self.batch_size = batch_size

    @abstractmethod
    def encode_frames(self, images: Sequence[np.ndarray]) -> list[EncodedFrame]:
        """What is kept of each frame.

        Args:
            images: each uint8 [H, W, 3], of any size.
        """

    @abstractmethod
    def caption_encoded(self, clips: Sequence[EncodedClip]) -> list[ClipCaption]:
        """One sentence for each of several clips, which together take less time than in turn."""

    def prepare(self, image: np.ndarray) -> np.ndarray:
        """What `encode_frames` makes of a frame first; see `Captioner.prepare`."""
        return image

    def with_streams(self) -> ClipCaptioner:
        """The same for a long run, whose `encode_frames` may be called from several threads."""
        return self

    def sample(self, path: str | Path, budget: Budget | None = None) -> Clip:
        """The frames of a clip that are to be looked at.

        Args:
            path: the file.
            budget: what reading it may cost; by default the usual limits.

        Raises:
            MediaError: as `caption`.
        """
        return sample_frames(path, self.max_frames, self.frame_selector, MAX_SIDE, budget=budget)

    def caption(self, path: str | Path) -> ClipCaption:
        """Captions one GIF, animated picture or video.

        Raises:
            MediaError: the file cannot be read; it says why and what to do.
        """
        clip = self.sample(path)
        images = iter([frame.image for frame in clip.frames])
        frames: list[EncodedFrame] = []
        while batch := list(islice(images, self.batch_size)):
            frames += self.encode_frames(batch)
        return self.caption_encoded([EncodedClip(clip.spans, tuple(frames))])[0]


def timed(clip: EncodedClip) -> tuple[TimedCaption, ...]:
    """The captions of the frames of a clip, with what each stands for."""
    return tuple(
        TimedCaption(*span, frame.caption)
        for span, frame in zip(clip.spans, clip.frames, strict=True)
        if frame.caption is not None
    )


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


def _load(source: Picture) -> np.ndarray:
    return load_image(source, max_side=MAX_SIDE)
