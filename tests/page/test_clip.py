"""The clip tab: what its buttons do."""

import json
import re
from pathlib import Path

import gradio as gr
import numpy as np
import pytest

from captioner.describe.base import timed
from captioner.page.models import Models
from captioner.page.service import Service
from captioner.page.tabs.clip import ClipTab
from captioner.types import ClipCaption, EncodedFrame
from captioner.writers import SIDECARS
from tests.fakes import FakeCaptioner, FakeSummarizer, caption_of
from tests.makers import (
    numbered_frames,
    plain,
    save_animation,
    save_photo,
    save_video,
)
from tests.page.conftest import BLUE, RED, service_of, session_of, upload

NAMES = ("txt", "json", "vtt", "srt")


@pytest.fixture
def tab(service):
    return ClipTab(service)


def describe(tab, given, *, frames=16):
    return list(tab.describe(session_of(given), given, "", 0, frames, "uniform"))


def merged(tab, given, **settings):
    changes = {}
    for step in describe(tab, given, **settings):
        changes.update(step)
    return changes


def text_of(button):
    return Path(button.value["path"]).read_text(encoding="utf-8")


def test_the_frames_come_one_by_one_and_then_the_sentence(tab, gif):
    cleared, started, first, second, last, *_ = describe(tab, gif)
    assert cleared["timeline"] == cleared["caption"] == ""
    assert cleared["txt"].visible == cleared["video"].visible == "hidden"
    assert started["stop"].interactive
    assert "Frame 1 of 2" in first["status"]
    assert caption_of(RED) in first["timeline"]
    assert caption_of(BLUE) not in first["timeline"]
    assert "Frame 2 of 2" in second["status"]
    assert caption_of(BLUE) in second["timeline"]
    assert last["caption"] == f"{caption_of(RED)} then {caption_of(BLUE)}"
    assert "Captioned 2 frames." in last["status"]


class Whole:
    """Says of a clip "reddish then bluish", and that each colour looked at a frame."""

    name = "whole"

    def __init__(self, captioner):
        self.prepare = captioner.prepare
        self.caption_images = captioner.caption_images

    def encode_frames(self, images):
        return [EncodedFrame(caption=caption) for caption in self.caption_images(images)]

    def caption_encoded(self, clips):
        attention = np.array([[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]], np.float32)
        words = ("reddish", "then", "bluish")
        return [
            ClipCaption("reddish then bluish", -0.5, timed(clip), None, words, attention)
            for clip in clips
        ]


class WholeCaptioner(FakeCaptioner):
    def whole_clips(self):
        return Whole(self)


def test_the_timeline_tells_which_words_looked_at_which_frame(uploads, gif):
    service = service_of(captioner=WholeCaptioner())
    last = merged(ClipTab(service), gif)
    assert last["caption"] == "reddish then bluish"
    assert re.findall("looked here for: (.*?)<", last["timeline"]) == ["reddish", "bluish"]
    assert "fairly sure" not in last["timeline"]  # which was measured of captions of photos
    row = json.loads(text_of(last["json"]))
    assert (row["model"], row["summarizer"]) == ("whole", None)
    assert [frame["text"] for frame in row["frames"]] == [caption_of(RED), caption_of(BLUE)]
    service.models.close()


def test_a_summarizer_that_no_captioner_needs_is_not_loaded():
    def fail():
        raise AssertionError("loaded")

    models = Models([None], lambda name: WholeCaptioner(), fail)
    models.start()
    models.wait()
    models.close()
    models = Models([None], lambda name: WholeCaptioner(), FakeSummarizer, always_summarize=True)
    models.start()
    assert models.clip_captioner(models.names[0]).summarizer.name == "fake-summarizer"
    models.close()


def test_each_frame_has_its_time(tab, gif):
    timeline = merged(tab, gif)["timeline"]
    assert "0:00.0 to 0:00.4" in timeline
    assert "0:00.4 to 0:01.0" in timeline


def test_a_frame_is_computed_only_when_the_one_before_was_shown(service, gif):
    batches = []

    class Watched:
        names = service.models.names
        ready = service.models.ready
        ahead = service.models.ahead
        summarizes = service.models.summarizes

        def clip_captioner(self, name, **settings):
            clips = service.models.clip_captioner(name, **settings)
            encode = clips.encode_frames
            clips.encode_frames = lambda images: batches.append(len(images)) or encode(images)
            return clips

    session = session_of(gif)
    tab = ClipTab(Service(Watched(), service.limits))
    steps = tab.describe(session, gif, "", 0, 16, "uniform")
    for _ in range(3):
        next(steps)
    assert batches == [1]
    session.stop()
    *_, last = steps
    assert batches == [1]
    assert "Stopped after 1 of 2 frames" in last["status"]
    assert last["stop"].interactive is False
    assert caption_of(RED) in last["timeline"]  # what there is stays
    assert caption_of(BLUE) not in last["timeline"]
    assert last["caption"] == text_of(last["txt"]).strip() == caption_of(RED)
    frames = json.loads(text_of(last["json"]))["frames"]
    assert [frame["text"] for frame in frames] == [caption_of(RED)]


def test_a_clip_that_is_stopped_before_its_first_frame_has_no_sentence(tab, gif):
    session = session_of(gif)
    steps = tab.describe(session, gif, "", 0, 16, "uniform")
    next(steps), next(steps)
    session.stop()
    (last,) = steps
    assert "Stopped before the first frame" in last["status"]
    assert "caption" not in last


