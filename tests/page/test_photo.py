"""The photo tab: what its buttons do."""

import base64
import io
import re

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from captioner.errors import BudgetError
from captioner.media.budget import _SECONDS
from captioner.page.errors import as_messages
from captioner.page.service import Service
from captioner.page.tabs.photo import Looked, PhotoTab
from tests.fakes import FakeCaptioner, caption_of, save_damaged
from tests.makers import plain, save_animation, save_photo
from tests.page.conftest import BLUE, RED, service_of, session_of, upload


@pytest.fixture
def tab(service):
    return PhotoTab(service)


def describe(tab, given, model="", beams=0):
    return tab.describe(session_of(given), given, model, beams)


def described(tab, given):
    changes = {}
    for step in describe(tab, given):
        changes.update(step)
    return changes


def pictures_of(html):
    data = re.findall('src="data:image/jpeg;base64,(.*?)"', html)
    return [Image.open(io.BytesIO(base64.b64decode(picture))) for picture in data]


def message_of(steps):
    with pytest.raises(gr.Error) as caught:
        list(steps)
    assert not caught.value.print_exception
    return caught.value.message


def test_a_photo_has_a_sentence_and_the_other_beams(tab, red):
    changes = described(tab, red)
    assert changes["caption"] == caption_of(RED)
    assert "<li>something else</li>" in changes["beams"]
    assert "The model is guessing." in changes["status"]


def test_the_sentence_comes_before_the_pictures(tab, red):
    _, _, third, last = describe(tab, red)
    assert third["caption"] == caption_of(RED)
    assert "sheet" not in third
    assert "sheet" in last


def test_each_word_has_a_picture_of_the_photo(tab, red):
    changes = described(tab, red)
    words = caption_of(RED).split()
    assert [word for word, _ in changes["words"].choices] == words
    assert [index for _, index in changes["words"].choices] == list(range(len(words)))
    assert re.findall("<figcaption>(.*?)<", changes["sheet"]) == words
    for picture in pictures_of(changes["sheet"]):
        assert picture.width / picture.height == pytest.approx(96 / 64, abs=0.02)


def test_the_pictures_differ_as_the_attention_does(tab, red):
    sheet = described(tab, red)["sheet"]
    light = [np.asarray(picture).mean() for picture in pictures_of(sheet)]
    assert light == sorted(light)  # each word of the stand-in looks at one more place
    assert light[-1] > 1.3 * light[0]


def test_it_begins_with_the_longer_word_that_looked_at_one_place_most(tab, red):
    assert described(tab, red)["words"].value == caption_of(RED).split().index("colour")


def test_another_word_is_another_picture(tab, red):
    looked = described(tab, red)["looked"]
    pictures = [tab.look(looked, word) for word in (0, 5)]
    first, second = (np.asarray(Image.open(picture.value["path"])) for picture in pictures)
    assert first.shape == second.shape
    assert first.mean() < second.mean()
    assert "“a”" in pictures[0].alt_text


@pytest.mark.parametrize("word", [None, -1, 6])
def test_a_word_that_is_not_there_is_refused(tab, red, word):
    looked = described(tab, red)["looked"]
    with pytest.raises(gr.Error, match="Choose a photo first"):
        tab.look(looked, word)


def test_a_word_without_a_photo_is_refused(tab):
    with pytest.raises(gr.Error, match="Choose a photo first"):
        tab.look(None, 0)


def test_a_photo_that_was_deleted_meanwhile_is_a_message(tab, uploads):
    looked = Looked(uploads / "gone.png", ("a",), np.ones((1, 3, 3), np.float32))
    with pytest.raises(gr.Error, match="no longer on the server"):
        tab.look(looked, 0)


def test_a_model_that_cannot_tell_where_it_looked_says_so(uploads, red):
    service = service_of(captioner=FakeCaptioner())
    changes = described(PhotoTab(service), red)
    assert changes["caption"] == caption_of(RED)
    assert "cannot tell where it looked" in changes["note"]
    assert changes["looked"] is None


