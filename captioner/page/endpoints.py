"""What programs call: named endpoints with typed results, also as tools (MCP)."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, cast

import gradio as gr
from gradio.utils import get_function_description
from typing_extensions import TypedDict  # of typing only from Python 3.12, for pydantic

from captioner.batch.rows import plain_name
from captioner.page.answering import Answering
from captioner.page.errors import RefusalError, as_messages
from captioner.page.library import MOST_HITS, Library
from captioner.page.service import Service
from captioner.page.uploads import chosen, name_of, named
from captioner.types import Caption, EncodedClip

if TYPE_CHECKING:
    from captioner.search.index import Kind


class UploadMeta(TypedDict):
    """What tells an upload from another object."""

    _type: Literal["gradio.FileData"]


class Upload(TypedDict):
    """A file, as Gradio's clients send it once they have uploaded it."""

    path: str
    meta: UploadMeta


class ScoredCaption(TypedDict):
    """A sentence, and the mean log-probability of its words."""

    text: str
    score: float


class ImageResult(TypedDict):
    """What ``/caption_image`` returns."""

    file_name: str
    text: str
    score: float
    alternatives: list[ScoredCaption]
    model: str


class FrameResult(TypedDict):
    """A frame of a clip: seen from ``start`` to ``end``, in seconds."""

    start: float
    end: float
    text: str
    score: float


class FileResult(TypedDict):
    """A row of JSON Lines, which ``/caption_clip`` and ``/caption_files`` return."""

    file_name: str
    kind: str | None
    text: str | None
    score: float | None
    frames: list[FrameResult] | None
    status: str
    error: str | None
    model: str | None
    summarizer: str | None


class HitResult(TypedDict):
    """One hit of ``/search``: a file; of a clip from ``start`` to ``end``, in seconds."""

    file_name: str
    kind: str
    start: float
    end: float
    score: float
    caption: str | None


class SearchEndpoint:
    """Searches the folder that the operator chose.

    Args:
        library: the folder.
    """

    def __init__(self, library: Library):
        self._library = library

    def search(self, query: str, limit: int = 10, kind: str = "") -> list[HitResult]:
        """Finds the photos and the moments of clips that show what a sentence says.

        Args:
            query: what they show, as you would describe a picture: "a dog in the snow". " + " and
                " - " between sentences add and take away.
            limit: so many hits at most, 1 to 100.
            kind: "image" for photos alone, "clip" for GIFs and videos alone; empty for both.

        Returns:
            The best first, none where nothing shows it; start and end are seconds, of a clip.
        """
        with as_messages():
            if kind not in ("", "image", "clip") or not 1 <= limit <= MOST_HITS:
                raise RefusalError(f"kind is image, clip or empty; limit is from 1 to {MOST_HITS}.")
            wanted = cast("Kind | None", kind or None)
            hits = self._library.search(query, limit=limit, kind=wanted)
            return [
                HitResult(
                    file_name=plain_name(hit.file_name),
                    kind=hit.kind,
                    start=round(hit.start, 3),
                    end=round(hit.end, 3),
                    score=round(hit.score, 4),
                    caption=hit.caption,
                )
                for hit in hits
            ]


class FrameShare(TypedDict):
    """A frame that an answer rests on: from ``start`` to ``end``, in seconds; shares sum to 1."""

    start: float
    end: float
    share: float


class AnswerResult(TypedDict):
    """What ``/answer_question`` returns."""

    file_name: str
    question: str
    answer: str
    told: bool
    score: float | None
    frames: list[FrameShare]
    model: str