def test_the_files_to_take_away_are_those_of_the_command_line(tab, gif):
    last = merged(tab, gif)
    assert last["txt"].visible is True
    sentence = f"{caption_of(RED)} then {caption_of(BLUE)}"
    assert text_of(last["txt"]) == sentence + "\n"
    assert '"file_name": "two.gif"' in text_of(last["json"])
    assert text_of(last["vtt"]).startswith("WEBVTT")
    assert f"00:00:00,000 --> 00:00:00,400\n{caption_of(RED)}" in text_of(last["srt"])
    names = [Path(last[name].value["path"]).name for name in NAMES]
    assert names == [f"two{SIDECARS[name].suffix}" for name in NAMES]


def test_the_files_lie_where_uploads_do(tab, gif, uploads):
    last = merged(tab, gif)
    assert all(Path(last[name].value["path"]).is_relative_to(uploads) for name in NAMES)


def test_settings_count(tab, uploads):
    path = save_animation(uploads / "ten.gif", numbered_frames(10))
    assert describe(tab, upload(path), frames=3)[2]["status"].count("Frame 1 of 3") == 1


def test_a_photo_has_a_sentence_and_no_subtitles(tab, red):
    last = merged(tab, red)
    assert last["caption"] == caption_of(RED)
    assert last["vtt"].visible == last["srt"].visible == "hidden"
    assert text_of(last["txt"]) == caption_of(RED) + "\n"


def test_names_and_captions_are_escaped(tab, uploads, monkeypatch):
    path = save_animation(uploads / "<b>.gif", [plain(RED), plain(BLUE)])
    monkeypatch.setattr("tests.fakes.caption_of", lambda _: "<script>alert(1)</script>")
    steps = describe(tab, upload(path))
    assert any("&lt;script&gt;" in step.get("caption", "") for step in steps)
    assert "<script" not in "".join(str(value) for step in steps for value in step.values())


def video_of(steps):
    changes = {}
    for step in steps:
        if "video" in step:
            changes.update(step["video"].constructor_args)
    return changes


def test_the_video_plays_what_browsers_do_not_and_has_the_captions_as_subtitles(tab, uploads):
    path = save_video(uploads / "clip.avi", numbered_frames(5))
    video = video_of(describe(tab, upload(path)))
    assert video["visible"] is True
    assert Path(video["value"]).name == "clip.webm"
    assert Path(video["value"]).is_relative_to(uploads)
    assert Path(video["subtitles"]).read_text(encoding="utf-8").startswith("WEBVTT")


def test_without_a_preview_the_captions_are_there_all_the_same(tab, gif, monkeypatch):
    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("captioner.page.tabs.clip.playable", fail)
    steps = describe(tab, gif)
    assert video_of(steps)["visible"] == "hidden"
    assert steps[-1]["txt"].visible is True


def test_a_photo_has_no_preview(tab, red):
    assert video_of(describe(tab, red))["visible"] == "hidden"


@pytest.mark.parametrize("suffix", [".gif", ".mp4", ".webp", ".png"])
def test_a_broken_clip_is_a_message_that_names_it(tab, uploads, suffix):
    path = uploads / f"broken{suffix}"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(gr.Error) as caught:
        describe(tab, upload(path))
    assert caught.value.message.startswith(f"broken{suffix}: ")
    assert not caught.value.print_exception


def test_after_a_message_there_is_nothing_to_stop(tab, uploads):
    path = uploads / "broken.mp4"
    path.write_bytes(b"nothing of the kind")
    changes = {}
    with pytest.raises(gr.Error):
        for step in tab.describe(session_of(upload(path)), upload(path), "", 0, 16, "uniform"):
            changes.update(step)
    assert changes["stop"].interactive is False
    assert changes["status"] == changes["caption"] == ""


def test_a_clip_that_is_too_long_is_a_message(uploads):
    path = save_animation(uploads / "long.gif", numbered_frames(10), 1000)
    with pytest.raises(gr.Error, match=r"more than the limit of 0\.1; cut it"):
        describe(ClipTab(service_of(minutes=0.1)), upload(path))


def test_a_press_without_a_clip_asks_for_one(tab):
    with pytest.raises(gr.Error, match="Choose a file first"):
        describe(tab, None)


def test_a_photo_saved_as_a_video_is_told_by_its_content(tab, uploads):
    path = save_photo(uploads / "photo.png", plain(BLUE)).rename(uploads / "photo.mp4")
    assert merged(tab, upload(path))["caption"] == caption_of(BLUE)


def test_a_clip_that_waits_for_the_models_says_so(tab, gif, service, monkeypatch):
    monkeypatch.setattr(type(service.models), "ahead", lambda _: 2)
    assert any('data-place="2"' in step.get("status", "") for step in describe(tab, gif))


def test_the_files_to_take_away_have_the_name_that_the_visitor_knows(tab, gif):
    last = merged(tab, {**gif, "orig_name": "trip/Ann's clip.gif"})
    assert Path(last["vtt"].value["path"]).name == "trip-Ann's clip.vtt"
    assert json.loads(text_of(last["json"]))["file_name"] == "trip/Ann's clip.gif"
