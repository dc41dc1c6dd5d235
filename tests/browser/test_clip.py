"""The tab for clips, in a real browser."""

import json
import re
from itertools import groupby

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import photograph
from tests.browser.files import SLOW_FRAMES, said_of, save, save_broken, save_slow
from tests.browser.looking import download, expect_complaint
from tests.browser.stand_ins import SLOW_LINE


@pytest.fixture
def page(page):
    page.get_by_role("tab", name="Clip").click()
    return page


def choose(page, path):
    page.locator("#clip-input input[type=file]").set_input_files(path)


def remove(page):
    page.locator("#clip-input").get_by_role("button", name="Clear").click()
    expect(moments(page)).to_have_count(0)
    expect(page.locator("#clip-status")).to_have_text("")


def said(page):
    return page.locator("#clip-caption .said")


def moments(page):
    return page.locator("#clip-timeline li")


@pytest.mark.parametrize("name", ["clip.gif", "clip.webp", "clip.mp4", "clip.avi"])
def test_a_clip_gets_its_sentence_and_its_frames(page, tmp_path, name):
    path = save(tmp_path / name)
    known = said_of(path)
    choose(page, path)
    expect(said(page)).to_have_text(known.text)
    texts = texts_of(known)
    expect(moments(page)).to_have_count(len(texts))
    for number, text in enumerate(texts):
        expect(moments(page).nth(number)).to_contain_text(text)
    expect(moments(page).nth(0)).to_contain_text("0:00.0 to 0:0")
    video = page.locator("#clip-video video")
    expect_to_play(video, known)
    expect_moments_to_follow(video, moments(page))


def texts_of(known):
    """The captions of the frames, of equal neighbours one."""
    return [text for text, _ in groupby(frame.caption.text for frame in known.frames)]


def expect_moments_to_follow(video, moments):
    """A press shows a moment, and the one that is shown is marked, no other."""
    video.evaluate("video => video.pause()")
    for number in (2, 0, 1):
        moment = moments.nth(number)
        moment.get_by_role("button").click()
        expect(moment).to_have_attribute("aria-current", "time")
        start = float(moment.get_attribute("data-start"))
        assert video.evaluate("video => video.currentTime") == pytest.approx(start, abs=0.01)
        expect(moments.and_(moments.page.locator("[aria-current]"))).to_have_count(1)


def expect_to_play(video, known):
    """The browser plays the clip, and shows the captions of its frames as subtitles."""
    expect(video).to_be_visible()
    video.evaluate("video => video.play()")
    expect(video).to_have_js_property("error", None)
    video.page.wait_for_function(
        "video => video.currentTime > 0 && video.videoWidth > 0", arg=video.element_handle()
    )
    video.page.wait_for_function(
        "video => (video.textTracks[0]?.cues ?? []).length > 0", arg=video.element_handle()
    )
    cues = video.evaluate("video => Array.from(video.textTracks[0].cues, cue => cue.text)")
    assert cues[0] == known.frames[0].caption.text


def test_what_is_known_of_a_clip_can_be_taken_away(page, tmp_path):
    path = save(tmp_path / "clip.gif")
    known = said_of(path)
    choose(page, path)
    expect(said(page)).to_have_text(known.text)
    text, record, webvtt, subrip = (
        download(page.locator(f"#clip-download-{suffix}"), f"clip.{suffix}")
        for suffix in ("txt", "json", "vtt", "srt")
    )
    assert text.strip() == known.text
    row = json.loads(record)
    assert (row["file_name"], row["kind"], row["text"]) == ("clip.gif", "animation", known.text)
    assert [frame["text"] for frame in row["frames"]] == [
        frame.caption.text for frame in known.frames
    ]
    assert webvtt.startswith("WEBVTT")
    assert "00:00:00.000 --> 00:00:00.300" in webvtt
    assert "00:00:00,000 --> 00:00:00,300" in subrip


def test_a_clip_is_stopped_half_way(page, server, tmp_path):
    choose(page, save_slow(tmp_path / "slow.gif"))
    expect(moments(page).nth(1)).to_be_visible()  # they come one by one
    expect(page.locator("#clip-status")).to_contain_text(f"of {SLOW_FRAMES}")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#clip-status")).to_contain_text(re.compile(r"Stopped after \d+ of"))
    expect(page.get_by_role("button", name="Stop")).to_be_disabled()
    assert 2 <= moments(page).count() < SLOW_FRAMES
    expect(said(page)).to_have_text(re.compile("^first a colour of .*, then a colour of"))
    assert (
        download(page.locator("#clip-download-txt"), "slow.txt").strip() == said(page).inner_text()
    )
    photograph(page, "a_clip_is_stopped_half_way-stopped")

    remove(page)
    expect(page.get_by_role("button", name="Stop")).to_be_visible()  # with its name
    quick = save(tmp_path / "quick.gif")
    choose(page, quick)
    expect(said(page)).to_have_text(said_of(quick).text)
    expect(moments(page)).to_have_count(len(texts_of(said_of(quick))))
    assert server.log.count(SLOW_LINE) < SLOW_FRAMES


def test_another_clip_takes_the_place_of_one_that_is_not_yet_described(page, tmp_path):
    choose(page, save_slow(tmp_path / "slow.gif"))
    expect(moments(page).first).to_be_visible()
    remove(page)
    quick = save(tmp_path / "quick.gif")
    choose(page, quick)
    expect(said(page)).to_have_text(said_of(quick).text)
    expect(moments(page)).to_have_count(len(texts_of(said_of(quick))))


@pytest.mark.parametrize("name", ["clip.gif", "clip.webp", "clip.mp4"])
def test_a_broken_clip_is_a_sentence(page, tmp_path, name):
    choose(page, save_broken(tmp_path / name))
    expect_complaint(page, name)
    expect(said(page)).to_have_text("")
    expect(moments(page)).to_have_count(0)
    expect(page.get_by_role("button", name="Stop")).to_be_disabled()


def test_a_press_without_a_clip_asks_for_one(page):
    page.get_by_role("button", name="Describe", exact=True).click()
    expect(page.get_by_test_id("toast-text")).to_have_text("Choose a file first.")


@pytest.mark.parametrize("number", [1, 2])
def test_an_example_takes_one_click(page, number):
    page.locator(f"#clip-example-{number}").click()
    expect(said(page)).to_have_text(re.compile("first a colour of .*, then a colour of"))
    expect(page.locator("#clip-video video")).to_be_visible()


def test_stop_keeps_its_name_when_a_clip_is_taken_away(page, tmp_path):
    path = save(tmp_path / "clip.gif")
    choose(page, path)
    expect(said(page)).to_have_text(said_of(path).text)
    remove(page)
    page.wait_for_timeout(1000)  # what comes late would come in this time
    expect(page.locator("#clip-stop")).to_have_text("Stop")
    expect(page.locator("#clip-describe")).to_have_text("Describe")