def test_a_later_photo_takes_back_what_the_note_said(tab, red):
    assert described(tab, red)["note"] == ""


def test_of_an_animation_the_first_frame_counts(tab, uploads):
    path = save_animation(uploads / "a.gif", [plain(BLUE), plain(RED)])
    assert described(tab, upload(path))["caption"] == caption_of(BLUE)


def test_while_the_model_loads_the_visitor_is_told_to_wait(uploads, red, service):
    class Loading:
        names = service.models.names
        captioner = service.models.captioner

        def ready(self, name):
            return False

    tab = PhotoTab(Service(Loading(), service.limits, service.confidence))
    _, second, third, _ = describe(tab, red)
    assert "still loading" in second["status"]
    assert "The model is guessing." in third["status"]
    assert third["caption"] == caption_of(RED)


def test_a_press_without_a_photo_asks_for_one(tab):
    assert message_of(describe(tab, None)) == "Choose a file first."


def test_a_message_stands_beside_no_older_sentence(tab, uploads):
    steps = describe(tab, upload(save_damaged(uploads / "broken.png")))
    cleared = next(steps)
    assert cleared["caption"] == cleared["status"] == ""
    assert cleared["looked"] is None
    later = []
    with pytest.raises(gr.Error):
        later += steps
    assert not any("sheet" in step for step in later)


def test_after_a_message_nothing_says_that_it_is_looking(tab, uploads):
    changes = {}
    with pytest.raises(gr.Error):
        for step in describe(tab, upload(save_damaged(uploads / "broken.png"))):
            changes.update(step)
    assert changes["status"] == ""


def test_a_broken_photo_is_a_message_that_names_it_and_no_folder(tab, uploads):
    message = message_of(describe(tab, upload(save_damaged(uploads / "broken.png"))))
    assert message.startswith("broken.png: ")
    assert "; " in message
    assert str(uploads) not in message


def test_a_photo_beyond_the_limit_is_a_message(uploads):
    service = service_of(megapixels=1)
    path = save_photo(uploads / "large.png", plain(RED, 1100, 1000))
    message = message_of(describe(PhotoTab(service), upload(path)))
    assert message == (
        "large.png: 1100x1000 pixels are more than the limit of 1,000,000; make it smaller"
    )


def test_a_fault_of_the_program_is_a_message_and_a_trace_in_the_log(uploads, red):
    service = service_of(captioner=FakeCaptioner({caption_of(RED): ZeroDivisionError("secret")}))
    with pytest.raises(gr.Error) as caught:
        list(describe(PhotoTab(service), red))
    assert caught.value.print_exception
    assert "ZeroDivisionError" in caught.value.message
    assert "secret" not in caught.value.message
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_photo_that_waits_for_the_models_says_so(tab, red, service, monkeypatch):
    monkeypatch.setattr(type(service.models), "ahead", lambda _: 2)
    steps = list(tab.describe(session_of(red), red, "", 0))
    assert 'data-place="2"' in steps[1]["status"]
    assert "The model is guessing." in steps[-1]["status"]


def test_a_photo_that_browsers_do_not_show_is_shown(tab, uploads, red):
    other = upload(save_photo(uploads / "red.tiff", plain(RED)))
    (picture,) = pictures_of(described(tab, other)["seen"])
    assert np.abs(np.asarray(picture)[0, 0].astype(int) - RED).max() < 8
    assert described(tab, red)["seen"] == ""


def test_a_message_calls_a_file_what_the_visitor_calls_it(tab, uploads):
    path = uploads / "anns.png"
    path.write_bytes(b"nothing of the kind")
    given = {**upload(path), "orig_name": "Ann's.png"}
    message = message_of(tab.describe(session_of(given), given, "", 0))
    assert message.startswith("Ann's.png: ")


def test_a_message_tells_no_visitor_of_options():
    error = BudgetError("/uploads/a.png", "takes more than 60 seconds to read", _SECONDS)

    def fail():
        with as_messages():
            raise error
        yield

    message = message_of(fail())
    assert message == "a.png: takes more than 60 seconds to read; convert it to a smaller file"
