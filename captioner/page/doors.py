"""Around Gradio's server: routes that the page has no use for are closed, one fault is mended."""

from starlette.middleware import Middleware
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_API = "/gradio_api"
_CLOSED = (
    f"{_API}/file=http",  # fetches any address of the web for whoever asks
    f"{_API}/proxy=",
    f"{_API}/deep_link",  # writes the state of a visit to the disk, and keeps it
    f"{_API}/process_recording",  # runs FFmpeg on what it is sent
    f"{_API}/run-history",
    f"{_API}/runs",
    f"{_API}/vibe-",  # an editor of the page's source
    f"{_API}/undo-vibe-",
    "/monitoring",
)


class ClosedDoors:
    """Answers 404 where a door is closed.

    Args:
        app: answers everywhere else.
    """

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request, as ASGI has it."""
        if scope["type"] == "http" and scope["path"].startswith(_CLOSED):
            await PlainTextResponse("Not found", 404)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class LateCancels:
    """Says that all is well where a job that is to be stopped has come to its end meanwhile.

    Gradio looks for the job, waits for its last step, and fails where it is then gone.

    Args:
        app: answers.
    """

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request, as ASGI has it."""
        try:
            await self._app(scope, receive, send)
        except KeyError:
            if scope.get("path") != f"{_API}/cancel":
                raise
            await JSONResponse({"success": True})(scope, receive, send)


MIDDLEWARE = [Middleware(ClosedDoors), Middleware(LateCancels)]
