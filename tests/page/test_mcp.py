"""The endpoints as tools of the Model Context Protocol."""

import asyncio
import base64
import json

import httpx
import pytest
from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client

from tests.fakes import caption_of
from tests.makers import plain, save_photo
from tests.page.conftest import RED, Serving, service_of


@pytest.fixture
def tools(uploads):
    service = service_of()
    serving = Serving(service, mcp_server=True)
    yield serving
    serving.close()
    service.models.close()


def using(serving, use):
    """What an assistant gets that is connected to the server."""

    async def connect():
        address = f"{serving.url}/gradio_api/mcp/"
        async with (
            streamablehttp_client(address) as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            return await use(session)

    return asyncio.run(connect())


def test_the_endpoints_are_tools_that_say_what_they_do(tools, tmp_path):
    photo = save_photo(tmp_path / "red.png", plain(RED)).read_bytes()
    files = {"files": ("red.png", photo)}
    (path,) = httpx.post(f"{tools.url}/gradio_api/upload", files=files).json()
    address = f"{tools.url}/gradio_api/file={path}"
    data = "data:image/png;base64," + base64.b64encode(photo).decode()

    async def use(session):
        listed = (await session.list_tools()).tools
        answers = [
            await session.call_tool("caption_image", {"image": address}),
            await session.call_tool("caption_image", {"image": data}),
            await session.call_tool("caption_clip", {"clip": address, "frames": 3}),
            await session.call_tool("caption_files", {"files": [address, address]}),
        ]
        elsewhere = [
            await session.call_tool("caption_image", {"image": "http://example.org/a.png"}),
            await session.call_tool("caption_image", {"image": "/etc/hostname"}),
            await session.call_tool("caption_files", {"files": ["/etc/hostname"]}),
        ]
        return listed, answers, elsewhere

    listed, answers, elsewhere = using(tools, use)
    assert sorted(tool.name for tool in listed) == [
        "caption_clip",
        "caption_files",
        "caption_image",
    ]
    for tool in listed:
        assert "sentence" in tool.description or "Captions many" in tool.description
        assert all("description" in one for one in tool.inputSchema["properties"].values())
    for answer in answers:
        assert not answer.isError
        assert caption_of(RED) in answer.content[0].text
    assert json.dumps(answers[3].content[0].text).count(caption_of(RED)) == 2
    for answer in elsewhere:
        assert answer.isError
        assert "hostname" not in answer.content[0].text.replace("/etc/hostname", "")