class Endpoints:
    """The endpoints; each loads what it needs and waits for its turn.

    Args:
        service: does the work.

    Attributes:
        answers: whether questions are answered, too.
    """

    def __init__(self, service: Service):
        self._service = service
        self._answering = Answering(service)
        self.answers = service.models.answers

    def caption_image(self, image: Upload, beams: int = 0, model: str = "") -> ImageResult:
        """Says in one short English sentence what a photo shows.

        Args:
            image: the photo: JPEG, PNG, WebP, AVIF, GIF (its first frame), BMP or TIFF.
            beams: captions followed side by side in the search, 0 to 8; 0 is the model's choice.
            model: the name of a captioner that this server offers; empty for the default one.

        Returns:
            text, the sentence; score, nearer to 0 is surer; alternatives, other sentences.
        """
        with as_messages(name_of(image)):
            path = chosen(image)
            settings = self._service.settings(model, beams)
            caption = self._service.caption(self._service.photo(path), settings)
            return ImageResult(
                file_name=name_of(image, path),
                **_scored(caption),
                alternatives=[_scored(other) for other in caption.alternatives],
                model=settings.model,
            )

    def caption_clip(
        self,
        clip: Upload,
        frames: int = 16,
        selection: str = "uniform",
        beams: int = 0,
        model: str = "",
    ) -> FileResult:
        """Says in one short English sentence what a GIF or video shows, and what each frame does.

        Args:
            clip: a GIF, animated WebP, PNG or AVIF, or a video (MP4, MOV, MKV, WebM, AVI).
            frames: so many frames at most are captioned, 1 to 32.
            selection: how the frames are chosen; "uniform" is evenly over the time.
            beams: captions followed side by side in the search, 0 to 8; 0 is the model's choice.
            model: the name of a captioner that this server offers; empty for the default one.

        Returns:
            text, the sentence; score; frames, each with start and end in seconds, text, score.
        """
        with as_messages(name_of(clip)):
            path = chosen(clip)
            settings = self._service.settings(model, beams, frames, selection)
            kind, sampled = self._service.sample(path, settings)
            frames_seen = tuple(self._service.encode(sampled, settings))
            encoded = EncodedClip(sampled.spans, frames_seen)
            said = self._service.caption_clip(encoded, settings)
            row = self._service.clip_row(name_of(clip, path), kind, said, settings)
            return cast(FileResult, row.as_dict())

    def caption_files(
        self,
        files: list[Upload],
        frames: int = 16,
        selection: str = "uniform",
        beams: int = 0,
        model: str = "",
    ) -> list[FileResult]:
        """Captions many photos, GIFs and videos, in any mix; a broken file stops nothing.

        Args:
            files: the files.
            frames: so many frames of a clip at most are captioned, 1 to 32.
            selection: how the frames are chosen; "uniform" is evenly over the time.
            beams: captions followed side by side in the search, 0 to 8; 0 is the model's choice.
            model: the name of a captioner that this server offers; empty for the default one.

        Returns:
            For each file: file_name, kind, text, score, frames, status (ok or error), error.
        """
        with as_messages():
            settings = self._service.settings(model, beams, frames, selection)
            rows = self._service.rows(named(files), settings)
            return [cast(FileResult, row.as_dict()) for row in rows]

    def answer_question(self, file: Upload, question: str) -> AnswerResult:
        """Answers a question about what a photo, GIF or video shows, in a few words.

        Args:
            file: a photo, an animation or a video.
            question: in English, about what can be seen, such as "what is the man holding?".

        Returns:
            answer; told, false where it cannot be told; score, 0 to 1; frames that it rests on.
        """
        with as_messages(name_of(file)):
            path = chosen(file)
            answer = self._answering.ask(self._answering.read(path), question)
            return AnswerResult(
                file_name=name_of(file, path),
                question=answer.question,
                answer=answer.text,
                told=answer.told,
                score=round(answer.score, 4) if answer.score >= 0 else None,
                frames=[
                    FrameShare(
                        start=round(frame.start, 3),
                        end=round(frame.end, 3),
                        share=round(frame.share, 3),
                    )
                    for frame in answer.frames
                ],
                model=self._answering.name,
            )


def _scored(caption: Caption) -> ScoredCaption:
    return ScoredCaption(text=caption.text, score=round(caption.score, 4))


def build_endpoints(service: Service, blocks: gr.Blocks, *lines: dict[str, Any]) -> None:
    """Adds the endpoints to a page; nothing of them shows but their documentation.

    Args:
        service: does the work.
        blocks: the page.
        lines: the places in the queue of photos, clips, folder jobs and questions.
    """
    endpoints = Endpoints(service)
    calls: list[Callable[..., Any]] = [
        endpoints.caption_image,
        endpoints.caption_clip,
        endpoints.caption_files,
    ]
    if service.models.answers:
        calls.append(endpoints.answer_question)
    for call, line in zip(calls, lines, strict=False):
        gr.api(call, api_name=call.__name__, **line)
    _explain(blocks, {call.__name__ for call in calls})


def build_search_endpoint(library: Library, blocks: gr.Blocks, line: dict[str, Any]) -> None:
    """Adds the endpoint that searches; see `build_endpoints`."""
    gr.api(SearchEndpoint(library).search, api_name="search", **line)
    _explain(blocks, {"search"})


def _explain(blocks: gr.Blocks, names: set[str]) -> None:
    """Puts what the docstrings say of the parameters into the documentation of the endpoints."""
    for fn in blocks.fns.values():
        if fn.fn is not None and fn.api_name in names:
            _, said, _ = get_function_description(fn.fn)
            for box, name in zip(fn.inputs, said, strict=True):
                box.label = name
                box.api_info()["additional_description"] = said[name][:1].upper() + said[name][1:]
