"""The search tab, its endpoint and its tool: only what hits show can be seen of the folder."""

import asyncio
from pathlib import Path

import gradio as gr
import pytest
from gradio_client.exceptions import AppError
from mcp.server.fastmcp.exceptions import ToolError

from captioner.page.build import build
from captioner.page.endpoints import Endpoints, SearchEndpoint
from captioner.page.library import Library, terms_of
from captioner.page.tabs.search import SearchTab
from captioner.page.tools import Inbox, Tools
from captioner.search.query import Term
from tests.makers import plain, save_photo, save_video
from tests.page.conftest import Serving, service_of, upload
from tests.search.retrievers import COLOURS, ColourRetriever


def save_library(folder):
    folder.mkdir()
    for name in ("red", "green", "blue"):
        save_photo(folder / f"{name}1.png", plain(COLOURS[name]))
    frames = [plain(COLOURS[name], 64, 64) for name in ["white"] * 20 + ["blue"] * 20]
    save_video(folder / "clip.mp4", frames, fps=10)
    return folder


def library_of(folder):
    library = Library(folder, ColourRetriever)
    library._prepare()  # in this thread
    return library


@pytest.fixture
def library(uploads, tmp_path):
    return library_of(save_library(tmp_path / "library"))


@pytest.fixture
def tab(library):
    return SearchTab(library)


def test_hits_are_thumbnails_in_the_folder_of_uploads(tab, uploads):
    changes, hits = tab.find("blue", None, "photos and clips", 0, 24)
    assert {hit.file_name for hit in hits} == {"blue1.png", "clip.mp4"}
    shown = changes["hits"].value
    assert len(shown) == 2
    files = [Path(one["image"]["path"]) for one in shown]
    assert all(file.is_relative_to(uploads) and file.is_file() for file in files)
    assert "blue1.png" in [one["caption"] for one in shown]
    assert "2 hits" in changes["status"]


def test_filters_and_threshold(tab):
    _, hits = tab.find("blue", None, "clips", 0, 24)
    assert [hit.file_name for hit in hits] == ["clip.mp4"]
    assert tab.find("red blue", None, "photos and clips", 0.5, 24)[1] == []
    assert len(tab.find("blue", None, "photos and clips", 0, 1)[1]) == 1


def test_nothing_shows_that_and_what_helps(tab):
    changes, hits = tab.find("a violin", None, "photos", 0, 24)
    assert hits == []
    assert "Nothing in this folder shows that" in changes["status"]
    assert changes["hits"].visible == "hidden"


def test_a_press_shows_a_picture_or_a_moment(tab, uploads):
    _, hits = tab.find("blue", None, "photos and clips", 0, 24)
    for number, hit in enumerate(hits):
        seen = tab.look(hits, number)["seen"]
        assert ("<video" in seen) == (hit.kind == "video")
        assert str(uploads) in seen
        assert "library" not in seen
        assert ("#t=" in seen) == (hit.kind == "video")
    with pytest.raises(gr.Error, match="Search first"):
        tab.look([], 0)
    Path(hits[0].path).unlink()
    with pytest.raises(gr.Error, match="no longer there"):
        tab.look(hits, 0)


def test_more_like_this_and_an_uploaded_picture(tab, uploads):
    _, hits = tab.find("green", None, "photos", 0, 1)
    like = upload(Path(tab.like(hits, 0)))
    assert tab.find("", like, "photos", 0, 1)[1][0].file_name == "green1.png"


@pytest.mark.parametrize(
    ("query", "reason"),
    [("", "Say what to look for"), ("dog +", "ends in a sign"), ("x" * 501, "500")],
)
def test_what_says_nothing_is_refused(tab, query, reason):
    with pytest.raises(gr.Error, match=reason):
        tab.find(query, None, "photos", 0, 24)


def test_no_file_of_the_server_can_be_named(tab, library):
    with pytest.raises(gr.Error, match="not uploaded"):
        tab.find("", {"path": str(library.folder / "red1.png")}, "photos", 0, 24)
    assert terms_of("@/etc/passwd", None) == [Term("/etc/passwd")]  # words, no picture


def test_it_is_said_while_the_folder_is_being_indexed_and_when_it_cannot_be(tmp_path, capsys):
    library = Library(save_library(tmp_path / "library"), ColourRetriever)
    with pytest.raises(gr.Error, match="still being indexed"):
        SearchTab(library).find("blue", None, "photos", 0, 24)

    def fail():
        raise ValueError("no model")

    broken = Library(library.folder, fail)
    broken._prepare()
    with pytest.raises(gr.Error, match="log says why"):
        SearchTab(broken).find("blue", None, "photos", 0, 24)
    assert "no model" in capsys.readouterr().out


def test_the_tab_is_there_only_with_a_folder(service, library):
    def ids(blocks):
        return {block.elem_id for block in blocks.blocks.values()}

    assert "search-query" not in ids(build(service, ["fusion-bart"]))
    assert "search-query" in ids(build(service, ["fusion-bart"], library=library))


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(folder / "uploads"))
        patch.setenv("GRADIO_EXAMPLES_CACHE", str(folder / "examples"))
        service = service_of()
        serving = Serving(service, library=library_of(save_library(folder / "library")))
        yield serving
        serving.close()
        service.models.close()


def test_the_endpoint_finds(served):
    client = served.client()
    hits = client.predict("blue", 10, "clip", api_name="/search")
    assert [hit["file_name"] for hit in hits] == ["clip.mp4"]
    assert hits[0]["end"] > hits[0]["start"] >= 1
    assert client.predict("a violin", api_name="/search") == []
    with pytest.raises(AppError, match="kind is image"):
        client.predict("blue", 10, "dance", api_name="/search")


def test_the_tool_finds(service, library):
    tools = Tools(Endpoints(service), Inbox(), SearchEndpoint(library))
    assert tools.search_pictures in tools.all
    found = asyncio.run(tools.search_pictures("red", 1))
    assert [hit["file_name"] for hit in found["hits"]] == ["red1.png"]
    with pytest.raises(ToolError, match="limit is from 1"):
        asyncio.run(tools.search_pictures("red", 0))
    assert len(Tools(Endpoints(service), Inbox()).all) == 3
