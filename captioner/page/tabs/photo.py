"""The tab for photos: a caption, the other beams, and where the model looked."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from captioner.media.pixels import RGBArray
from captioner.page import markup
from captioner.page.attention import fit, is_telling, overlay
from captioner.page.components import caption_box
from captioner.page.errors import RefusalError, as_messages
from captioner.page.events import TabEvents
from captioner.page.examples import add_photo_examples
from captioner.page.service import Service
from captioner.page.session import Changes, Session
from captioner.page.settings import SettingBoxes
from captioner.page.storage import new_folder
from captioner.page.uploads import chosen, name_of
from captioner.types import Caption

_SIDE = 720  # pixels of the large picture
_SMALL = 240  # and of the small ones

_SHOWN = {".avif", ".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp"}  # by all browsers
_NO_ATTENTION = "This model cannot tell where it looked."


@dataclass(frozen=True)
class Looked:
    """Where the model looked at a photo; what the page remembers between two clicks."""

    path: Path
    words: tuple[str, ...]
    attention: NDArray[np.float32]


class PhotoTab:
    """What the tab's buttons do.

    Args:
        service: does the work.
    """

    def __init__(self, service: Service):
        self._service = service

    def describe(self, session: Session, upload: Any, *given: Any) -> Iterator[Changes]:
        """Captions a photo; the sentence comes first, the pictures after it.

        Args:
            session: what the visitor still wants.
            upload: the file, as an event without preprocessing gets it.
            given: the settings, in the order of ``SettingBoxes.photo``.

        Yields:
            What changes of the boxes, by their names in `build_photo_tab`.
        """
        yield nothing()  # a message must not stand beside the sentence of another photo
        try:
            steps = self._describe(upload, given)
            yield from session.follow(steps, upload, gone=nothing(), stopped=lambda: iter(()))
        except gr.Error:
            yield nothing()
            raise

    def _describe(self, upload: Any, given: tuple[Any, ...]) -> Iterator[Changes]:
        with as_messages(name_of(upload)):
            path = chosen(upload)
            settings = self._service.settings(*given)
            photo = self._service.photo(path)
            yield {"status": self._waiting(settings.model)}
            caption = self._service.caption(photo, settings)
            word = self._service.confidence.words(settings.model)(caption.score)
            result = {
                "status": markup.sureness(word),
                "seen": _seen(path, photo),
                "caption": markup.sentence(caption.text),
                "beams": markup.beams(caption),
            }
            yield result
            # Gradio's page can lose a step that another follows at once: the last one says all.
            yield {**result, **_where_looked(path, photo, caption)}

    def _waiting(self, model: str) -> str:
        models = self._service.models
        if not models.ready(model):
            return markup.status("The model is still loading. Your photo is next.", "busy")
        ahead = models.ahead()
        return markup.waiting(ahead) if ahead else markup.status("Looking …", "busy")

    def look(self, looked: Looked | None, word: int | None) -> Any:
        """The photo with the attention of another word laid over it."""
        with as_messages():
            if looked is None or word is None or not 0 <= word < len(looked.words):
                raise RefusalError("Choose a photo first.")
            if not looked.path.is_file():
                raise RefusalError("This photo is no longer on the server; choose it again.")
            return _picture(fit(self._service.photo(looked.path), _SIDE), looked, word)


def nothing() -> Changes:
    """The tab as it is without a result."""
    return {"status": "", "caption": "", "looked": None, "seen": ""}


def _seen(path: Path, photo: RGBArray) -> str:
    """The photo where browsers do not show its file themselves."""
    shown = path.suffix.lower() in _SHOWN
    return "" if shown else markup.picture(fit(photo, _SIDE), "Your photo")


def _where_looked(path: Path, photo: RGBArray, caption: Caption) -> Changes:
    if caption.attention is None or not caption.words:
        return {"looked": None, "note": markup.status(_NO_ATTENTION, "stopped")}
    looked = Looked(path, caption.words, caption.attention)
    words = [(word, index) for index, word in enumerate(caption.words)]
    first = _telling_word(looked)
    return {
        "looked": looked,
        "note": "",
        "words": gr.Radio(choices=words, value=first),
        "picture": _picture(fit(photo, _SIDE), looked, first),
        "sheet": _sheet(fit(photo, _SMALL), looked),
    }


def _telling_word(looked: Looked) -> int:
    """The best word to begin with: of the longer ones, the one that looked at one place most."""
    peaks = looked.attention.reshape(len(looked.words), -1).max(axis=1)
    longer = [index for index, word in enumerate(looked.words) if is_telling(word)]
    return max(longer or range(len(peaks)), key=peaks.__getitem__)


def _picture(photo: RGBArray, looked: Looked, word: int) -> Any:
    path = new_folder() / f"{looked.path.stem}-{word + 1}.jpg"
    Image.fromarray(overlay(photo, looked.attention[word])).save(path, quality=90)
    text = f"The photo; what the model looked at for the word “{looked.words[word]}” is bright."
    return gr.Image(value=str(path), alt_text=text)


def _sheet(photo: RGBArray, looked: Looked) -> str:
    pictures = [overlay(photo, weights) for weights in looked.attention]
    return markup.sheet(looked.words, pictures)


def build_photo_tab(service: Service, settings: SettingBoxes, queue: dict[str, Any]) -> None:
    """Lays the tab out.

    Args:
        service: does the work.
        settings: the boxes that hold the settings.
        queue: the place of its events in the queue.
    """
    tab = PhotoTab(service)
    boxes: dict[str, Any] = {}
    with gr.Row(elem_classes="work"):
        with gr.Column(elem_classes="given"):
            photo = gr.Image(
                type="filepath",
                image_mode=None,
                sources=["upload", "clipboard", "webcam"],
                label="Photo",
                alt_text="Your photo",
                height=340,
                buttons=["fullscreen"],
                placeholder="Drop a photo here\nor click to choose one",
                elem_id="photo-input",
            )
            boxes["seen"] = gr.HTML(elem_id="photo-seen")
            button = gr.Button("Describe", variant="primary", elem_id="photo-describe")
        with gr.Column(elem_classes="result"):
            boxes["caption"] = caption_box(
                "Caption", "What the photo shows appears here.", "photo-caption"
            )
            boxes["status"] = gr.HTML(elem_id="photo-status", elem_classes="state")
            # The style sheet hides these columns where there is nothing in them: Gradio cannot hide
            # a column without taking it away.
            with gr.Column(elem_id="photo-results"):
                with gr.Column(elem_id="photo-looking"):
                    boxes["words"] = gr.Radio(
                        [],
                        label="Where the model looked",
                        info="Choose a word: what the model looked at to write it stays bright.",
                        type="value",
                        interactive=True,
                        elem_id="photo-words",
                        elem_classes="words",
                    )
                    boxes["picture"] = gr.Image(
                        type="filepath",
                        label="The photo, as the model looked at it",
                        show_label=False,
                        interactive=False,
                        buttons=["download", "fullscreen"],
                        elem_id="photo-attention",
                    )
                    with gr.Accordion("All words side by side", open=False, elem_id="photo-all"):
                        boxes["sheet"] = gr.HTML(elem_id="photo-sheet")
                boxes["note"] = gr.HTML(elem_id="photo-note")
                with gr.Accordion("Other captions", open=False, elem_id="photo-others"):
                    boxes["beams"] = gr.HTML(elem_id="photo-beams")
                    gr.Markdown(
                        "What the model would have said instead, the likeliest first.",
                        elem_classes="hint",
                    )
        with gr.Column(elem_classes="more"):
            add_photo_examples(photo)
    boxes["looked"] = gr.State()

    events = TabEvents(tab.describe, photo, settings.photo, boxes, queue)
    events.at_choice(nothing)
    events.at_press(button)
    boxes["words"].input(
        tab.look,
        [boxes["looked"], boxes["words"]],
        boxes["picture"],
        show_progress="hidden",
        api_visibility="private",
        concurrency_limit=4,
    )
