"""Around Gradio's server: who may ask, and for what, is decided before Gradio sees a request."""

import asyncio
import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_API = "/gradio_api"
_STALLED = 60.0  # seconds without a byte after which an upload is given up

# All that the page, gradio_client and the documentation of the endpoints ask for. Gradio has more:
# routes that fetch addresses, run FFmpeg, keep sessions on the disk, edit the page, watch visitors.
_OPEN = re.compile(
    r"/((config|login|logout)/?|theme\.css|favicon\.ico|robots\.txt|manifest\.json"
    r"|(assets|static|svelte)/.+)?"
    rf"|{_API}/((app_id|cancel|info|login_check|queue/data|queue/join|reset|startup-events|upload"
    r"|upload_progress|mcp)/?|openapi\.json|theme\.css|heartbeat/[^/]+|run/[^/]+/?"
    r"|call/(v2/)?[^/]+(/[^/]*)?|file=(?!\w+:).+)",
    re.DOTALL,
)


class Hosts:
    """The names under which this server may be asked.

    A web site can have its own name lead to this machine (DNS rebinding); a browser then takes the
    two for one. So only names that are known are answered, and addresses in digits, which cannot
    be made to lead elsewhere.

    Args:
        names: host names without a port; "localhost" is known without being among them.
    """

    def __init__(self, names: Iterable[str] = ()):
        self._names = {"localhost", *(name.lower() for name in names)}
        self._origins = set(self._names) - {"localhost"}

    def allow(self, name: str) -> None:
        """Adds a name."""
        self._names.add(name.lower())
        self._origins.add(name.lower())

    def know(self, host: str) -> bool:
        """Whether a Host header names this server."""
        name = _name(host)
        return name in self._names or _is_address(name)

    def own(self, origin: str, host: str) -> bool:
        """Whether a page of that origin may use this server, asked by that Host header.

        It may where it came from the same host and port, or from a name that was allowed: behind
        a proxy the two headers can differ.
        """
        asking = origin.lower().partition("://")[2]
        return asking == host.lower() != "" or _name(asking) in self._origins


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class Gate:
    """Refuses what comes from elsewhere, or asks for what the page has no use for.

    Args:
        app: answers everything else.
        hosts: the names of this server.
    """

    def __init__(self, app: ASGIApp, hosts: Hosts):
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request, as ASGI has it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await (self._refusal(scope) or self._app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        if not self._hosts.know(host):
            text = f"This server has no name {_name(host)!r}; see its option --allowed-host.\n"
            return PlainTextResponse(text, 400)
        if origin is not None and not self._hosts.own(origin, host):
            return PlainTextResponse("Other web sites may not use this server.\n", 403)
        if not _OPEN.fullmatch(scope["path"]):
            return PlainTextResponse("Not found\n", 404)
        return None


class BrokenUploads:
    """Ends an upload that breaks off or stalls in such a way that Gradio deletes what came of it.

    Args:
        app: answers.
    """

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request, as ASGI has it."""
        if scope["type"] == "http" and scope["path"].rstrip("/") == f"{_API}/upload":
            receive = _Body(receive).receive
        await self._app(scope, receive, send)


class _Body:
    """The parts of an upload, as they come."""

    def __init__(self, receive: Receive):
        self._receive = receive
        self._whole = False

    async def receive(self) -> Message:
        """The next part.

        Raises:
            MultiPartException: there is none, which is the fault at which Gradio cleans up.
        """
        if self._whole:
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), _STALLED)
        except TimeoutError:
            raise MultiPartException("The upload came to a halt.") from None
        if message["type"] == "http.disconnect":
            raise MultiPartException("The upload broke off.")
        self._whole = not message.get("more_body", False)
        return message


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


def middleware(hosts: Hosts, *inner: Middleware) -> list[Middleware]:
    """What stands before Gradio, the outermost first.

    Args:
        hosts: the names of this server.
        inner: more of it, behind what refuses.
    """
    return [Middleware(Gate, hosts), *inner, Middleware(BrokenUploads), Middleware(LateCancels)]
