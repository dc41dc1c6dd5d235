"""Features of frames and captions as the batches that a clip network learns from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from captioner.models.clip_model_frames import spread
from training.data.batches import CaptionBatches
from training.data.views import AS_IT_IS, View


class ClipBatches(CaptionBatches):
    """Batches of clips, each with K of its captions and frames drawn anew at each epoch.

    Args:
        features: of each clip those of its frames in order, [t, E].
        captions: as of `CaptionBatches`, like the options not named here.
        frames: T, how many the network takes.
        all_frames: how often a clip is shown with as many of its frames as fit; else with fewer.
        always: the first so many are seen in every epoch, and of the others...
        others_per_epoch: ...so many, each time others.
    """

    def __init__(
        self,
        features: Sequence[np.ndarray],
        captions: Sequence[Sequence[str]],
        vocabulary: Any,
        *,
        frames: int,
        all_frames: float,
        always: int,
        others_per_epoch: int,
        **options: Any,
    ):
        self.frames = frames
        self.all_frames = all_frames
        self.always = always
        self.others_per_epoch = others_per_epoch
        super().__init__([features], captions, vocabulary, **options)

    def photos(self, index: int) -> tuple[np.ndarray, list[View], np.ndarray]:
        """See `CaptionBatches.photos`; features are float32 [B, T, E]."""
        random = np.random.default_rng((self.seed, self.epoch, index))
        chosen = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        seen = [self._frames(np.asarray(self.views[0][number]), random) for number in chosen]
        return chosen, [AS_IT_IS] * len(chosen), np.stack(seen).astype(np.float32)

    def _frames(self, features: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """T of a clip's frames in their order; of a clip that has fewer, some more than once."""
        most = min(len(features), self.frames)
        whole = most == 1 or random.random() < self.all_frames
        count = most if whole else int(random.integers(1, most))
        kept = np.sort(random.choice(len(features), count, replace=False))
        drawn: np.ndarray = features[kept[spread(count, self.frames)]]
        return drawn

    def _shuffle(self) -> None:
        random = np.random.default_rng((self.seed, self.epoch))
        count = len(self.tokens[0])
        others = random.permutation(np.arange(self.always, count))[: self.others_per_epoch]
        self.order = random.permutation(np.concatenate([np.arange(self.always), others]))
