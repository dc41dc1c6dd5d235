"""The endpoints as tools of assistants, by the Model Context Protocol (MCP)."""

import base64
import binascii
import mimetypes
import secrets
import traceback
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeVar

import anyio
import gradio as gr
from mcp.server.fastmcp import FastMCP
from mcp.server.fastmcp.exceptions import ToolError
from mcp.server.transport_security import TransportSecuritySettings
from pydantic import Field
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from typing_extensions import TypedDict

from captioner.page.endpoints import (
    AnswerResult,
    Endpoints,
    FileResult,
    HitResult,
    ImageResult,
    SearchEndpoint,
)
from captioner.page.errors import RefusalError, as_messages
from captioner.page.fetching import fetch
from captioner.page.service import MOST_BEAMS, MOST_FRAMES
from captioner.page.storage import new_folder
from captioner.page.uploads import path_of

PATH = "/gradio_api/mcp"
_AT_ONCE = 4  # calls that are worked on; more of them wait
_WAITING = 32  # and so many at most
_LARGEST = 48 << 20  # bytes of one request, with its data URLs

Result = TypeVar("Result")

File = Annotated[
    str,
    Field(
        description="the file: a data URL (data:image/jpeg;base64,...), or the path that an upload "
        "to this server returned (POST /gradio_api/upload, form field 'files'); an http or https "
        "address only where this server allows it"
    ),
]
Beams = Annotated[
    int,
    Field(
        ge=0,
        le=MOST_BEAMS,
        description="captions followed side by side in the search; 0 is the model's choice",
    ),
]
Frames = Annotated[
    int, Field(ge=1, le=MOST_FRAMES, description="so many frames of a clip at most are captioned")
]
Selection = Annotated[
    str, Field(description='how the frames are chosen; "uniform" is evenly over the time')
]
Question = Annotated[
    str,
    Field(description='in English, about what can be seen, such as "what is the man holding?"'),
]
Model = Annotated[
    str, Field(description="a captioner that this server offers; empty for the default one")
]


class FilesResult(TypedDict):
    """What the tool for many files returns: a row for each."""

    rows: list[FileResult]


class SearchResult(TypedDict):
    """What the tool for searching returns: the hits, the best first."""

    hits: list[HitResult]


class Inbox:
    """Turns what an assistant passes for a file into a file.

    Args:
        max_fetched: the largest file fetched from the web, in bytes; 0 where nothing is fetched.
    """

    def __init__(self, max_fetched: int = 0):
        self._max_fetched = max_fetched

    def take(self, file: str) -> Path:
        """The path of a file below the folder of uploads.

        Raises:
            RefusalError: there is no such file here.
        """
        if file[:5].lower() == "data:":
            return _from_data(file)
        if file[:8].lower().startswith(("http://", "https://")):
            return self._from_address(file)
        path = path_of(file)
        if path is None:
            raise RefusalError("Pass a file.")
        return path

    def _from_address(self, address: str) -> Path:
        try:
            found = path_of(address)  # an upload has an address here, too
        except RefusalError:
            found = None
        if found is not None:
            return found
        if not self._max_fetched:
            raise RefusalError(
                "This server fetches nothing from the web; pass the file as a data URL, or upload "
                "it first."
            )
        return fetch(address, new_folder(), self._max_fetched)


def _from_data(url: str) -> Path:
    head, comma, body = url.partition(",")
    kind, *marks = head[5:].lower().split(";")
    if not comma or "base64" not in (mark.strip() for mark in marks):
        raise RefusalError("A data URL must be in base64: data:image/jpeg;base64,...")
    try:
        content = base64.b64decode("".join(body.split()), validate=True)
    except (binascii.Error, ValueError):
        raise RefusalError("The base64 in the data URL is damaged.") from None
    path = new_folder() / f"file{mimetypes.guess_extension(kind.strip()) or ''}"
    path.write_bytes(content)
    return path


