"""A real browser, headless, and the page that it drives, with quick stand-ins for the models."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.browser.serving import ROOT, Server
from tools.screenshot import find_chromium

SCREENSHOTS = ROOT / "artifacts" / "screenshots"
DESKTOP = {"viewport": {"width": 1280, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}

_PATIENCE = 90_000  # milliseconds; a loaded machine of two cores is slow, not broken
_MISSING = (
    "the tests of the web page drive Chromium, which is not installed: apt-get install chromium, "
    "or name one in the environment variable CHROMIUM"
)


def pytest_terminal_summary(terminalreporter):
    if any(SCREENSHOTS.glob("*.png")):
        terminalreporter.write_line(f"screenshots of the web page: {SCREENSHOTS.relative_to(ROOT)}")


@pytest.fixture(scope="package")
def browser():
    path = find_chromium()
    if path is None or not Path(path).is_file():
        pytest.fail(f"{path}: no such file; {_MISSING}" if path else _MISSING, pytrace=False)
    expect.set_options(timeout=_PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def server():
    """The page with stand-ins, served once for all tests."""
    server = Server(["-m", "tests.browser.serve"])
    try:
        server.let_models_load()
        server.wait_for("The models are loaded")
        yield server
    finally:
        server.stop()


@pytest.fixture
def visit(browser, request):
    """Opens a server's page in a new window; at the end it is photographed and looked over."""
    visits = []

    def open_page(server, **options):
        context = browser.new_context(**{**DESKTOP, "accept_downloads": True, **options})
        context.set_default_timeout(_PATIENCE)
        hosts, errors = set(), []
        context.on("request", lambda asked: hosts.add(urlsplit(asked.url).netloc))
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(server.address)
        expect(page.get_by_role("heading", name="Captionloom")).to_be_visible()
        page.wait_for_selector("html[data-scripted]")
        visits.append((page, server, len(server.log), hosts, errors))
        return page

    yield open_page
    for number, (page, *_) in enumerate(visits):
        photograph(page, f"{request.node.name}-{number}" if number else request.node.name)
        page.context.close()
    for _, server, start, hosts, errors in visits:
        assert hosts <= {"", f"127.0.0.1:{server.port}"}  # "": data: and blob: addresses
        assert errors == []
        assert "Traceback" not in server.log[start:]


@pytest.fixture
def page(visit, server):
    """The page on a desktop."""
    return visit(server)


def photograph(page, name):
    """Keep a picture of the page as it is now."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    plain = re.sub(r"[^\w.-]+", "-", name.removeprefix("test_")).strip("-")
    page.screenshot(path=SCREENSHOTS / f"{plain}.png", full_page=True, animations="disabled")
