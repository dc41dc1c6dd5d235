"""Requests side by side: who waits for whom."""

import threading

import pytest
from gradio_client import handle_file

from captioner.page import service as page_service
from tests.fakes import caption_of
from tests.makers import plain, save_animation, save_photo
from tests.page.conftest import BLUE, RED

LONG = 20  # seconds; nothing that works takes as long


@pytest.fixture
def slow_clip(tmp_path, monkeypatch):
    """A clip whose reading begins, and ends when the test says so."""
    begun, go_on = threading.Event(), threading.Event()
    sample = page_service.sample_frames

    def sample_slowly(path, *args, **options):
        if path.name == "slow.gif":
            begun.set()
            go_on.wait(LONG)
        return sample(path, *args, **options)

    monkeypatch.setattr(page_service, "sample_frames", sample_slowly)
    path = save_animation(tmp_path / "slow.gif", [plain(RED), plain(BLUE)], [400, 600])
    yield path, begun, go_on
    go_on.set()


def test_a_clip_that_is_slow_to_read_keeps_nobody_waiting(served, slow_clip, tmp_path):
    path, begun, go_on = slow_clip
    both = f"{caption_of(RED)} then {caption_of(BLUE)}"
    slow = served.client().submit(handle_file(path), api_name="/caption_clip")
    assert begun.wait(LONG)
    photo = save_photo(tmp_path / "red.png", plain(RED))
    other = save_animation(tmp_path / "quick.gif", [plain(RED), plain(BLUE)], [400, 600])
    client = served.client()
    ask = lambda file, name: client.submit(handle_file(file), api_name=name).result(LONG)  # noqa: E731
    assert ask(photo, "/caption_image")["text"] == caption_of(RED)
    assert ask(other, "/caption_clip")["text"] == both
    assert not slow.done()
    go_on.set()
    assert slow.result(LONG)["text"] == both
