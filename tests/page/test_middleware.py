"""Who may ask the server, and for what."""

import asyncio
import os
import re
import socket
import time
import tomllib
from importlib.metadata import version
from pathlib import Path

import httpx
import pytest
from packaging.specifiers import SpecifierSet

from captioner.page.middleware import BrokenUploads, Hosts, LateCancels
from tests.makers import plain, save_photo
from tests.page.conftest import RED

_API = [
    *("app_id", "call/v2/{api_name}", "call/v2/{api_name}/{event_id}", "call/{api_name}"),
    *("call/{api_name}/{event_id}", "cancel", "file={path_or_url}", "heartbeat/{session_hash}"),
    *("info", "login_check", "openapi.json", "queue/data", "queue/join", "reset"),
    *("run/{api_name}", "startup-events", "theme.css", "upload", "upload_progress"),
]
OPEN = {
    *("/", "/login", "/logout", "/config", "/theme.css", "/favicon.ico", "/robots.txt"),
    *("/manifest.json", "/svelte/{path}", "/static/{path}", "/assets/{path}"),
    *(f"/gradio_api/{path}" for path in _API),
}


def test_gradio_is_of_a_version_that_was_tested():
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    extras = tomllib.loads(text)["project"]["optional-dependencies"]
    for extra in ("app", "mcp"):
        (bound,) = [one for one in extras[extra] if one.startswith("gradio>")]
        wanted = SpecifierSet(bound.removeprefix("gradio"))
        assert version("gradio") in wanted
        assert "99" not in wanted


def test_of_gradios_routes_only_those_that_are_known_are_open(served):
    """A route that a new version of Gradio brings is closed until somebody has looked at it."""
    routes = set(served.blocks.app.openapi()["paths"])
    assert len(routes) > len(OPEN)
    closed = {path for path in routes if path != "/" and path.rstrip("/") not in OPEN}
    assert {"/monitoring", "/gradio_api/vibe-code", "/gradio_api/deep_link"} <= closed
    for path in closed:
        address = re.sub(r"{\w+}", "x", path)
        for method in ("GET", "POST"):
            answer = httpx.request(method, served.url + address)
            assert (answer.status_code, answer.text) == (404, "Not found\n"), (method, address)


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=http://example.org/a.png",
        "/gradio_api/file=HTTPS:/example.org/a.png",
        "/gradio_api/proxy=http://example.org/a.png",
        "/gradio_api/run/../vibe-code",
        "/gradio_api/%76ibe-code/",
        "/gradio_api/component_server",
        "//monitoring",
        "/gradio_api/mcp/schema",
        "/docs",
    ],
)
def test_what_the_page_does_not_need_is_not_there(served, path):
    assert httpx.get(served.url + path).status_code == 404
    assert httpx.post(served.url + path).status_code == 404


def test_what_the_page_needs_is_there(served):
    for path in ("/", "/config", "/gradio_api/info", "/theme.css", "/gradio_api/openapi.json"):
        assert httpx.get(served.url + path).status_code == 200


def upload(served, tmp_path, **headers):
    photo = save_photo(tmp_path / "red.png", plain(RED)).read_bytes()
    return httpx.post(
        f"{served.url}/gradio_api/upload", files={"files": ("red.png", photo)}, headers=headers
    )


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "https://127.0.0.1.evil.example", "null", "http://[", ""]
)
def test_other_sites_may_neither_upload_nor_read(served, tmp_path, origin):
    assert upload(served, tmp_path, Origin=origin).status_code == 403
    assert httpx.get(f"{served.url}/config", headers={"Origin": origin}).status_code == 403


def test_another_port_of_this_machine_is_another_site(served, tmp_path):
    assert upload(served, tmp_path, Origin="http://127.0.0.1:1").status_code == 403


def test_the_page_itself_may_and_so_may_programs(served, tmp_path):
    assert upload(served, tmp_path, Origin=served.url).status_code == 200
    assert upload(served, tmp_path).status_code == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("evil.example", 400),
        ("evil.example:7860", 400),
        ("localhost.evil.example", 400),
        ("127.0.0.1.evil.example", 400),
        ("[::1", 400),
        ("", 400),
        ("localhost", 200),
        ("LOCALHOST:7860", 200),
        ("127.0.0.1:1", 200),
        ("[::1]:7860", 200),
        ("192.168.1.5:7860", 200),
    ],
)
def test_the_host_that_is_asked_must_be_this_one(served, host, status):
    answer = httpx.get(f"{served.url}/config", headers={"Host": host})
    assert answer.status_code == status
    if "evil" in host:
        assert "--allowed-host" in answer.text


def test_a_name_that_is_allowed_is_known_as_host_and_as_origin():
    hosts = Hosts(["Captions.example.org"])
    assert hosts.know("captions.example.org")
    assert hosts.own("https://captions.example.org", "127.0.0.1:7860")  # behind a proxy
    assert not hosts.own("https://example.org", "127.0.0.1:7860")
    assert not hosts.own("http://localhost:3000", "localhost:7860")
    hosts.allow("abc.gradio.live")
    assert hosts.know("abc.gradio.live")
    assert not hosts.know("def.gradio.live")


def begin_upload(served):
    """A connection over which half of an upload has come."""
    host, port = served.url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)))
    head = (
        f"POST /gradio_api/upload HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1000000\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\n\r\n"
        '--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
    )
    connection.sendall(head.encode() + b"0" * 200_000)
    return connection


def parts():
    folder = Path(os.environ["GRADIO_TEMP_DIR"])
    return {path for path in folder.iterdir() if path.is_file()}


def until(true, seconds=20):
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.02)
    return true()


def test_an_upload_that_breaks_off_leaves_nothing(served):
    before = parts()
    connection = begin_upload(served)
    assert until(lambda: parts() - before)
    connection.close()
    assert until(lambda: parts() == before)


def test_an_upload_that_comes_to_a_halt_leaves_nothing(served, monkeypatch):
    monkeypatch.setattr("captioner.page.middleware._STALLED", 0.2)
    before = parts()
    with begin_upload(served) as connection:
        connection.settimeout(20)
        assert b"400" in connection.recv(100)
    assert until(lambda: parts() == before)


def test_a_job_that_ends_while_it_is_stopped_is_no_fault(served):
    jobs = served.blocks.app.iterators

    class Ending:
        async def aclose(self):
            del jobs["job"]

    jobs["job"] = Ending()
    body = {"session_hash": "x", "fn_index": 0, "event_id": "job"}
    answer = httpx.post(f"{served.url}/gradio_api/cancel", json=body)
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert "job" not in jobs


@pytest.mark.parametrize("around", [LateCancels, BrokenUploads])
def test_faults_elsewhere_are_not_hidden(around):
    async def broken(scope, receive, send):
        raise KeyError("x")

    with pytest.raises(KeyError):
        asyncio.run(around(broken)({"type": "http", "path": "/gradio_api/info"}, None, None))
