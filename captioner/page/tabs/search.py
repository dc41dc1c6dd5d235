"""The tab for searching: a folder that the operator chose, by sentences and by pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from captioner.page import markup
from captioner.page.errors import RefusalError, as_messages
from captioner.page.library import MOST_HITS, Library, large, thumbnails
from captioner.page.session import Changes
from captioner.page.uploads import path_of
from captioner.search.index import Hit, Kind

_KINDS: dict[str, Kind | None] = {"photos and clips": None, "photos": "image", "clips": "clip"}
_FIRST = 24
_NONE = (
    "Nothing in this folder shows that. Say it in other words, or move the threshold to the left."
)
_EMPTY = "What you look for appears here. Say it as you would describe the picture."


class SearchTab:
    """What the tab's buttons do.

    Args:
        library: the folder.
    """

    def __init__(self, library: Library):
        self._library = library

    def find(
        self, query: str, picture: Any, kind: str, threshold: float, count: float
    ) -> tuple[Changes, list[Hit]]:
        """Looks for what was said, or for what a picture shows.

        Args:
            query: a sentence, with signs between its parts.
            picture: an upload, or None.
            kind: a key of the filter.
            threshold: the least score above chance, 0 to 1; below 0, everything is shown.
            count: so many hits at most.

        Returns:
            What changes of the boxes, by their names, and the hits.
        """
        with as_messages():
            if kind not in _KINDS:
                raise RefusalError("There is no such kind.")
            hits = self._library.search(
                query or "",
                path_of(picture),
                limit=max(1, min(int(count), MOST_HITS)),
                min_score=self._least(float(threshold)),
                kind=_KINDS[kind],
            )
            return self._shown(hits), hits

    def _least(self, threshold: float) -> float | None:
        """The least cosine of a place of the slider, in the middle of which is the cut-off."""
        cutoff = self._library.cutoff
        if cutoff is None or threshold == 0:
            return None
        return max(-1.0, min(1.0, cutoff + threshold))

    def _shown(self, hits: Sequence[Hit]) -> Changes:
        if not hits:
            return {**nothing(), "status": markup.status(_NONE, "stopped")}
        found = "1 hit" if len(hits) == 1 else f"{len(hits)} hits"
        pictures = zip(thumbnails(hits), map(label, hits), strict=True)
        return {
            **nothing(),
            "status": markup.status(f"{found}, the best first.", "ready"),
            "hits": gr.Gallery(value=[*pictures], visible=True),
        }

    def look(self, hits: Sequence[Hit], number: int) -> Changes:
        """Shows one hit large; of a clip its moment plays."""
        with as_messages():
            if not 0 <= number < len(hits):
                raise RefusalError("Search first.")
            hit = hits[number]
            if not Path(hit.path).is_file():
                raise RefusalError("This file is no longer there; search again.")
            return {
                "seen": markup.moment(large(hit), hit),
                "like": gr.Button(visible=True),
            }

    def like(self, hits: Sequence[Hit], number: int) -> Any:
        """A picture of a hit as what is looked for next."""
        with as_messages():
            if not 0 <= number < len(hits):
                raise RefusalError("Search first.")
            return thumbnails([hits[number]])[0]


def label(hit: Hit) -> str:
    """What stands below a thumbnail: the name, and of a clip the time."""
    name = hit.file_name.rpartition("/")[2]
    if hit.kind == "image":
        return name
    return f"{name}, {markup.clock(hit.start)} to {markup.clock(hit.end)}"


def nothing() -> Changes:
    """The tab as it is without a result."""
    return {
        "status": markup.small_print(_EMPTY),
        "hits": gr.Gallery(value=[], visible="hidden"),
        "seen": "",
        "like": gr.Button(visible="hidden"),
    }


def build_search_tab(library: Library, queue: dict[str, Any]) -> None:
    """Lays the tab out.

    Args:
        library: the folder.
        queue: the place of its events in the queue.
    """
    tab = SearchTab(library)
    boxes: dict[str, Any] = {}
    with gr.Row(elem_classes="work"):
        with gr.Column(elem_classes="given"):
            query = gr.Textbox(
                label="What it shows",
                placeholder="a dog in the snow",
                info="+ adds and - takes away: a dog + snow - people",
                submit_btn="Find",
                elem_id="search-query",
            )
            with gr.Accordion("By a picture", open=False, elem_id="search-by-picture"):
                picture = gr.Image(
                    type="filepath",
                    image_mode=None,
                    sources=["upload", "clipboard"],
                    label="Like this picture",
                    height=180,
                    elem_id="search-picture",
                )
            with gr.Accordion("Filters", open=False, elem_id="search-filters"):
                kind = gr.Radio(
                    list(_KINDS),
                    value=next(iter(_KINDS)),
                    label="Show",
                    elem_id="search-kind",
                    elem_classes="words",
                )
                threshold = gr.Slider(
                    -0.5,
                    0.5,
                    value=0,
                    step=0.02,
                    label="Threshold",
                    info="In the middle, only what is better than chance is shown.",
                    elem_id="search-threshold",
                )
                count = gr.Slider(
                    1, MOST_HITS, value=_FIRST, step=1, label="Hits", elem_id="search-count"
                )
        with gr.Column(elem_classes="result"):
            boxes["status"] = gr.HTML(
                nothing()["status"], elem_id="search-status", elem_classes="state"
            )
            boxes["hits"] = gr.Gallery(
                label="Hits",
                show_label=False,
                columns=3,
                object_fit="cover",
                allow_preview=False,
                interactive=False,
                visible="hidden",
                buttons=[],
                elem_id="search-hits",
            )
            boxes["seen"] = gr.HTML(elem_id="search-seen")
            boxes["like"] = gr.Button(
                "More like this", size="sm", visible="hidden", elem_id="search-like"
            )
    hits, chosen = gr.State([]), gr.State(-1)
    quiet = {"api_visibility": "private", "show_progress": "minimal", **queue}

    def find(*given: Any) -> dict[Any, Any]:
        changes, found = tab.find(*given)
        return {**{boxes[name]: value for name, value in changes.items()}, hits: found, chosen: -1}

    def look(found: list[Hit], event: gr.SelectData) -> dict[Any, Any]:
        number = int(event.index)
        changes = tab.look(found, number)
        return {**{boxes[name]: value for name, value in changes.items()}, chosen: number}

    given = [query, picture, kind, threshold, count]
    # Files come as they are: see uploads.py.
    finding = {
        "fn": find,
        "inputs": given,
        "outputs": [*boxes.values(), hits, chosen],
        "preprocess": False,
        **quiet,
    }
    query.submit(**finding)
    picture.upload(**finding)
    kind.input(**finding)
    for slider in (threshold, count):
        slider.release(**finding)
    boxes["hits"].select(look, hits, [boxes["seen"], boxes["like"], chosen], **quiet)
    again = boxes["like"].click(tab.like, [hits, chosen], picture, **quiet)
    again.success(lambda: "", None, query, **quiet).success(**finding)
