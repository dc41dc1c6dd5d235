"""The tab for clips: captions of the frames as they come, then one sentence for the whole."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio_client.utils import strip_invalid_filename_characters

from captioner.errors import MediaError
from captioner.media.detect import VIDEO_SUFFIXES
from captioner.page import markup
from captioner.page.attention import is_telling
from captioner.page.components import caption_box, download_button
from captioner.page.errors import as_messages
from captioner.page.events import TabEvents
from captioner.page.examples import add_clip_examples
from captioner.page.preview import playable
from captioner.page.service import Service
from captioner.page.session import Changes, Session
from captioner.page.settings import SettingBoxes
from captioner.page.storage import new_folder
from captioner.page.uploads import chosen, name_of
from captioner.types import EncodedClip, EncodedFrame, TimedCaption
from captioner.writers import SIDECARS

if TYPE_CHECKING:
    from captioner.batch.rows import Row
    from captioner.media.pixels import RGBArray
    from captioner.types import ClipCaption, MediaKind

_ABOVE_ALL = 1.1  # times as much as it would look at each frame if it looked at all alike
_SUFFIXES = sorted(VIDEO_SUFFIXES | {".apng", ".avif", ".gif", ".png", ".webp"})
_DOWNLOADS = {
    "txt": "Text",
    "json": "JSON",
    "vtt": "WebVTT",
    "srt": "SubRip",
}  # names in SIDECARS, and how buttons call them


class ClipTab:
    """What the tab's buttons do.

    Args:
        service: does the work.
    """

    def __init__(self, service: Service):
        self._service = service

    def describe(self, session: Session, upload: Any, *given: Any) -> Iterator[Changes]:
        """Captions a clip, frame by frame, then the whole.

        Args:
            session: what the visitor still wants.
            upload: the file, as an event without preprocessing gets it.
            given: the settings, in the order of ``SettingBoxes.clip``.

        Yields:
            What changes of the boxes, by their names in `build_clip_tab`.
        """
        yield nothing()  # a message must not stand beside the sentence of another clip
        try:
            work = _Work()
            steps = self._describe(upload, given, work)
            yield from session.follow(
                steps, upload, gone=nothing(), stopped=lambda: self._stopped(work)
            )
        except gr.Error:
            yield nothing()
            raise

    def _describe(self, upload: Any, given: tuple[Any, ...], work: "_Work") -> Iterator[Changes]:
        with as_messages(name_of(upload)):
            path = chosen(upload)
            name = name_of(upload, path)
            settings = self._service.settings(*given)
            yield {
                "status": markup.status("Reading the clip …", "busy"),
                "stop": gr.Button(interactive=True),
            }
            kind, clip = self._service.sample(path, settings)
            work.preview = preview = _Preview(path, kind)
            if not self._service.models.ready():
                text = "The models are still loading. Your clip is next."
                yield {"status": markup.status(text, "busy")}
            elif ahead := self._service.models.ahead():
                yield {"status": markup.waiting(ahead)}
            words = self._service.words_of_frames(settings)
            total = len(clip.frames)
            work.say = lambda: self._service.caption_clip(work.encoded, settings)
            work.row = lambda said: self._service.clip_row(name, kind, said, settings)
            work.timeline = lambda *looked: markup.timeline(
                work.said, work.pictures, clip.duration, words, *looked
            )
            work.total = total
            steps = zip(clip.frames, clip.spans, self._service.encode(clip, settings), strict=True)
            for frame, span, seen in steps:
                work.add(span, seen, frame.image)
                count = len(work.done)
                yield {
                    "status": markup.progress(f"Frame {count} of {total}", count, total),
                    "timeline": work.timeline(),
                    **preview.shown(wait=False),
                }
            frames = "1 frame" if total == 1 else f"{total} frames"
            status = markup.status(f"Captioned {frames}.", "ready")
            yield from self._finish(work, status)

    def _stopped(self, work: "_Work") -> Iterator[Changes]:
        """What Stop leaves: a sentence of the frames so far, and its files."""
        with as_messages():
            if not work.done:
                status = markup.status("Stopped before the first frame.", "stopped")
                yield {"status": status, "stop": gr.Button(interactive=False)}
                return
            text = (
                f"Stopped after {len(work.done)} of {work.total} frames; the caption is of these."
            )
            yield from self._finish(work, markup.status(text, "stopped"))

    def _finish(self, work: "_Work", status: str) -> Iterator[Changes]:
        said = work.say()
        files = _write_downloads(work.row(said), new_folder())
        result = {
            "caption": markup.sentence(said.text),
            "status": status,
            "timeline": work.timeline(_looked(said) if work.said else ()),
            **_download_buttons(files),
        }
        yield result
        yield work.preview.shown(wait=True)
        # Gradio's page can lose a step that another follows at once: the last one says all.
        yield {**result, **work.preview.subtitled(files), "stop": gr.Button(interactive=False)}


class _Work:
    """What is done of a clip; the frames come one by one.

    Attributes:
        done: what was seen in the frames so far.
        said: their captions, where the model speaks of single frames.
        pictures: one of each of these frames.
        total: so many frames are to be captioned.
        say: makes a sentence of what is done.
        row: makes a row of that.
        timeline: shows the captions; with the words that each frame was looked at for.
        preview: the clip as browsers play it.
    """

    say: "Callable[[], ClipCaption]"
    row: "Callable[[ClipCaption], Row]"
    timeline: Callable[..., str]
    preview: "_Preview"

    def __init__(self) -> None:
        self.done: list[EncodedFrame] = []
        self.said: list[TimedCaption] = []
        self.pictures: list[str] = []
        self.total = 0
        self._spans: list[tuple[float, float]] = []

    def add(self, span: tuple[float, float], seen: EncodedFrame, image: "RGBArray") -> None:
        """One frame more; ``span`` is what it stands for, in seconds."""
        self.done.append(seen)
        self._spans.append(span)
        if seen.caption is not None:
            self.said.append(TimedCaption(*span, seen.caption))
            self.pictures.append(markup.thumbnail(image))

    @property
    def encoded(self) -> EncodedClip:
        """The clip as far as it was seen."""
        return EncodedClip(tuple(self._spans), tuple(self.done))


class _Preview:
    """A video of the clip that a browser plays, made while the frames are captioned.

    Attributes:
        path: the video, once it was shown.
    """

    def __init__(self, clip: Path, kind: "MediaKind"):
        self.path: Path | None = None
        self._told = kind == "image"  # of which there is none
        if not self._told:
            pool = ThreadPoolExecutor(1, thread_name_prefix="preview")
            self._video = pool.submit(playable, clip, kind, new_folder())
            pool.shutdown(wait=False)

    def shown(self, *, wait: bool) -> Changes:
        """What changes once the video is there; nothing a second time.

        Args:
            wait: until it is there.
        """
        if self._told or not (wait or self._video.done()):
            return {}
        self._told = True
        try:
            self.path = self._video.result()
        except (MediaError, OSError):  # the captions are there all the same
            return {}
        return {"video": gr.Video(value=str(self.path), subtitles=None, visible=True)}

    def subtitled(self, files: dict[str, Path]) -> Changes:
        """What changes once the subtitles are there, too."""
        if self.path is None:
            return {}
        return {"video": gr.Video(value=str(self.path), subtitles=str(files["vtt"]), visible=True)}


def _looked(said: "ClipCaption") -> list[list[str]]:
    """For each frame the longer words of the sentence that looked at it above all others."""
    if said.attention is None:
        return []
    frames = said.attention.shape[1]
    found: list[list[str]] = [[] for _ in range(frames)]
    for word, weights in zip(said.words, said.attention, strict=True):
        most = int(weights.argmax())
        if is_telling(word) and weights[most] * frames > _ABOVE_ALL:
            found[most].append(word)
    return found


def nothing() -> Changes:
    """The tab as it is without a result."""
    return {
        "status": "",
        "caption": "",
        "timeline": "",
        "stop": gr.Button(interactive=False),
        **_download_buttons({}),
        "video": gr.Video(value=None, subtitles=None, visible="hidden"),
    }


def _write_downloads(row: "Row", folder: Path) -> dict[str, Path]:
    """The files to take away, by the names of their formats."""
    files = {}
    for name in _DOWNLOADS:
        sidecar = SIDECARS[name]
        if sidecar.takes(row):
            files[name] = folder / f"{_plain(row.path)}{sidecar.suffix}"
            files[name].write_text(sidecar.render(row), encoding="utf-8")
    return files


def _plain(name: str) -> str:
    """A visitor's name of a file as a name on this disk, without what stands after its last dot."""
    plain: str = strip_invalid_filename_characters(Path(name.replace("/", "-")).stem)
    return plain


