"""The web page: its buttons with stand-ins for the models, and served, as a browser asks it."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import gradio as gr
import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

import app
from captioner import ModelError
from captioner.media.images import load_image
from summarizer import SummarizerError
from tests.fakes import FakeCaptioner, FakeSummarizer, caption_of, save_color, save_damaged
from tests.makers import plain, save_animation, save_video

ROOT = Path(__file__).parent.parent
RED, BLUE = (200, 0, 0), (0, 0, 200)


class PageCaptioner(FakeCaptioner):
    def caption(self, source):
        return self._caption(load_image(source))


class Models:
    """Makes stand-ins, and counts how often."""

    def __init__(self):
        self.made = []

    def captioner(self):
        self.made.append("captioner")
        return PageCaptioner()

    def summarizer(self):
        self.made.append("summarizer")
        return FakeSummarizer()


@pytest.fixture
def models():
    return Models()


@pytest.fixture
def page(models):
    return app.Page(models.captioner, models.summarizer)


@pytest.fixture
def gif(tmp_path):
    return str(save_animation(tmp_path / "two.gif", [plain(RED), plain(BLUE)], [400, 600]))


def unused_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def message_of(action, path):
    with pytest.raises(gr.Error) as caught:
        action(path)
    assert not caught.value.print_exception
    return caught.value.message


def test_a_photo_has_a_caption_and_a_score(page, tmp_path):
    path = save_color(tmp_path / "red.png", RED)
    assert page.photo(str(path)) == (caption_of(RED), -2.0)


def test_a_clip_has_a_sentence_and_a_row_for_each_frame(page, gif):
    text, rows = page.clip(gif)
    assert text == f"{caption_of(RED)} then {caption_of(BLUE)}"
    assert rows == [[0.0, 0.4, caption_of(RED), -2.0], [0.4, 1.0, caption_of(BLUE), 0.0]]


def test_the_models_are_made_at_first_use_and_once(page, models, gif, tmp_path):
    photo = str(save_color(tmp_path / "red.png", RED))
    assert models.made == []
    page.photo(photo)
    page.photo(photo)
    assert models.made == ["captioner"]
    page.clip(gif)
    page.clip(gif)
    assert models.made == ["captioner", "summarizer"]


@pytest.mark.parametrize("tab", ["photo", "clip"])
def test_a_broken_file_is_a_message_that_names_it_and_no_folder(page, tab, tmp_path):
    path = save_damaged(tmp_path / "broken.png")
    message = message_of(getattr(page, tab), str(path))
    assert message.startswith("broken.png: ")
    assert "; " in message
    assert str(tmp_path) not in message


@pytest.mark.parametrize("tab", ["photo", "clip"])
def test_a_press_without_a_file_asks_for_one(page, tab):
    assert message_of(getattr(page, tab), None) == "Choose a file first."


@pytest.mark.parametrize("error", [ModelError("no model 'x'"), SummarizerError("no model 'x'")])
def test_a_model_that_cannot_be_loaded_is_a_message(error, gif):
    def fail():
        raise error

    assert message_of(app.Page(fail, fail).clip, gif) == "no model 'x'"


def test_a_fault_of_the_program_is_not_hidden(gif):
    def fail():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        app.Page(fail, fail).clip(gif)


def test_the_page_sends_no_analytics_and_forgets_uploads(page):
    blocks = app.build(page)
    assert blocks.analytics_enabled is False
    assert max(blocks.delete_cache) <= 3600


def test_both_buttons_share_one_place_in_the_queue(page):
    buttons = [f for f in app.build(page).fns.values() if f.api_name in ("photo", "clip")]
    assert len(buttons) == 2
    assert {(f.concurrency_id, f.concurrency_limit) for f in buttons} == {("captioner", 1)}


@pytest.fixture
def served(page, tmp_path, monkeypatch):
    """A client of the page, which is up for the length of a test."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    blocks = app.build(page)
    port = unused_port()
    blocks.launch(
        server_name="127.0.0.1", server_port=port, prevent_thread_lock=True, quiet=True, share=False
    )
    try:
        yield Client(f"http://127.0.0.1:{port}", verbose=False)
    finally:
        blocks.close(verbose=False)


