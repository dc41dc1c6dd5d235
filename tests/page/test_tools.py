"""The endpoints as tools of the Model Context Protocol."""

import asyncio
import base64
import json

import httpx
import pytest
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from starlette.middleware import Middleware

from captioner.batch.rows import COLUMNS
from captioner.page import tools as page_tools
from captioner.page.endpoints import Endpoints
from captioner.page.errors import RefusalError
from captioner.page.middleware import Hosts, middleware
from captioner.page.tools import Inbox, ToolRoute, Tools, ToolServer
from tests.fakes import caption_of, save_damaged
from tests.makers import plain, save_animation, save_photo
from tests.page.conftest import BLUE, RED, Serving, service_of

HEADERS = {"Accept": "application/json, text/event-stream"}
LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}


def serve(folder, *, users=None, max_fetched=0):
    """A page with tools, as app.py puts it up."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(folder / "uploads"))
        patch.setenv("GRADIO_EXAMPLES_CACHE", str(folder / "examples"))
        service = service_of()
        server = ToolServer(Tools(Endpoints(service), Inbox(max_fetched)), users or ())
        around = middleware(Hosts(), Middleware(ToolRoute, server))
        options = {"middleware": around, "lifespan": server.lifespan}
        serving = Serving(service, app_kwargs=options, auth=users)
        yield serving
        serving.close()
        service.models.close()


@pytest.fixture(scope="module")
def tools(tmp_path_factory):
    yield from serve(tmp_path_factory.mktemp("tools"))


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    yield from serve(tmp_path_factory.mktemp("guarded"), users=[("ann", "secret:1")])


def using(serving, use, **headers):
    """What an assistant gets that is connected to the server."""

    async def connect():
        address = f"{serving.url}/gradio_api/mcp/"
        async with (
            httpx.AsyncClient(headers=headers, timeout=60) as client,
            streamable_http_client(address, http_client=client) as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            return await use(session)

    return asyncio.run(connect())


def call(serving, name, given, **headers):
    return using(serving, lambda session: session.call_tool(name, given), **headers)


def data_url(path):
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()


@pytest.fixture
def red(tmp_path):
    return save_photo(tmp_path / "red.png", plain(RED))


@pytest.fixture
def gif(tmp_path):
    return save_animation(tmp_path / "two.gif", [plain(RED), plain(BLUE)], [400, 600])


def uploaded(serving, path):
    files = {"files": (path.name, path.read_bytes())}
    (there,) = httpx.post(f"{serving.url}/gradio_api/upload", files=files).json()
    return there


def test_each_tool_says_what_it_does_and_what_each_parameter_is(tools):
    listed = using(tools, lambda session: session.list_tools()).tools
    assert sorted(tool.name for tool in listed) == [
        "answer_question",
        "caption_clip",
        "caption_files",
        "caption_image",
    ]
    for tool in listed:
        words = ("sentence", "Captions many", "Answers a question")
        assert any(word in tool.description for word in words)
        for name, given in tool.inputSchema["properties"].items():
            said = given.get("items", given).get("description", "")
            assert said, (tool.name, name)
        assert tool.outputSchema


def test_a_file_may_be_a_data_url_or_an_upload_in_all_tools(tools, red, gif):
    ways = {
        "data": (data_url(red), data_url(gif)),
        "path": (uploaded(tools, red), uploaded(tools, gif)),
    }
    ways["address"] = tuple(f"{tools.url}/gradio_api/file={path}" for path in ways["path"])
    both = f"{caption_of(RED)} then {caption_of(BLUE)}"

    async def use(session):
        return [
            (
                await session.call_tool("caption_image", {"image": photo}),
                await session.call_tool("caption_clip", {"clip": clip, "frames": 3}),
                await session.call_tool("caption_files", {"files": [photo, clip]}),
            )
            for photo, clip in ways.values()
        ]

    for image, clip, files in using(tools, use):
        for answer in (image, clip, files):
            assert not answer.isError, answer.content
            (content,) = answer.content
            assert json.loads(content.text) == answer.structuredContent
        assert image.structuredContent["text"] == caption_of(RED)
        assert clip.structuredContent["text"] == both
        assert tuple(clip.structuredContent) == COLUMNS
        rows = files.structuredContent["rows"]
        assert [row["text"] for row in rows] == [caption_of(RED), both]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("/etc/hostname", "was not uploaded"),
        ("../../etc/hostname", "was not uploaded"),
        ("", "was not uploaded"),
        ("file:///etc/hostname", "was not uploaded"),
        ("http://127.0.0.1:1/a.png", "fetches nothing from the web"),
        ("https://example.org/gradio_api/file=/etc/hostname", "fetches nothing from the web"),
        ("data:image/png;base64,%%%", "base64 in the data URL is damaged"),
        ("data:image/png,abc", "must be in base64"),
        ("data:", "must be in base64"),
    ],
)
def test_anything_else_is_refused_in_words(tools, given, message):
    for name, arguments in (
        ("caption_image", {"image": given}),
        ("caption_clip", {"clip": given}),
        ("caption_files", {"files": [given]}),
    ):
        answer = call(tools, name, arguments)
        assert answer.isError
        assert message in answer.content[0].text


def test_a_broken_file_is_told_by_name_and_without_a_folder(tools, tmp_path):
    broken = save_damaged(tmp_path / "broken.png")
    answer = call(tools, "caption_image", {"image": uploaded(tools, broken)})
    assert answer.isError
    assert "broken.png: " in answer.content[0].text
    assert "uploads" not in answer.content[0].text
    rows = call(tools, "caption_files", {"files": [data_url(broken)]}).structuredContent["rows"]
    assert rows[0]["status"] == "error"


def test_settings_out_of_range_are_refused(tools, red):
    answer = call(tools, "caption_image", {"image": data_url(red), "beams": 99})
    assert answer.isError
    assert "beams" in answer.content[0].text


def test_where_the_operator_allows_it_an_address_is_fetched(tmp_path, monkeypatch, red):
    asked = []

    def fetch(address, folder, max_bytes):
        asked.append((address, max_bytes))
        path = folder / "photo.png"
        path.write_bytes(red.read_bytes())
        return path

    monkeypatch.setattr(page_tools, "fetch", fetch)
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    assert Inbox(5).take("https://example.org/a.png").read_bytes() == red.read_bytes()
    assert asked == [("https://example.org/a.png", 5)]


def test_where_it_is_allowed_private_addresses_are_still_refused(served, uploads):
    with pytest.raises(RefusalError, match="not on the open internet"):
        Inbox(10**6).take(f"{served.url}/config")


def basic(text):
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


def test_with_a_password_nothing_is_answered_without_it(guarded):
    address = f"{guarded.url}/gradio_api/mcp/"
    for headers in (
        {},
        basic("ann:wrong"),
        basic("ann:"),
        {"Authorization": "Basic ann:secret:1"},
        {"Authorization": basic("ann:secret:1")["Authorization"].replace("Basic", "Bearer")},
    ):
        answer = httpx.post(address, json=LIST, headers=HEADERS | headers)
        assert answer.status_code == 401
        assert "caption" not in answer.text
        assert answer.headers["www-authenticate"].startswith("Basic")
    for path in ("schema", "sse", "messages/", "http"):
        for method in ("GET", "POST"):
            assert httpx.request(method, address + path).status_code == 404


def test_with_the_password_tools_work(guarded, red):
    headers = basic("ann:secret:1")
    listed = using(guarded, lambda session: session.list_tools(), **headers)
    assert len(listed.tools) == 4
    answer = call(guarded, "caption_image", {"image": data_url(red)}, **headers)
    assert answer.structuredContent["text"] == caption_of(RED)


def test_other_sites_may_not_call_tools(tools):
    address = f"{tools.url}/gradio_api/mcp/"
    for headers, status in (
        ({"Origin": "http://evil.example"}, 403),
        ({"Host": "evil.example"}, 400),
        ({}, 200),
    ):
        answer = httpx.post(address, json=LIST, headers=HEADERS | headers)
        assert answer.status_code == status


def test_without_the_option_there_are_no_tools(served):
    answer = httpx.post(f"{served.url}/gradio_api/mcp/", json=LIST, headers=HEADERS)
    assert answer.status_code in (404, 405)
    assert "caption" not in answer.text


def test_an_assistant_asks_about_a_picture(tools, red):
    answer = call(tools, "answer_question", {"file": data_url(red), "question": "what is it?"})
    assert answer.structuredContent["answer"] == "1 frame"
