"""The page before its models are there, and with those that ship."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.files import PHOTO_SAID, save
from tests.browser.serving import Server


@pytest.fixture
def loading():
    """A server whose models are still to be loaded."""
    server = Server(["-m", "tests.browser.serve"])
    try:
        server.wait_for("Running on local URL")
        yield server
    finally:
        server.stop()


def test_the_page_is_there_before_its_models(visit, loading, tmp_path):
    page = visit(loading)
    expect(page.locator("#models-status")).to_contain_text("loading")
    page.locator("#photo-input input[type=file]").set_input_files(save(tmp_path / "photo.png"))
    expect(page.locator("#photo-status")).to_contain_text("still loading")
    loading.let_models_load()
    expect(page.locator("#photo-caption .said")).to_have_text(PHOTO_SAID)
    expect(page.locator("#photo-status")).to_have_text("The model is not so sure.")
    expect(page.locator("#models-status")).to_contain_text("Ready")


@pytest.fixture
def shipped():
    """A server with the models that ship."""
    server = Server(["app.py"])
    try:
        server.wait_for("The models are loaded")
        yield server
    finally:
        server.stop()


def test_the_models_that_ship_describe_the_examples(visit, shipped):
    page = visit(shipped)
    page.locator("#photo-example-1").click()
    sentence = page.locator("#photo-caption .said")
    expect(sentence).to_have_text(re.compile(r"^\w+( \w+){2,}$"))
    words = page.locator("#photo-words").get_by_role("radio")
    expect(words).to_have_count(len(sentence.inner_text().split()))
    expect(page.locator("#photo-attention img")).to_be_visible()

    page.get_by_role("tab", name="Clip").click()
    page.locator("#clip-example-1").click()
    expect(page.locator("#clip-caption .said")).to_have_text(re.compile(r"^\w+( \w+){2,}$"))
    expect(page.locator("#clip-timeline li").nth(1)).to_be_visible()
    expect(page.locator("#clip-video video")).to_be_visible()