def test_the_page_answers_as_a_browser_asks(served, gif, tmp_path):
    photo = save_color(tmp_path / "red.png", RED)
    assert served.predict(handle_file(photo), api_name="/photo") == (caption_of(RED), -2)

    text, table = served.predict(handle_file(gif), api_name="/clip")
    assert text == f"{caption_of(RED)} then {caption_of(BLUE)}"
    assert [row[2] for row in table["data"]] == [caption_of(RED), caption_of(BLUE)]

    video = save_video(tmp_path / "clip.mkv", [plain(RED)] * 5)
    text, table = served.predict(handle_file(video), api_name="/clip")
    assert len(table["data"]) == 1

    broken = tmp_path / "broken.jpg"
    broken.write_text("no picture")
    with pytest.raises(AppError, match=r"broken\.jpg: .*; "):
        served.predict(handle_file(broken), api_name="/photo")


@pytest.mark.parametrize("tab", ["photo", "clip"])
@pytest.mark.parametrize("meta", [{}, {"meta": {"_type": "gradio.FileData"}}])
def test_a_file_that_was_not_uploaded_is_not_read(served, tab, meta, tmp_path):
    secret = save_color(tmp_path / "secret.png", RED)
    calls = f"{served.src}gradio_api/call/{tab}"
    asked = httpx.post(calls, json={"data": [{"path": str(secret), **meta}]}).json()
    answer = httpx.get(f"{calls}/{asked['event_id']}").text
    assert "event: error" in answer
    assert caption_of(RED) not in answer


@pytest.fixture
def launched(monkeypatch):
    """What ``main`` asks of Gradio, which then serves nothing."""
    asked = []
    monkeypatch.setattr(gr.Blocks, "launch", lambda self, **given: asked.append(given))
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    return asked


def test_the_page_is_for_this_machine_only_unless_asked(launched):
    assert app.main([]) == 0
    assert app.main(["--host", "0.0.0.0", "--port", "8080"]) == 0
    assert [asked["server_name"] for asked in launched] == ["127.0.0.1", "0.0.0.0"]
    assert [asked["server_port"] for asked in launched] == [None, 8080]
    assert not any(asked["share"] for asked in launched)


def test_the_models_asked_for_are_the_ones_loaded(launched, monkeypatch, gif):
    asked = []
    monkeypatch.setattr(app, "load_captioner", lambda name: asked.append(name) or PageCaptioner())
    monkeypatch.setattr(app, "load_summarizer", lambda name: asked.append(name) or FakeSummarizer())
    pages = []
    build = app.build
    monkeypatch.setattr(app, "build", lambda page: pages.append(page) or build(page))
    app.main(["--model", "mine", "--summarizer", "consensus"])
    pages[0].clip(gif)
    assert asked == ["mine", "consensus"]


def test_a_port_that_is_taken_is_said_in_a_line(capsys, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert app.main(["--port", port]) == 2
    assert f"127.0.0.1:{port} is taken" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http"])
def test_a_port_that_cannot_be_is_wrong_use(port, capsys):
    with pytest.raises(SystemExit) as stopped:
        app.main(["--port", port])
    assert stopped.value.code == 2
    assert "--port" in capsys.readouterr().err


def run(program):
    settings = {key: value for key, value in os.environ.items() if key != "KERAS_BACKEND"}
    command = [sys.executable, "-c", program]
    return subprocess.run(
        command, cwd=ROOT, env=settings, capture_output=True, text=True, check=False
    )


def test_without_gradio_it_says_what_to_install():
    done = run("import sys; sys.modules['gradio'] = None; import app")
    assert done.returncode == 1
    assert "captionloom[app]" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_page_starts_without_the_models_libraries():
    heavy = "{'keras', 'tensorflow', 'torch', 'transformers', 'openvino'}"
    done = run(f"import sys, app; print(sorted({heavy} & set(sys.modules)))")
    assert done.stdout.strip() == "[]", done.stderr
