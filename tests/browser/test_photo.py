"""The tab for photos, in a real browser."""

import base64
import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.files import PHOTO_SAID, save, save_broken
from tests.browser.looking import expect_complaint
from tests.browser.stand_ins import slow_frames
from tests.fakes import caption_of
from tests.makers import photo, plain, save_photo


def choose(page, path):
    page.locator("#photo-input input[type=file]").set_input_files(path)


def remove(page):
    page.get_by_role("button", name="Remove Image").click()
    expect(said(page)).to_have_text("")
    expect(page.locator("#photo-status")).to_have_text("")


def said(page):
    return page.locator("#photo-caption .said")


@pytest.mark.parametrize("name", ["photo.png", "photo.bmp"])
def test_a_photo_gets_its_sentence(page, tmp_path, name):
    choose(page, save(tmp_path / name))
    expect(said(page)).to_have_text(PHOTO_SAID)
    expect(page.get_by_role("img", name="Your photo")).to_be_visible()


def test_the_sentence_is_copied(page, tmp_path):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    choose(page, save(tmp_path / "photo.png"))
    expect(said(page)).to_have_text(PHOTO_SAID)
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == PHOTO_SAID


def test_how_sure_the_model_is_and_what_else_it_would_have_said(page, tmp_path):
    choose(page, save(tmp_path / "photo.png"))
    expect(page.locator("#photo-status")).to_have_text("The model is not so sure.")
    page.get_by_role("button", name="Other captions").click()
    others = page.locator("#photo-beams li")
    expect(others).to_have_text([f"perhaps {PHOTO_SAID}", f"some say that this is {PHOTO_SAID}"])


def test_a_word_shows_where_the_model_looked(page, tmp_path):
    choose(page, save(tmp_path / "photo.png"))
    words = page.locator("#photo-words").get_by_role("radio")
    expect(words).to_have_count(len(PHOTO_SAID.split()))
    picture = page.locator("#photo-attention img")
    expect(picture).to_have_attribute("alt", re.compile("“colour”"))
    seen = brightest(picture)
    for word in ("118", "of"):
        page.locator("#photo-words").get_by_role("radio", name=word, exact=True).check()
        expect(picture).to_have_attribute("alt", re.compile(f"“{word}”"))
        assert brightest(picture) not in (None, seen)
        seen = brightest(picture)
    page.get_by_role("button", name="All words side by side").click()
    expect(page.locator("#photo-sheet img")).to_have_count(len(PHOTO_SAID.split()))


def brightest(picture):
    """The column and row of an image's brightest part, of 10 and 10."""
    return picture.evaluate(
        """async (image) => {
            await image.decode();
            const canvas = document.createElement("canvas");
            canvas.width = canvas.height = 10;
            const pen = canvas.getContext("2d");
            pen.drawImage(image, 0, 0, 10, 10);
            const light = [];
            const data = pen.getImageData(0, 0, 10, 10).data;
            for (let i = 0; i < data.length; i += 4) light.push(data[i] + data[i+1] + data[i+2]);
            return light.indexOf(Math.max(...light));
        }"""
    )


@pytest.mark.parametrize("name", ["photo.png", "photo.jpg", "photo.webp", "photo.gif"])
def test_a_broken_photo_is_a_sentence_and_not_the_old_caption(page, tmp_path, name):
    choose(page, save(tmp_path / "good.png"))
    expect(said(page)).to_have_text(PHOTO_SAID)
    remove(page)
    choose(page, save_broken(tmp_path / name))
    expect_complaint(page, name)
    expect(said(page)).to_have_text("")


def test_another_photo_takes_the_place_of_one_that_is_not_yet_described(page, tmp_path):
    choose(page, save_photo(tmp_path / "slow.png", slow_frames(1, seconds=3)[0]))
    expect(page.locator("#photo-status")).to_contain_text("Looking")
    remove(page)
    choose(page, save(tmp_path / "photo.png"))
    expect(said(page)).to_have_text(PHOTO_SAID)
    words = page.locator("#photo-words").get_by_role("radio")
    expect(words).to_have_count(len(PHOTO_SAID.split()))
    expect(said(page)).to_have_text(PHOTO_SAID)


def test_a_press_without_a_photo_asks_for_one(page):
    page.get_by_role("button", name="Describe", exact=True).click()
    expect(page.get_by_test_id("toast-text")).to_have_text("Choose a file first.")


def test_an_example_takes_one_click(page):
    page.locator("#photo-example-1").click()
    expect(said(page)).to_have_text(re.compile("a colour of"))
    expect(page.get_by_role("img", name="Your photo")).to_be_visible()


def test_a_picture_is_pasted(page, tmp_path):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    for colour in ((200, 0, 0), (0, 0, 200)):  # the second takes the place of the first
        paste(page, save_photo(tmp_path / "photo.png", plain(colour)))
        expect(said(page)).to_have_text(caption_of(colour))


def paste(page, path):
    """Puts a picture into the clipboard, and presses Ctrl+V."""
    content = base64.b64encode(path.read_bytes()).decode()
    page.evaluate(
        """async (content) => {
            const answer = await fetch("data:image/png;base64," + content);
            await navigator.clipboard.write([new ClipboardItem({"image/png": answer.blob()})]);
        }""",
        content,
    )
    page.keyboard.press("Control+V")


def test_a_message_goes_once_something_succeeds(page, tmp_path):
    choose(page, save_broken(tmp_path / "broken.png"))
    expect_complaint(page, "broken.png")
    remove(page)
    expect(page.get_by_test_id("toast-text")).to_have_count(1)
    choose(page, save(tmp_path / "photo.png"))
    expect(said(page)).to_have_text(PHOTO_SAID)
    expect(page.get_by_test_id("toast-text")).to_have_count(0)


def test_a_photo_that_browsers_do_not_show_is_shown(page, tmp_path):
    pillow_heif = pytest.importorskip("pillow_heif")
    path = tmp_path / "Ann's photo.heic"
    pillow_heif.from_pillow(Image.fromarray(photo(600, 400))).save(path)
    choose(page, path)
    expect(said(page)).to_have_text(re.compile("a colour of"))
    picture = page.locator("#photo-seen img")
    expect(picture).to_be_visible()
    outer, inner = (page.locator(it).bounding_box() for it in ("#photo-input", "#photo-seen img"))
    assert outer["y"] < inner["y"]
    assert inner["y"] + inner["height"] < outer["y"] + outer["height"]
