"""CLIP-Cut for questions: the frames of a clip that lie nearest to what is asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import numpy as np

from captioner.ask.frames import evenly
from captioner.search.clip_cut import embed_frames, frames_about
from captioner.search.retriever import Retriever

_GROUP = 3  # frames that follow each other, kept or left together


class ClipCut:
    """A chooser of the frames that lie nearest to the question; see `captioner.search.clip_cut`.

    Args:
        load: loads what puts questions and frames into one space; called at the first clip that
            has more frames than are looked at closely.
    """

    def __init__(self, load: Callable[[], Retriever]):
        self._load = load
        self._retriever: Retriever | None = None
        self._lock = threading.Lock()

    def __call__(
        self, questions: Sequence[str], frames: Sequence[np.ndarray], count: int
    ) -> list[list[int]]:
        """See `FrameChooser`."""
        if len(frames) <= count:
            return evenly(questions, frames, count)
        with self._lock:
            if self._retriever is None:
                self._retriever = self._load()
        vectors = embed_frames(self._retriever, frames)
        group = min(_GROUP, count)
        share = (count // group) / -(-len(frames) // group)
        texts = self._retriever.embed_texts(questions)
        return [frames_about(text, vectors, share, group) for text in texts]
