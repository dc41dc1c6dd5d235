"""The tab for many files, in a real browser."""

import csv
import io
import json

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import photograph
from tests.browser.files import PHOTO_SAID, said_of, save, save_broken, save_slow
from tests.browser.looking import download
from tests.browser.stand_ins import slow_frames
from tests.makers import save_animation


@pytest.fixture
def page(page):
    page.get_by_role("tab", name="Folder").click()
    return page


def choose(page, paths):
    page.locator("#folder-input input[type=file]").set_input_files(paths)
    for path in paths:
        expect(page.locator("#folder-input")).to_contain_text(path.stem)


def rows(page):
    return page.locator("#folder-table tbody tr")


def test_a_mix_of_files_fills_a_table_and_can_be_taken_away(page, tmp_path):
    good = [save(tmp_path / name) for name in ("a.png", "b.gif", "c.mp4")]
    broken = [save_broken(tmp_path / name) for name in ("d.jpg", "e.webp")]
    captions = [PHOTO_SAID, said_of(good[1]).text, said_of(good[2]).text]
    paths = [good[0], broken[0], good[1], broken[1], good[2]]
    choose(page, paths)
    page.get_by_role("button", name="Describe all").click()

    expect(page.locator("#folder-status")).to_contain_text("3 of 5")
    expect(rows(page)).to_have_count(5)
    for number, path in enumerate(paths):
        expect(rows(page).nth(number)).to_contain_text(path.name)
    for number, text in zip((0, 2, 4), captions, strict=True):
        expect(rows(page).nth(number)).to_contain_text(text)
    for number in (1, 3):
        expect(rows(page).nth(number)).to_contain_text("is cut short or damaged")

    table = download(page.locator("#folder-download-csv"), "captions.csv")
    lines = download(page.locator("#folder-download-jsonl"), "captions.jsonl")
    names = [path.name for path in paths]
    status = ["ok", "error", "ok", "error", "ok"]
    for found in (
        list(csv.DictReader(io.StringIO(table))),
        list(map(json.loads, lines.splitlines())),
    ):
        assert [row["file_name"] for row in found] == names
        assert [row["status"] for row in found] == status
        assert [row["text"] for row in found if row["status"] == "ok"] == captions


def test_a_folder_is_stopped_half_way(page, tmp_path):
    quick = save(tmp_path / "quick.png")
    slow = [save_slow(tmp_path / f"slow-{number}.gif") for number in range(2)]
    choose(page, [quick, *slow])
    page.get_by_role("button", name="Describe all").click()
    expect(rows(page).first).to_contain_text(PHOTO_SAID)  # it fills as it goes
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#folder-status")).to_contain_text("Stopped")
    assert rows(page).count() < 3
    table = download(page.locator("#folder-download-csv"), "captions.csv")
    assert len(list(csv.DictReader(io.StringIO(table)))) == rows(page).count()


def test_a_press_without_files_asks_for_some(page):
    page.get_by_role("button", name="Describe all").click()
    expect(page.get_by_test_id("toast-text")).to_have_text("Choose some files first.")


def test_who_has_to_wait_is_told_the_place_in_line(visit, server, tmp_path):
    slow = save_animation(tmp_path / "slow.gif", slow_frames(12))
    pages = [visit(server) for _ in range(4)]
    for page in pages:
        page.get_by_role("tab", name="Folder").click()
        choose(page, [slow])
    for page in pages:  # there are places for two
        page.get_by_role("button", name="Describe all").click()
    waiting = pages[3].locator("#folder-status [data-waiting]")
    expect(waiting).to_be_visible()
    expect(waiting).to_have_attribute("data-waiting", "Waiting, 2nd in line")
    photograph(pages[3], "who_has_to_wait_is_told_the_place_in_line-waiting")
    expect(rows(pages[3])).to_have_count(1, timeout=120_000)
    expect(waiting).to_have_count(0)


def save_folder(folder):
    """A folder of two photos, one of them further down, and of files that are none."""
    (folder / "day 1").mkdir(parents=True)
    save(folder / "b.png")
    save(folder / "day 1" / "a.png")
    (folder / "notes.txt").write_text("no photo")
    (folder / ".hidden.png").write_bytes(b"nothing")
    return folder


def expect_folder(page):
    page.get_by_role("button", name="Describe all").click()
    names = rows(page).locator("th")
    expect(names).to_have_text(["trip/b.png", "trip/day 1/a.png"])


def test_a_folder_is_chosen(page, tmp_path):
    with page.expect_file_chooser() as event:
        page.get_by_role("button", name="Choose a folder").click()
    event.value.set_files(save_folder(tmp_path / "trip"))
    expect_folder(page)
    photograph(page, "a_folder_is_chosen-done")
    page.locator("#folder-input").get_by_role("button", name="Clear").click()
    expect(rows(page)).to_have_count(0)
    expect(page.locator("#folder-download-csv")).to_be_hidden()


def test_a_folder_is_dropped(page, tmp_path):
    box = page.locator("#folder-input").bounding_box()
    place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    files = [str(save_folder(tmp_path / "trip"))]
    data = {"items": [], "files": files, "dragOperationsMask": 1}
    session = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, **place, "data": data})
    expect_folder(page)