def _download_buttons(files: dict[str, Path]) -> Changes:
    return {
        name: gr.DownloadButton(value=str(files[name]), visible=True)
        if name in files
        else gr.DownloadButton(visible="hidden")
        for name in _DOWNLOADS
    }


def build_clip_tab(service: Service, settings: SettingBoxes, queue: dict[str, Any]) -> None:
    """Lays the tab out.

    Args:
        service: does the work.
        settings: the boxes that hold the settings.
        queue: the place of its events in the queue.
    """
    tab = ClipTab(service)
    boxes: dict[str, Any] = {}
    with gr.Row(elem_classes="work"):
        with gr.Column(elem_classes="given"):
            clip = gr.File(
                label="Clip",
                file_types=_SUFFIXES,
                height=150,
                elem_id="clip-input",
            )
            gr.Markdown(
                "GIF, animated WebP, PNG or AVIF; MP4, MOV, MKV, WebM, AVI and others; up to "
                f"{service.limits.minutes:g} minutes",
                elem_classes="hint",
            )
            with gr.Row(elem_classes="buttons"):
                button = gr.Button(
                    "Describe", variant="primary", min_width=120, elem_id="clip-describe"
                )
                boxes["stop"] = gr.Button(
                    "Stop", variant="stop", interactive=False, min_width=80, elem_id="clip-stop"
                )
        with gr.Column(elem_classes="result"):
            boxes["caption"] = caption_box(
                "Caption", "One sentence for the whole clip appears here.", "clip-caption"
            )
            boxes["status"] = gr.HTML(elem_id="clip-status", elem_classes="state")
            with gr.Row(elem_classes="downloads"):
                for name, label in _DOWNLOADS.items():
                    boxes[name] = download_button(label, f"clip-download-{name}")
            boxes["timeline"] = gr.HTML(elem_id="clip-timeline")
        with gr.Column(elem_classes="shown"):
            boxes["video"] = gr.Video(
                label="The clip, with its captions as subtitles",
                interactive=False,
                autoplay=False,
                visible="hidden",  # see boxes.py
                buttons=[],
                elem_id="clip-video",
            )
        with gr.Column(elem_classes="more"):
            add_clip_examples(clip)

    events = TabEvents(tab.describe, clip, settings.clip, boxes, queue)
    events.at_choice(nothing)
    events.at_press(button)
    events.at_stop(boxes["stop"])
