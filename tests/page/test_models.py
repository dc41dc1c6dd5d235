import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from captioner import ModelError
from captioner.describe.loading import DEFAULT_MODEL
from captioner.page.models import Models
from summarizer import SummarizerError
from tests.fakes import FakeCaptioner, FakeSummarizer, caption_of
from tests.makers import plain
from tests.page.conftest import stand_ins

RED = (200, 0, 0)


class Tally(FakeCaptioner):
    """Counts how many batches run at a time."""

    def __init__(self):
        super().__init__()
        self.inside = 0
        self.most = 0
        self.threads = set()

    def caption_images(self, images):
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.threads.add(threading.current_thread().name)
        time.sleep(0.005)
        self.inside -= 1
        return super().caption_images(images)


def test_every_model_is_loaded_once_and_by_its_name():
    asked = []

    def load(name):
        asked.append(name)
        return FakeCaptioner()

    models = Models(["mine", "other"], load, FakeSummarizer)
    assert models.names == ("mine", "other")
    models.start()
    models.wait()
    models.captioner("mine")
    models.captioner("mine", beams=2)
    models.clip_captioner("other")
    assert asked == ["mine", "other"]
    models.close()


def test_without_a_name_the_one_that_ships_is_asked_for():
    asked = []
    models = Models([None], lambda name: asked.append(name) or FakeCaptioner(), FakeSummarizer)
    assert models.names == (DEFAULT_MODEL,)
    models.start()
    models.wait()
    assert asked == [None]
    models.close()


def test_a_request_waits_until_its_model_is_loaded_but_not_for_the_others():
    captioner, summarizer = threading.Event(), threading.Event()

    def load(name):
        captioner.wait(10)
        return FakeCaptioner()

    def load_summarizer():
        summarizer.wait(10)
        return FakeSummarizer()

    models = Models(["mine"], load, load_summarizer)
    models.start()
    assert not models.ready("mine")
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(lambda: models.captioner("mine").caption_images([plain(RED)]))
        time.sleep(0.05)
        assert not waiting.done()
        captioner.set()
        assert waiting.result(10)[0].text == caption_of(RED)
        assert models.ready("mine")
        assert not models.ready()
        clip = pool.submit(models.clip_captioner, "mine")
        time.sleep(0.05)
        assert not clip.done()
        summarizer.set()
        assert clip.result(10).summarizer.name == "fake-summarizer"
        assert models.ready()
    models.close()


def test_all_requests_share_one_thread_and_never_meet():
    tally = Tally()
    models = stand_ins("mine", captioner=tally)
    with ThreadPoolExecutor(8) as pool:
        ask = lambda _: models.captioner("mine", beams=2).caption_images([plain(RED)])  # noqa: E731
        answers = list(pool.map(ask, range(24)))
    assert [answer[0].text for answer in answers] == [caption_of(RED)] * 24
    assert tally.most == 1
    assert len(tally.threads) == 1
    models.close()


def test_beams_go_to_the_captioner():
    asked = []

    class Searching(FakeCaptioner):
        def searching(self, *, beams):
            asked.append(beams)
            return self

    models = stand_ins("mine", captioner=Searching())
    models.captioner("mine")
    models.captioner("mine", beams=5)
    models.clip_captioner("mine", beams=3, max_frames=4)
    assert asked == [5, 3]
    models.close()


@pytest.mark.parametrize("broken", ["captioner", "summarizer"])
def test_what_cannot_be_loaded_is_told_to_the_server_and_to_every_request(broken):
    def fail(*_):
        raise ModelError("is damaged") if broken == "captioner" else SummarizerError("is damaged")

    makers = {"captioner": lambda _: FakeCaptioner(), "summarizer": FakeSummarizer, broken: fail}
    models = Models(["mine"], makers["captioner"], makers["summarizer"])
    models.start()
    with pytest.raises((ModelError, SummarizerError), match="is damaged"):
        models.wait()
    with pytest.raises((ModelError, SummarizerError), match="is damaged"):
        models.clip_captioner("mine")
    models.close()


def test_an_error_in_the_shared_thread_reaches_the_one_who_asked_and_nobody_else():
    models = stand_ins(captioner=FakeCaptioner({caption_of(RED): ZeroDivisionError()}))
    captioner = models.captioner(DEFAULT_MODEL)
    with pytest.raises(ZeroDivisionError):
        captioner.caption_images([plain(RED)])
    blue = np.full((8, 8, 3), (0, 0, 200), np.uint8)
    assert captioner.caption(blue).text == caption_of((0, 0, 200))
    models.close()


def test_it_is_known_how_much_comes_first():
    begun, go_on = threading.Event(), threading.Event()

    class Slow(FakeCaptioner):
        def caption_images(self, images):
            begun.set()
            go_on.wait(20)
            return super().caption_images(images)

    go_on.set()  # while it is loaded
    models = stand_ins(captioner=Slow())
    assert models.ahead() == 0
    begun.clear()
    go_on.clear()
    with ThreadPoolExecutor() as others:
        asked = others.submit(models.captioner(DEFAULT_MODEL).caption_images, [plain(RED)])
        assert begun.wait(20)
        assert models.ahead() == 1
        go_on.set()
        asked.result()
    assert models.ahead() == 0
    models.close()
