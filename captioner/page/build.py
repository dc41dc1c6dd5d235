"""The page as a whole: header, tabs, settings, endpoints."""

from collections.abc import Sequence
from typing import Any

import gradio as gr

from captioner.page import markup
from captioner.page.answering import Answering
from captioner.page.endpoints import build_endpoints, build_search_endpoint
from captioner.page.library import Library
from captioner.page.service import Service
from captioner.page.settings import build_settings
from captioner.page.storage import KEPT
from captioner.page.tabs.about import about, imprint
from captioner.page.tabs.ask import build_ask_tab
from captioner.page.tabs.clip import build_clip_tab
from captioner.page.tabs.folder import build_folder_tab
from captioner.page.tabs.photo import build_photo_tab
from captioner.page.tabs.search import build_search_tab
from captioner.page.uploads import guard

# So many requests of a kind are worked on at a time; the others wait in its line. The models take
# turns among all of them, a batch at a time (see models.py), and files are read outside of these
# turns: one that is slow to read keeps nobody from the models, and no photo waits for clips. The
# numbers bound the memory that reading takes.
_LINES = {"photo": 4, "clip": 4, "folder": 2, "search": 4, "ask": 4}

_HEADER = """
<header class="masthead">
<h1>Captionloom</h1>
<p>Says in a sentence what a photo or a short clip shows.</p>
</header>
"""


def build(
    service: Service,
    clip_models: Sequence[str],
    queue_size: int = 32,
    library: Library | None = None,
) -> Any:
    """The page, not yet served.

    Args:
        service: does the work.
        clip_models: names of what makes the sentences of clips, for what the page says about it.
        queue_size: so many requests may wait.
        library: the folder that may be searched; None: there is none, and no tab for it.
    """
    options = {"analytics_enabled": False, "delete_cache": (KEPT // 6, KEPT)}
    photo_line, clip_line, folder_line, search_line, ask_line = (
        {"concurrency_id": name, "concurrency_limit": limit} for name, limit in _LINES.items()
    )
    with gr.Blocks(title="Captionloom", **options) as blocks:
        with gr.Row(elem_id="head"):
            gr.HTML(_HEADER)
            _add_readiness(service, blocks)
        with gr.Tabs(elem_id="tabs"):
            photo = gr.Tab("Photo", id="photo", elem_id="tab-photo")
            clip = gr.Tab("Clip", id="clip", elem_id="tab-clip")
            folder = gr.Tab("Folder", id="folder", elem_id="tab-folder")
            search = None
            if library is not None:
                search = gr.Tab("Search", id="search", elem_id="tab-search")
            if service.models.answers:
                with gr.Tab("Ask", id="ask", elem_id="tab-ask"):
                    build_ask_tab(Answering(service), ask_line)
            with gr.Tab("About", id="about", elem_id="tab-about"):
                text = about(service.models.names, clip_models, service.confidence)
                gr.Markdown(text, elem_id="about")
        settings = build_settings(service.models.names)
        with photo:
            build_photo_tab(service, settings, photo_line)
        with clip:
            build_clip_tab(service, settings, clip_line)
        with folder:
            build_folder_tab(service, settings, folder_line)
        if search is not None and library is not None:
            with search:
                build_search_tab(library, search_line)
        gr.HTML(markup.small_print(imprint()), elem_id="imprint")
        build_endpoints(service, blocks, photo_line, clip_line, folder_line, ask_line)
        if library is not None:
            build_search_endpoint(library, blocks, search_line)
    guard(blocks)
    return blocks.queue(max_size=queue_size)


def _add_readiness(service: Service, blocks: Any) -> None:
    """A line that says whether the models are loaded, kept up to date until they are."""

    def look_up() -> tuple[str, Any]:
        ready = service.models.ready()
        return _readiness(ready=ready), gr.Timer(active=not ready)

    line = gr.HTML(_readiness(ready=False), elem_id="models-status")
    timer = gr.Timer(1)
    gr.on(
        [timer.tick, blocks.load],
        look_up,
        outputs=[line, timer],
        queue=False,
        show_progress="hidden",
        api_visibility="private",
    )


def _readiness(*, ready: bool) -> str:
    if ready:
        return markup.status("Ready", "ready")
    return markup.status("The models are still loading …", "busy")
