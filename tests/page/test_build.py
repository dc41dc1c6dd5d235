"""The page as a whole."""

import re

import httpx
import pytest

from captioner.page.build import build
from captioner.page.theme import look
from tests.page.conftest import service_of


@pytest.fixture
def blocks(service):
    return build(service, ["fusion-bart"])


def ids(blocks):
    return {block.elem_id: block for block in blocks.blocks.values() if block.elem_id}


def test_it_sends_no_analytics_and_forgets_uploads_after_an_hour(blocks):
    assert blocks.analytics_enabled is False
    assert blocks.delete_cache[1] == 3600
    assert blocks.delete_cache[0] <= 3600


def test_photos_clips_and_folders_wait_in_lines_of_their_own(blocks):
    lines = {}
    for fn in blocks.fns.values():
        if fn.concurrency_id in ("photo", "clip", "folder", "ask"):
            assert 1 <= fn.concurrency_limit <= 4
            lines.setdefault(fn.concurrency_id, set()).add(fn.api_name)
    assert "caption_image" in lines["photo"]
    assert "caption_clip" in lines["clip"]
    assert "caption_files" in lines["folder"]
    assert "answer_question" in lines["ask"]
    assert all(len(names) > 1 for names in lines.values())  # the tabs' events


def test_only_the_endpoints_are_for_programs(blocks):
    public = [fn.api_name for fn in blocks.fns.values() if fn.api_visibility != "private"]
    assert sorted(public) == ["answer_question", "caption_clip", "caption_files", "caption_image"]


def test_the_queue_has_an_end(service):
    assert build(service, ["fusion-bart"], queue_size=3)._queue.max_size == 3


def test_what_a_test_or_a_screen_reader_looks_for_has_an_id(blocks):
    found = ids(blocks)
    for name in (
        *("photo-input", "photo-describe", "photo-caption", "photo-words", "photo-attention"),
        *("photo-sheet", "clip-input", "clip-describe", "clip-stop", "clip-video", "clip-caption"),
        *("clip-timeline", "folder-input", "folder-describe", "folder-stop", "folder-table"),
        *("ask-input", "ask-question", "ask-button", "ask-suggested", "ask-chat"),
        *("about", "settings", "models-status"),
    ):
        assert name in found
    names = [block.elem_id for block in blocks.blocks.values() if block.elem_id]
    assert len(names) == len(set(names))


def test_a_choice_of_one_is_no_choice(uploads):
    assert ids(build(service_of("one"), ["x"]))["setting-model"].visible is False
    several = ids(build(service_of("one", "two"), "x"))["setting-model"]
    assert several.visible
    assert several.value == "one"
    assert [value for _, value in several.choices] == ["one", "two"]


def test_the_settings_are_closed(blocks):
    assert ids(blocks)["settings"].open is False


def test_nothing_of_the_design_comes_from_elsewhere():
    given = look()
    style = given["css_paths"][0].read_text(encoding="utf-8")
    assert not re.search(r"https?:|@import|url\(", style + given["js"])
    assert given["theme"]._stylesheets == []


def test_the_page_names_no_other_server(served):
    # Gradio's own frame names two for previews of links, which browsers do not ask.
    text = httpx.get(served.url).text
    assert not re.search(r"<(script|link)[^>]+(src|href)=.?https?://(?!127\.0\.0\.1)", text)
    assert "fonts.googleapis" not in text


def test_the_line_above_says_when_the_models_are_loaded(service, blocks):
    (look,) = [fn.fn for fn in blocks.fns.values() if fn.fn and fn.fn.__name__ == "look_up"]
    line, timer = look()
    assert "Ready" in line
    assert timer.active is False
