"""The web page: ``python app.py``, then http://127.0.0.1:7860 in a browser."""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from captioner import MediaError, ModelError, VideoCaptioner, load_captioner
from captioner.backend import choose_backend
from captioner.media.kinds import VIDEO_SUFFIXES
from summarizer import SummarizerError, load_summarizer

try:
    import gradio as gr
except ModuleNotFoundError as error:
    sys.exit(f"{error}; the web page needs: pip install 'captionloom[app]'")

if TYPE_CHECKING:
    from captioner import Captioner, TimedCaption
    from summarizer import Summarizer

_CLIP_SUFFIXES = sorted(VIDEO_SUFFIXES | {".apng", ".avif", ".gif", ".png", ".webp"})
_SCORE = "mean log-probability of a word; nearer to 0 is surer"
_KEPT = 3600  # seconds that an upload stays on the disk


class Page:
    """What the page's buttons do. Both models are loaded when they are first needed, once.

    Args:
        make_captioner: loads the captioner.
        make_summarizer: loads the summarizer; only called for a clip.
    """

    def __init__(
        self, make_captioner: "Callable[[], Captioner]", make_summarizer: "Callable[[], Summarizer]"
    ):
        self._make_captioner = make_captioner
        self._make_summarizer = make_summarizer

    @cached_property
    def _captioner(self) -> "Captioner":
        return self._make_captioner()

    @cached_property
    def _video_captioner(self) -> VideoCaptioner:
        return VideoCaptioner(self._captioner, self._make_summarizer())

    def photo(self, path: str | None) -> tuple[str, float]:
        """A photo's caption and its score."""
        with _faults_as_messages():
            caption = self._captioner.caption(_chosen(path))
        return caption.text, round(caption.score, 2)

    def clip(self, path: str | None) -> tuple[str, list[list[float | str]]]:
        """A clip's sentence, and for each frame its start, end, caption and score."""
        with _faults_as_messages():
            result = self._video_captioner.caption(_chosen(path))
        return result.text, [_row(frame) for frame in result.frames]


def _row(frame: "TimedCaption") -> list[float | str]:
    caption = frame.caption
    return [round(frame.start, 2), round(frame.end, 2), caption.text, round(caption.score, 2)]


def _chosen(path: str | None) -> str:
    if path is None:
        raise gr.Error("Choose a file first.", print_exception=False)
    return path


def _uploaded(folder: Path, upload: Any) -> str | None:
    """The path of a photo, as the photo box hands it over instead of Gradio's own way.

    That one opens the file, so that a broken one ends in a trace; and of a request written by hand
    it takes the path of any file of this machine (gradio 6.31).
    """
    if upload is None:
        return None
    if not upload.path or not Path(upload.path).resolve().is_relative_to(folder.resolve()):
        raise gr.Error("This file was not uploaded.", print_exception=False)
    return str(upload.path)


@contextmanager
def _faults_as_messages() -> Iterator[None]:
    """What a person can put right becomes a message on the page, without a trace."""
    try:
        yield
    except MediaError as error:
        # Of the path only the name: the folder is the server's own.
        message = f"{Path(error.path).name}: {error.reason}; {error.remedy}"
        raise gr.Error(message, duration=None, print_exception=False) from None
    except (ModelError, SummarizerError) as error:
        raise gr.Error(str(error), duration=None, print_exception=False) from None


def build(page: Page) -> gr.Blocks:
    """The page, not yet served."""
    # One at a time, whichever the tab: both use the same model.
    shared = {"concurrency_id": "captioner", "concurrency_limit": 1}
    options = {"analytics_enabled": False, "delete_cache": (_KEPT // 6, _KEPT)}
    with gr.Blocks(title="Captionloom", **options) as blocks:
        gr.Markdown("# Captionloom\nSays in a sentence what a photo or a short clip shows.")
        with gr.Tab("Photo"):
            photo = gr.Image(type="filepath", image_mode=None, label="Photo", height=360)
            photo.preprocess = partial(_uploaded, Path(photo.GRADIO_CACHE))
            button = gr.Button("Describe", variant="primary")
            text = gr.Textbox(label="Caption")
            score = gr.Number(label="Score", info=_SCORE)
            button.click(page.photo, photo, [text, score], api_name="photo", **shared)
        with gr.Tab("Clip"):
            label = "Video, GIF, or animated WebP, PNG or AVIF"
            clip = gr.File(label=label, file_types=_CLIP_SUFFIXES)
            button = gr.Button("Describe", variant="primary")
            text = gr.Textbox(label="Caption")
            columns = ["from (s)", "to (s)", "caption", "score"]
            frames = gr.Dataframe(headers=columns, label="Frames", interactive=False, wrap=True)
            button.click(page.clip, clip, [text, frames], api_name="clip", **shared)
    return blocks.queue(max_size=32)


def main(argv: Sequence[str] | None = None) -> int:
    """Serves the page until Ctrl-C; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python app.py", description="Serves the web page.")
    parser.add_argument("--host", default="127.0.0.1", help="(default: %(default)s, this machine)")
    parser.add_argument("--port", type=int, help="(default: the first free one from 7860)")
    parser.add_argument("--model", metavar="NAME", help="as for python -m captioner")
    parser.add_argument("--summarizer", metavar="NAME", help="as for python -m captioner")
    options = parser.parse_args(argv)
    if options.port is not None and not 0 < options.port < 65536:
        parser.error(f"--port is {options.port}; ports go from 1 to 65535")
    choose_backend()
    page = Page(lambda: load_captioner(options.model), lambda: load_summarizer(options.summarizer))
    serving = {"max_file_size": "200mb", "share": False, "run_history": False}
    try:
        build(page).launch(server_name=options.host, server_port=options.port, **serving)
    except OSError:
        where = f"{options.host}:{options.port or 7860}"
        print(f"app: {where} is taken or not of this machine; try --port, --host", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