class Tools:
    """The tools.

    Args:
        endpoints: do the work.
        inbox: takes the files.
        search: searches the folder that the operator chose; None: there is none.

    Attributes:
        answers: whether questions are answered, too.
    """

    def __init__(self, endpoints: Endpoints, inbox: Inbox, search: SearchEndpoint | None = None):
        self._endpoints = endpoints
        self._search = search
        self._inbox = inbox
        self.answers = endpoints.answers
        self._places = anyio.CapacityLimiter(_AT_ONCE)

    async def caption_image(self, image: File, beams: Beams = 0, model: Model = "") -> ImageResult:
        """Says in one short English sentence what a photo shows.

        The photo may be JPEG, PNG, WebP, AVIF, GIF (its first frame), BMP or TIFF. In the answer,
        "text" is the sentence, "score" is nearer to 0 where it is surer, and "alternatives" are
        other sentences.
        """
        return await self._run(
            lambda: self._endpoints.caption_image(self._upload(image), beams, model)
        )

    async def caption_clip(
        self,
        clip: File,
        frames: Frames = 16,
        selection: Selection = "uniform",
        beams: Beams = 0,
        model: Model = "",
    ) -> FileResult:
        """Says in one short English sentence what a GIF or video shows, and what each frame does.

        The clip may be a GIF, an animated WebP, PNG or AVIF, or a video (MP4, MOV, MKV, WebM, AVI).
        In the answer, "text" is the sentence, and "frames" has the start and end in seconds, the
        text and the score of each.
        """
        return await self._run(
            lambda: self._endpoints.caption_clip(
                self._upload(clip), frames, selection, beams, model
            )
        )

    async def caption_files(
        self,
        files: list[File],
        frames: Frames = 16,
        selection: Selection = "uniform",
        beams: Beams = 0,
        model: Model = "",
    ) -> FilesResult:
        """Captions many photos, GIFs and videos, in any mix; a broken file stops nothing.

        In the answer, "rows" has for each file its text, score, frames, status (ok or error) and
        error.
        """
        return await self._run(
            lambda: FilesResult(
                rows=self._endpoints.caption_files(
                    [self._upload(file) for file in files], frames, selection, beams, model
                )
            )
        )

    async def answer_question(self, file: File, question: Question) -> AnswerResult:
        """Answers a question about what a photo, GIF or video shows, in a few words.

        In the answer, "answer" is the answer, "told" is false where it cannot be told, "score" is
        its probability, and "frames" are the moments of a clip that it rests on.
        """
        return await self._run(
            lambda: self._endpoints.answer_question(self._upload(file), question)
        )

    async def search_pictures(self, query: str, limit: int = 10, kind: str = "") -> SearchResult:
        """Finds the photos and the moments of clips of this server's folder that show something.

        Say in "query" what they show, as you would describe a picture: "a dog in the snow"; " + "
        and " - " between sentences add and take away. "kind" may be "image" or "clip". In the
        answer, "hits" are the best first, none where nothing shows it; "start" and "end" are
        seconds, of a clip.
        """
        assert self._search is not None
        search = self._search
        return await self._run(lambda: SearchResult(hits=search.search(query, limit, kind)))

    @property
    def all(self) -> list[Callable[..., Any]]:
        """The tools that this server has."""
        search = [self.search_pictures] if self._search is not None else []
        return [self.caption_image, self.caption_clip, self.caption_files, *search]

    def _upload(self, file: str) -> Any:
        return {"path": str(self._inbox.take(file)), "meta": {"_type": "gradio.FileData"}}

    async def _run(self, work: Callable[[], Result]) -> Result:
        """Does work in a thread, in its turn; what goes wrong is said in a sentence.

        Raises:
            ToolError: the sentence.
        """
        if self._places.statistics().tasks_waiting >= _WAITING:
            raise ToolError("Too many requests wait here; try again later.")
        try:
            return await anyio.to_thread.run_sync(partial(_speaking, work), limiter=self._places)
        except gr.Error as error:
            if error.print_exception:
                traceback.print_exception(error)
            raise ToolError(error.message) from None


def _speaking(work: Callable[[], Result]) -> Result:
    with as_messages():
        return work()


class ToolServer:
    """Serves the tools beside the page.

    Args:
        tools: what is served.
        users: names and passwords, one of which a request must have (HTTP Basic); none: all may.
    """

    def __init__(self, tools: Tools, users: Sequence[tuple[str, str]] = ()):
        # Whether a request may come from where it does is decided before it comes here.
        elsewhere = TransportSecuritySettings(enable_dns_rebinding_protection=False)
        server = FastMCP(
            "Captionloom",
            instructions="Describes photos, GIFs and short videos in English sentences.",
            stateless_http=True,
            json_response=True,
            log_level="ERROR",
            transport_security=elsewhere,
            max_request_body_size=_LARGEST,
        )
        for tool in tools.all:
            server.add_tool(tool)
        if tools.answers:
            server.add_tool(tools.answer_question)
        server.streamable_http_app()  # makes the manager
        self._manager = server.session_manager
        self._users = [f"{user}:{password}".encode() for user, password in users]

    @asynccontextmanager
    async def lifespan(self, app: Any) -> AsyncIterator[None]:
        """What runs for as long as the page is served."""
        async with self._manager.run():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request, as ASGI has it."""
        if self._users and not self._knows(Headers(scope=scope).get("authorization", "")):
            wanted = {"WWW-Authenticate": 'Basic realm="Captionloom", charset="UTF-8"'}
            refusal = PlainTextResponse("Log in by HTTP Basic.\n", 401, wanted)
            await refusal(scope, receive, send)
        else:
            await self._manager.handle_request(scope, receive, send)

    def _knows(self, authorization: str) -> bool:
        scheme, _, word = authorization.partition(" ")
        try:
            given = base64.b64decode(word, validate=True)
        except (binascii.Error, ValueError):
            return False
        # All are compared, so that the time tells nothing of the names.
        found = [secrets.compare_digest(given, known) for known in self._users]
        return scheme.lower() == "basic" and any(found)


class ToolRoute:
    """Sends requests for the tools to them, and others on.

    Args:
        app: answers everything else.
        tools: the tools.
    """

    def __init__(self, app: ASGIApp, tools: ToolServer):
        self._app = app
        self._tools = tools

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request, as ASGI has it."""
        ours = scope["type"] == "http" and scope["path"].rstrip("/") == PATH
        await (self._tools if ours else self._app)(scope, receive, send)
