"""How the page looks: at the width of a phone, light and dark."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, PHONE, photograph
from tests.browser.files import PHOTO_SAID, said_of, save, save_broken
from tests.browser.looking import cut_off, faint_texts, luminance

LIGHT, DARK = {"color_scheme": "light"}, {"color_scheme": "dark"}


def fill(page, folder):
    """Yields the name of each tab in turn, with results in it and everything unfolded."""
    photo, clip, broken = save(folder / "photo.png"), save(folder / "clip.gif"), folder / "d.jpg"
    page.get_by_role("button", name="Settings").click()
    yield "empty"
    page.locator("#photo-input input[type=file]").set_input_files(photo)
    expect(page.locator("#photo-caption .said")).to_have_text(PHOTO_SAID)
    page.get_by_role("button", name="All words side by side").click()
    page.get_by_role("button", name="Other captions").click()
    expect(page.locator("#photo-sheet img").last).to_be_visible()
    expect(page.locator("#photo-beams li").last).to_be_visible()
    yield "photo"
    page.get_by_role("tab", name="Clip").click()
    page.locator("#clip-input input[type=file]").set_input_files(clip)
    expect(page.locator("#clip-caption .said")).to_have_text(said_of(clip).text)
    yield "clip"
    page.get_by_role("tab", name="Folder").click()
    page.locator("#folder-input input[type=file]").set_input_files(
        [photo, clip, save_broken(broken)]
    )
    expect(page.locator("#folder-input")).to_contain_text("clip")
    page.get_by_role("button", name="Describe all").click()
    expect(page.locator("#folder-table tbody tr")).to_have_count(3)
    expect(page.locator("#folder-status")).to_contain_text("2 of 3")
    yield "folder"
    page.get_by_role("tab", name="About").click()
    expect(page.locator("#about")).to_contain_text("Limits")
    yield "about"


def test_before_there_is_a_caption_nothing_stands_for_it(page):
    expect(page.locator("#photo-describe")).to_be_visible()
    for name in ("photo-results", "clip-video", "clip-download-txt", "folder-download-csv"):
        expect(page.locator(f"#{name}")).to_be_hidden()
    for tab in ("Photo", "Clip", "Folder"):
        page.get_by_role("tab", name=tab).click()
        photograph(page, f"before_there_is_a_caption_nothing_stands_for_it-{tab}")
        expect(page.get_by_role("button", name="Run", exact=True)).to_have_count(0)


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_nothing_is_cut_off(visit, server, tmp_path, size):
    page = visit(server, **size)
    width = size["viewport"]["width"]
    for tab in fill(page, tmp_path):
        photograph(page, f"nothing_is_cut_off-{width}-{tab}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, tab
        assert cut_off(page) == [], tab


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_stands_out_from_its_ground(visit, server, tmp_path, scheme):
    page = visit(server, **scheme)
    for tab in fill(page, tmp_path):
        photograph(page, f"every_text_stands_out-{scheme['color_scheme']}-{tab}")
        assert faint_texts(page) == [], tab


def test_a_dark_desktop_gets_a_dark_page(visit, server):
    light, dark = visit(server, **LIGHT), visit(server, **DARK)
    assert luminance(light) > 0.8
    assert luminance(dark) < 0.02


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_a_phone_shows_what_is_wrong_with_a_file(visit, server, tmp_path, scheme):
    page = visit(server, **PHONE, **scheme)
    page.locator("#photo-input input[type=file]").set_input_files(save_broken(tmp_path / "d.jpg"))
    expect(page.get_by_test_id("toast-text")).to_be_in_viewport(ratio=1)
    assert cut_off(page) == []
    assert faint_texts(page) == []
