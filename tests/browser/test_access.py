"""The page without a mouse, and for those who do not see it."""

import re

from playwright.sync_api import expect

from tests.browser.files import PHOTO_SAID, save
from tests.browser.test_looks import fill

_CONTROLS = "button|checkbox|combobox|link|radio|slider|spinbutton|tab|textbox"
# The ring may be around a label, where the control itself is not seen.
_FOCUS_SHOWS = """() => [document.activeElement, document.activeElement.closest("label")].some(
  (element) => element && getComputedStyle(element).outlineStyle !== "none"
)"""
_MANY = 40  # presses of Tab that lead past everything on the page


def tab_to(page, target):
    """Presses Tab until a control has the focus, which must show."""
    for _ in range(_MANY):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            break
    expect(target).to_be_focused()
    assert page.evaluate(_FOCUS_SHOWS), f"nothing shows where the focus is: {target}"


def test_the_keyboard_is_enough_for_a_photo(page, tmp_path):
    # The browser is told in good time to hand dialogues over to the test.
    page.on("filechooser", lambda chooser: None)
    tab_to(page, page.locator("#photo-input button[aria-dropeffect]"))
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(save(tmp_path / "photo.png"))
    expect(page.locator("#photo-caption .said")).to_have_text(PHOTO_SAID)
    expect(page.locator("#photo-attention img")).to_have_attribute("alt", re.compile("“colour”"))

    tab_to(page, page.locator("#photo-words").get_by_role("radio", checked=True))
    page.keyboard.press("ArrowRight")
    expect(page.locator("#photo-attention img")).to_have_attribute("alt", re.compile("“of”"))


def test_the_keyboard_presses_the_button(page):
    tab_to(page, page.locator("#photo-describe"))
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("toast-text")).to_have_text("Choose a file first.")


def test_the_keyboard_goes_from_tab_to_tab(page):
    tab_to(page, page.get_by_role("tab", name="Photo"))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("tab", name="Clip")).to_have_attribute("aria-selected", "true")
    tab_to(page, page.locator("#clip-input button[aria-dropeffect]"))


def test_screen_readers_have_a_name_for_everything(page, tmp_path):
    for tab in fill(page, tmp_path):
        snapshot = page.locator("body").aria_snapshot()
        nameless = re.findall(rf"- (?:{_CONTROLS})\b(?! \"[^\"]*[A-Za-z0-9])[^\n]*", snapshot)
        assert nameless == [], tab
        # Gradio shows the key of a text that it has no translation for.
        assert re.findall(r'button "\w+\.\w+"', snapshot) == [], tab
        assert page.locator("img:not([alt])").count() == 0, tab


def test_screen_readers_know_the_page(page):
    expect(page).to_have_title("Captionloom")
    expect(page.locator("html")).to_have_attribute("lang", re.compile("^en"))
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    expect(page.get_by_role("main")).to_have_count(1)
    expect(page.get_by_role("figure", name="Caption")).to_be_visible()


def test_screen_readers_are_told_of_news(page, tmp_path):
    expect(page.locator("#photo-caption .said")).to_have_attribute("aria-live", "polite")
    expect(page.locator("#models-status").get_by_role("status")).to_have_text("Ready")
