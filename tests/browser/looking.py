"""What several tests look for on the page."""

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

_LOOKING = Path(__file__).with_suffix(".js").read_text(encoding="utf-8").strip()


def expect_complaint(page: Page, name: str) -> None:
    """A message says what is wrong with a file and what to do; it shows no trace and no folder."""
    message = page.get_by_test_id("toast-text")
    expect(message).to_have_text(re.compile(rf"^{re.escape(name)}: .+; .+$"))
    text = message.inner_text()
    assert "Traceback" not in text
    assert "/" not in text


def download(button: Locator, name: str) -> str:
    """The text of the file that a button gives."""
    with button.page.expect_download() as event:
        button.click()
    assert event.value.suggested_filename == name
    return Path(event.value.path()).read_text(encoding="utf-8")


def cut_off(page: Page) -> list[str]:
    """What reaches over the window's edge, and texts that their box cuts."""
    found: list[str] = page.evaluate(f"{_LOOKING}.cutOff()")
    return found


def faint_texts(page: Page) -> list[str]:
    """Texts whose contrast is below that of WCAG 2.2, level AA."""
    found: list[str] = page.evaluate(f"{_LOOKING}.faintTexts()")
    return found


def watch_places(page: Page, *selectors: str) -> None:
    """Begins to look whether elements keep their places on the page."""
    for selector in selectors:
        page.locator(selector).wait_for(state="attached")
    page.evaluate(f"{_LOOKING}.watchPlaces({list(selectors)})")


def moved(page: Page) -> dict[str, str]:
    """Which of the elements under watch have moved since they showed, and from where to where."""
    found: dict[str, str] = page.evaluate("window.moved")
    return found


def luminance(page: Page) -> float:
    """How bright the page's ground is, from 0 (black) to 1 (white)."""
    found: float = page.evaluate(f"{_LOOKING}.luminance()")
    return found
