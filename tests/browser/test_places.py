"""What a visitor looks at or points to stays where it is, whatever happens on the page."""

import pytest
from playwright.sync_api import expect

from tests.browser.files import said_of, save, save_broken
from tests.browser.looking import moved, watch_places
from tests.makers import photo, save_photo

SIZES = [(390, 844), (1280, 900), (1920, 1080)]
TABS = ("Photo", "Clip", "Folder", "About")


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_everything_keeps_its_place(visit, server, tmp_path, width, height):
    page = visit(server, viewport={"width": width, "height": height})
    expect_equally_wide_tabs(page)
    expect_a_photo_to_move_nothing(page, tmp_path)
    expect_a_clip_to_move_nothing(page, tmp_path)
    expect_a_folder_to_move_nothing(page, tmp_path)


def open_tab(page, name):
    page.get_by_role("tab", name=name).click()
    expect(page.locator(f"#tab-{name.lower()}")).to_be_visible()


def span(page):
    """Left and right of what the page shows, in pixels."""
    box = page.locator("main").bounding_box()
    return box["x"], box["x"] + box["width"]


def expect_equally_wide_tabs(page):
    spans = {}
    for name in TABS:
        open_tab(page, name)
        spans[name] = span(page)
        page.get_by_role("tab", name=name).hover()
        assert span(page) == spans[name]
        expect(page.locator("#imprint")).to_contain_text("deleted after an hour")
    assert len(set(spans.values())) == 1, spans


def expect_a_photo_to_move_nothing(page, tmp_path):
    open_tab(page, "Photo")
    controls = ["#photo-input", "#photo-describe", "#photo-caption", "#photo-status"]
    watch_places(page, "#head", *controls)
    portrait = save_photo(tmp_path / "portrait.png", photo(300, 1200))
    page.locator("#photo-input input[type=file]").set_input_files(portrait)
    picture = page.locator("#photo-attention img")
    expect(picture).to_be_visible()
    assert moved(page) == {}
    assert picture.bounding_box()["height"] < page.viewport_size["height"]
    assert page.locator("#photo-input img").bounding_box()["height"] <= 340


def expect_a_clip_to_move_nothing(page, tmp_path):
    open_tab(page, "Clip")
    controls = ["#clip-input", "#clip-describe", "#clip-stop", "#clip-caption", "#clip-status"]
    if page.viewport_size["width"] > 640:  # on a phone the clip comes before its frames
        controls += ["#clip-example-1", "#clip-timeline"]
    watch_places(page, "#head", *controls)
    page.locator("#clip-input input[type=file]").set_input_files(save(tmp_path / "clip.mp4"))
    expect(page.locator("#clip-video video")).to_be_visible()
    expect(page.locator("#clip-download-srt")).to_be_visible()
    assert moved(page) == {}


def expect_a_folder_to_move_nothing(page, tmp_path):
    open_tab(page, "Folder")
    controls = ["#folder-input", "#folder-describe", "#folder-stop", "#folder-status"]
    watch_places(page, "#head", *controls, "#folder-table")
    paths = [save(tmp_path / "photo.png"), save(tmp_path / "clip.gif")]
    broken = save_broken(tmp_path / "broken.jpg")
    page.locator("#folder-input input[type=file]").first.set_input_files([*paths, broken])
    expect(page.locator("#folder-input")).to_contain_text("broken")
    page.get_by_role("button", name="Describe all").click()
    expect(page.locator("#folder-table")).to_contain_text(said_of(paths[1]).text)
    expect(page.locator("#folder-status")).to_contain_text("2 of 3")
    expect(page.locator("#folder-download-csv")).to_be_visible()
    assert moved(page) == {}
