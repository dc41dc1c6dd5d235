"""Answers by a chat-style model of the Hugging Face hub, which is asked anew at each call."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from captioner.ask.base import Answerer, check_questions
from captioner.ask.frames import evenly
from captioner.describe.hub import HubCaptioner
from captioner.errors import ModelError
from captioner.media.lazy_frames import Clip
from captioner.types import Answer, FrameUsed, Precision

_ASKED = "{} Answer in a few words."


class HubAnswerer(Answerer):
    """Asks an image-to-text model of transformers that chats.

    It sees one frame of a clip, the middle one: such models take one picture a question.

    Args:
        captioner: the model as a captioner, whose prompt is replaced at each call.
        max_frames: see `Answerer`.
    """

    def __init__(self, captioner: HubCaptioner, max_frames: int = 16):
        super().__init__(max_frames)
        self._captioner = captioner
        self.name = captioner.name

    @classmethod
    def load(
        cls, model: str | Path, max_frames: int, precision: Precision | None = None
    ) -> HubAnswerer:
        """Loads it from a folder, the local cache, or the hub.

        Raises:
            ModelError: there is no such model, it is damaged, or it does not chat.
        """
        folder = Path(model)
        if folder.is_dir():
            captioner = HubCaptioner.from_folder(folder.resolve(), None, precision)
        else:
            captioner = HubCaptioner.from_hub(str(model), None, precision)
        if not captioner.reader.chats:
            raise ModelError(
                f"{captioner.name}: has no chat template, so it cannot be asked; take a chat-style "
                "model, or use this one as a captioner (python -m captioner --model)"
            )
        return cls(captioner, max_frames)

    def answer_clip(self, clip: Clip, questions: Sequence[str]) -> list[Answer]:
        """See `Answerer.answer_clip`."""
        check_questions(questions)
        images = [frame.image for frame in clip.frames]
        [[number]] = evenly([""], images, 1)
        used = (FrameUsed(*clip.spans[number], 1.0),)
        answers = []
        for question in questions:
            said = self._asked(question).caption_images([images[number]])[0]
            others = tuple((other.text, math.exp(other.score)) for other in said.alternatives)
            answers.append(Answer(question, said.text, math.exp(said.score), used, others))
        return answers

    def _asked(self, question: str) -> HubCaptioner:
        held = self._captioner
        reader: Any = replace(held.reader, prompt=_ASKED.format(question.strip()))
        return HubCaptioner(held.model, reader, held.name, held.beams)
