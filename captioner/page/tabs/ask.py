"""The tab for questions: a conversation about a picture or clip, frames beside each answer."""

from collections.abc import Iterator
from typing import Any

import gradio as gr

from captioner.media.detect import MEDIA_SUFFIXES
from captioner.page import markup
from captioner.page.answering import Answering
from captioner.page.attention import fit, overlay
from captioner.page.errors import as_messages
from captioner.page.events import TabEvents
from captioner.page.session import Changes, Session
from captioner.page.uploads import chosen, name_of
from captioner.types import Answer

_SMALL = 180  # pixels of a frame beside its answer
_SHOWN = 3  # frames of an answer, those that it rests on most
_KEPT = 20  # answers of a conversation
_QUIETLY = {"show_progress": "hidden", "api_visibility": "private", "queue": False}
_HELLO = "Choose a picture or a clip, and ask something that can be seen in it."


class AskTab:
    """What the tab's buttons do.

    Args:
        answering: does the work.
    """

    def __init__(self, answering: Answering):
        self._answering = answering

    def ask(
        self, session: Session, upload: Any, question: str | None, said: list[str] | None
    ) -> Iterator[Changes]:
        """Answers a question, and shows what the answer rests on.

        Args:
            session: what the visitor still wants.
            upload: the file, as an event without preprocessing gets it.
            question: what was asked; empty: what could be asked is shown.
            said: the conversation so far, a piece of HTML for each answer.

        Yields:
            What changes of the boxes, by their names in `build_ask_tab`.
        """
        steps = self._ask(upload, (question or "").strip(), said or [])
        yield from session.follow(steps, upload, gone=nothing(), stopped=lambda: iter(()))

    def _ask(self, upload: Any, question: str, said: list[str]) -> Iterator[Changes]:
        with as_messages(name_of(upload)):
            path = chosen(upload)
            yield {"status": markup.status(self._answering.waiting(), "busy")}
            clip = self._answering.read(path)
            if not question:
                choices = self._answering.suggested(clip)
                yield {"status": "", "suggested": gr.Radio(choices=choices, value=None)}
                return
            answer = self._answering.ask(clip, question)
            images = {
                span[0]: frame.image for span, frame in zip(clip.spans, clip.frames, strict=True)
            }
            said = [*said, _exchange(answer, images)][-_KEPT:]
            yield {
                "status": "",
                "said": said,
                "chat": markup.conversation(said),
                "question": "",
            }


def nothing() -> Changes:
    """The tab as it is without a conversation."""
    return {
        "status": "",
        "said": [],
        "chat": "",
        "suggested": gr.Radio(choices=[], value=None),
    }


def _exchange(answer: Answer, images: dict[float, Any]) -> str:
    """A question with its answer and the frames that it rests on."""
    most = sorted(answer.frames, key=lambda frame: -frame.share)[:_SHOWN]
    pictures = []
    for frame in sorted(most, key=lambda frame: frame.start):
        small = fit(images[frame.start], _SMALL)
        if frame.attention is not None:
            small = overlay(small, frame.attention)
        when = f"{markup.clock(frame.start)} to {markup.clock(frame.end)}" if frame.end else ""
        pictures.append((when, small))
    return markup.exchange(answer, pictures)


def build_ask_tab(answering: Answering, queue: dict[str, Any]) -> None:
    """Lays the tab out.

    Args:
        answering: does the work.
        queue: the place of its events in the queue.
    """
    tab = AskTab(answering)
    boxes: dict[str, Any] = {}
    with gr.Row(elem_classes="work"):
        with gr.Column(elem_classes="given"):
            file = gr.File(
                label="Picture or clip",
                file_types=sorted(MEDIA_SUFFIXES),
                height=150,
                elem_id="ask-input",
            )
            boxes["question"] = gr.Textbox(
                label="Question",
                placeholder="what is the man holding?",
                max_lines=2,
                max_length=200,
                elem_id="ask-question",
            )
            button = gr.Button("Ask", variant="primary", elem_id="ask-button")
            boxes["suggested"] = gr.Radio(
                [],
                label="You could ask",
                type="value",
                interactive=True,
                elem_id="ask-suggested",
                elem_classes="words",
            )
        with gr.Column(elem_classes="result"):
            boxes["chat"] = gr.HTML(elem_id="ask-chat")
            boxes["status"] = gr.HTML(elem_id="ask-status", elem_classes="state")
            gr.HTML(markup.small_print(_HELLO))
    boxes["said"] = gr.State([])
    given = [boxes["question"], boxes["said"]]
    events = TabEvents(tab.ask, file, given, boxes, queue)
    events.at_choice(nothing)
    events.at_press(button)
    events.at_enter(boxes["question"])
    boxes["suggested"].input(lambda text: text, boxes["suggested"], boxes["question"], **_QUIETLY)
