"""A clip's caption from the nearest training clips, without any network of its own.

J. Devlin et al., "Exploring Nearest Neighbor Approaches for Image Captioning", 2015: of the
captions of the clips whose frames look most alike, the one that agrees best with the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from captioner.describe.base import ClipCaptioner
from captioner.models.clip_model import fit_whitening
from captioner.models.clip_model_config import FrameFeature
from captioner.models.clip_model_frames import FrameEncoder
from captioner.types import ClipCaption, EncodedClip, EncodedFrame
from summarizer.consensus_scoring import ConsensusScorer
from summarizer.ngrams import DocumentFrequencies
from training.clips.data import ClipItem
from training.clips.features import ClipFeatures, clip_features
from training.data.datasets import normalise_caption

_NEIGHBOURS = 12  # clips whose captions are asked
_COMPONENTS = 384
FEATURES = (
    FrameFeature("flickr8k-xception-lstm", "mean", 1, 2008),
    FrameFeature("flickr8k-xception-lstm", "max", 1, 2008),
    FrameFeature("efficientnet-lite2", "mean", 1, 1280),
)


class NeighbourCaptioner(ClipCaptioner):
    """Captions clips by those that look most alike.

    Args:
        encoder: pictures → features.
        clips: the features of the training clips.
        captions: theirs, as people wrote them.
        max_frames: as for `ClipCaptioner`.
    """

    name = "neighbours"

    def __init__(
        self,
        encoder: FrameEncoder,
        clips: ClipFeatures,
        captions: Sequence[Sequence[str]],
        max_frames: int = 16,
    ):
        super().__init__(max_frames)
        self.encoder = encoder
        self.captions = [[normalise_caption(text) for text in group] for group in captions]
        self.scorer = ConsensusScorer(DocumentFrequencies.from_references(self.captions))
        self.mean, self.scale = fit_whitening(np.asarray(clips.rows), _COMPONENTS)
        self.known = np.stack([self._code(np.asarray(clips[n])) for n in range(len(clips))])

    @classmethod
    def of(
        cls,
        items: Sequence[ClipItem],
        max_frames: int = 16,
        precision: Any = None,
        cache: Path = Path("cache/clips"),
    ) -> NeighbourCaptioner:
        """Of these training clips, whose features are kept in ``cache``."""
        clips = clip_features(items, FEATURES, max_frames, cache)
        encoder = FrameEncoder.load(FEATURES, precision)
        return cls(encoder, clips, [item.captions for item in items], max_frames)

    @property
    def megabytes(self) -> float:
        """Of the memory of clips and of the projection, as half floats."""
        return 2 * (self.known.size + self.scale.size) / 1e6

    def encode_frames(self, images: Sequence[np.ndarray]) -> list[EncodedFrame]:
        """The features of the frames."""
        return [EncodedFrame(code=code) for code in self.encoder(images)]

    def caption_encoded(self, clips: Sequence[EncodedClip]) -> list[ClipCaption]:
        """See `ClipCaptioner.caption_encoded`; the score is the likeness of the nearest clip."""
        return [self._caption(np.stack([f.code for f in clip.frames])) for clip in clips]

    def _caption(self, features: np.ndarray) -> ClipCaption:
        likeness = self.known @ self._code(features)
        nearest = np.argsort(-likeness)[:_NEIGHBOURS]
        texts = [text for n in nearest for text in self.captions[n]]
        weights = [max(0.0, float(likeness[n])) for n in nearest for _ in self.captions[n]]
        agreed = self.scorer.of(texts, texts, weights)
        best = max(range(len(texts)), key=agreed.__getitem__)
        return ClipCaption(texts[best], float(likeness[nearest[0]]))

    def _code(self, features: np.ndarray) -> np.ndarray:
        """Features of a clip's frames [t, F] → a unit vector: their mean, whitened."""
        white = (features.astype(np.float32).mean(axis=0) - self.mean) @ self.scale
        code: np.ndarray = white / (np.linalg.norm(white) + 1e-9)
        return code
