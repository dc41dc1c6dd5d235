"""The tab for many files: a table that fills as they are captioned."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import gradio as gr

from captioner.media.detect import MEDIA_SUFFIXES
from captioner.page import markup
from captioner.page.components import download_button
from captioner.page.errors import as_messages
from captioner.page.events import TabEvents
from captioner.page.service import Service
from captioner.page.session import Changes, Session
from captioner.page.settings import SettingBoxes
from captioner.page.storage import new_folder
from captioner.page.uploads import named
from captioner.page.words import Words
from captioner.writers import FILE_WRITERS

if TYPE_CHECKING:
    from captioner.batch.rows import Row

_DOWNLOADS = {".csv": "CSV", ".jsonl": "JSON Lines"}
_PAUSE = 0.4  # seconds between two states of the table, so that a browser keeps up


class FolderTab:
    """What the tab's buttons do.

    Args:
        service: does the work.
    """

    def __init__(self, service: Service):
        self._service = service

    def describe(self, session: Session, uploads: Any, *given: Any) -> Iterator[Changes]:
        """Captions files, in their order.

        Args:
            session: what the visitor still wants.
            uploads: the files, as an event without preprocessing gets them.
            given: the settings, in the order of ``SettingBoxes.clip``.

        Yields:
            What changes of the boxes, by their names in `build_folder_tab`.
        """
        run = uuid4().hex
        session.choose(run)  # whatever ran before, and once the files are cleared nothing is chosen
        try:
            work = _Work()
            steps = self._describe(uploads, given, work)
            yield from session.follow(steps, run, gone=nothing(), stopped=lambda: _stopped(work))
        except gr.Error:
            yield {"status": "", "stop": gr.Button(interactive=False)}
            raise

    def _describe(self, uploads: Any, given: tuple[Any, ...], work: "_Work") -> Iterator[Changes]:
        with as_messages():
            files = named(uploads)
            settings = self._service.settings(*given)
            self._service.limits.check_count(files)
            yield {
                **nothing(),
                "stop": gr.Button(interactive=True),
                "status": self._beginning(len(files)),
            }
            shown, rows = 0.0, work.rows
            work.words = self._service.confidence.words(settings.model)
            for row in self._service.rows(files, settings):
                rows.append(row)
                if time.monotonic() - shown > _PAUSE:
                    shown = time.monotonic()
                    text = f"File {len(rows)} of {len(files)}"
                    yield {
                        "status": markup.progress(text, len(rows), len(files)),
                        "table": markup.table(rows, work.words),
                    }
            yield _ended(work, markup.status(_sum(rows), "ready"))

    def _beginning(self, total: int) -> str:
        models = self._service.models
        if not models.ready():
            text = "The models are still loading. Your files are next."
            return markup.status(text, "busy")
        ahead = models.ahead()
        return markup.waiting(ahead) if ahead else markup.progress("Reading …", 0, total)


def nothing() -> Changes:
    """The tab as it is without a result."""
    return {
        "status": "",
        "table": "",
        "stop": gr.Button(interactive=False),
        **{suffix: gr.DownloadButton(visible="hidden") for suffix in _DOWNLOADS},
    }


@dataclass
class _Work:
    """What is done of a folder; the files come one by one.

    Attributes:
        rows: the files so far.
        words: says of a score how sure it is.
    """

    rows: "list[Row]" = field(default_factory=list)
    words: Words = field(default=lambda _: "")


def _stopped(work: _Work) -> Iterator[Changes]:
    """The tab as Stop leaves it."""
    with as_messages():
        text = f"Stopped. {_sum(work.rows)}" if work.rows else "Stopped before the first file."
        yield _ended(work, markup.status(text, "stopped"))


def _ended(work: _Work, status: str) -> Changes:
    stop = {"stop": gr.Button(interactive=False)}
    rows = work.rows
    found = {"table": markup.table(rows, work.words), **_downloads(rows)} if rows else {}
    return {"status": status, **found, **stop}


def _sum(rows: "Sequence[Row]") -> str:
    failed = sum(row.error is not None for row in rows)
    done = f"Captioned {len(rows) - failed} of {len(rows)} files."
    return f"{done} What is wrong with the other {failed} is in the table." if failed else done


def _downloads(rows: "Sequence[Row]") -> Changes:
    folder = new_folder()
    changes: Changes = {}
    for suffix in _DOWNLOADS:
        path = folder / f"captions{suffix}"
        with FILE_WRITERS[suffix].open(path, "x") as writer:
            for row in rows:
                writer.write(row)
        changes[suffix] = gr.DownloadButton(value=str(path), visible=True)
    return changes


def build_folder_tab(service: Service, settings: SettingBoxes, queue: dict[str, Any]) -> None:
    """Lays the tab out.

    Args:
        service: does the work.
        settings: the boxes that hold the settings.
        queue: the place of its events in the queue.
    """
    tab = FolderTab(service)
    boxes: dict[str, Any] = {}
    files = gr.File(
        label="Files",
        file_count="multiple",
        height=220,
        elem_id="folder-input",
    )
    # script.js opens the browser's window for folders, and takes dropped ones.
    gr.Button("Choose a folder …", size="sm", elem_id="folder-choose")
    gr.HTML(
        markup.taken(
            "Photos, GIFs and videos in any mix, or a folder with some, up to "
            f"{service.limits.files} at once",
            sorted(MEDIA_SUFFIXES),
        ),
        elem_id="folder-hint",
    )
    with gr.Row(elem_classes="buttons"):
        button = gr.Button(
            "Describe all", variant="primary", min_width=120, elem_id="folder-describe"
        )
        boxes["stop"] = gr.Button(
            "Stop", variant="stop", interactive=False, min_width=80, elem_id="folder-stop"
        )
    boxes["status"] = gr.HTML(elem_id="folder-status", elem_classes="state")
    with gr.Row(elem_classes="downloads"):
        for suffix, label in _DOWNLOADS.items():
            boxes[suffix] = download_button(label, f"folder-download-{suffix[1:]}")
    boxes["table"] = gr.HTML(elem_id="folder-table")

    events = TabEvents(tab.describe, files, settings.clip, boxes, queue)
    events.at_clear(nothing)
    events.at_press(button)
    events.at_stop(boxes["stop"])
