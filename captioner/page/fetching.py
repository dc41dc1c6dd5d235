"""Files from addresses of the web, for servers whose operator allows it; private networks never."""

import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urljoin, urlsplit

import httpcore

from captioner.page.errors import RefusalError

_HOPS = 5
_WAIT = 10.0  # seconds for a connection, and for each part of an answer
_SECONDS = 60.0  # for the whole
_MOVED = {301, 302, 303, 307, 308}
_HEADERS = [("User-Agent", "captionloom"), ("Accept", "image/*, video/*")]
_TIMEOUTS = dict.fromkeys(("connect", "read", "write", "pool"), _WAIT)

# Addresses in which one of IPv4 hides: what they lead to cannot be told.
_DISGUISES = [ipaddress.ip_network(net) for net in ("64:ff9b::/96", "2002::/16", "2001::/32")]


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet, and not of this machine or its network."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    ip = getattr(ip, "ipv4_mapped", None) or ip
    hidden = any(ip in net for net in _DISGUISES if net.version == ip.version)
    return ip.is_global and not ip.is_multicast and not hidden


class PublicNetwork(httpcore.SyncBackend):
    """Connects to public addresses only.

    Names are looked up here, and what was looked at is what is connected to. So neither a redirect
    nor a name that leads elsewhere the next time gets around it.

    Args:
        allowed: whether an IP address may be connected to.
    """

    def __init__(self, allowed: Callable[[str], bool] = is_public):
        self._allowed = allowed

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Opens a connection, as httpcore has it.

        Raises:
            RefusalError: the host is unknown, or one of its addresses is not public.
        """
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise RefusalError(f"There is no host {host!r}.") from None
        addresses = [str(entry[4][0]) for entry in found]
        if not all(map(self._allowed, addresses)):
            raise RefusalError(f"{host!r} is not on the open internet; nothing is fetched there.")
        return super().connect_tcp(addresses[0], port, timeout, local_address, socket_options)


def fetch(
    address: str, folder: Path, max_bytes: int, network: httpcore.NetworkBackend | None = None
) -> Path:
    """Saves what lies at an address.

    Args:
        address: http or https; redirects are followed, five at most.
        folder: takes the file.
        max_bytes: the largest file.
        network: makes the connections; by default a `PublicNetwork`.

    Raises:
        RefusalError: there is nothing, or nothing that may be fetched.
    """
    until = time.monotonic() + _SECONDS
    with httpcore.ConnectionPool(
        ssl.create_default_context(), network_backend=network or PublicNetwork()
    ) as pool:
        for _ in range(_HOPS + 1):
            _check(address)
            try:
                with pool.stream(
                    "GET", address, headers=_HEADERS, extensions={"timeout": _TIMEOUTS}
                ) as answer:
                    if answer.status in _MOVED:
                        address = urljoin(address, _header(answer, b"location"))
                        continue
                    if answer.status != 200:
                        raise RefusalError(f"{_host(address)} answers {answer.status}.")
                    path = folder / _file_name(address)
                    _save(answer.iter_stream(), path, max_bytes, until)
                    return path
            except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError):
                raise RefusalError(f"{_host(address)} does not answer as it should.") from None
    raise RefusalError("The address leads from one to the next without an end.")


def _check(address: str) -> None:
    try:
        parts = urlsplit(address)
        fine = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        fine = False
    if not fine or not address.isascii() or re.search(r"[\x00-\x20]", address):
        raise RefusalError("This is no address of http or https.")


def _save(parts: Iterable[bytes], path: Path, max_bytes: int, until: float) -> None:
    size = 0
    with path.open("wb") as file:
        for part in parts:
            size += len(part)
            if size > max_bytes:
                raise RefusalError(f"The file there is larger than {max_bytes / 1e6:g} MB.")
            if time.monotonic() > until:
                raise RefusalError("The file there takes too long to come.")
            file.write(part)


def _header(answer: httpcore.Response, name: bytes) -> str:
    headers: Mapping[bytes, bytes] = {key.lower(): value for key, value in answer.headers}
    return headers.get(name, b"").decode("latin-1")


def _host(address: str) -> str:
    return urlsplit(address).hostname or ""


def _file_name(address: str) -> str:
    name = PurePosixPath(unquote(urlsplit(address).path)).name
    return re.sub(r"[^\w.-]", "_", name)[-100:].lstrip(".") or "file"
