"""The page with stand-ins for the models: as an object, and served to clients."""

import socket
from dataclasses import replace

import numpy as np
import pytest
from gradio_client import Client

from captioner.describe.confidence import Band, Calibration
from captioner.page.build import build
from captioner.page.limits import Limits
from captioner.page.middleware import Hosts, middleware
from captioner.page.models import Models
from captioner.page.service import Service
from captioner.page.session import Session
from captioner.page.words import Confidence
from tests.fakes import FakeAnswerer, FakeCaptioner, FakeSummarizer
from tests.makers import plain, save_animation, save_photo

RED, BLUE = (200, 0, 0), (0, 0, 200)


class LookingCaptioner(FakeCaptioner):
    """Says a picture's colour, and looked at one more place of a 3x3 grid with each word."""

    def _caption(self, image):
        caption = super()._caption(image)
        grids = np.zeros((len(caption.words), 3, 3), np.float32)
        for index, grid in enumerate(grids):
            grid.flat[: index + 1] = 1 / (index + 1)
        other = replace(caption, text="something else", score=-9.0)
        return replace(caption, attention=grids, alternatives=(other,))


def unused_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def stand_ins(*names, captioner=None):
    """Models of stand-ins, loaded."""
    models = Models(
        names or (None,),
        lambda name: captioner or LookingCaptioner(),
        FakeSummarizer,
        FakeAnswerer,
    )
    models.start()
    models.wait()
    return models


def service_of(*names, captioner=None, **limits):
    models = stand_ins(*names, captioner=captioner)
    return Service(models, Limits(**limits), Known(models.names))


class Known(Confidence):
    """Knows the same of every captioner."""

    def __init__(self, names):
        bands = (Band("fairly sure", -0.5, 0.6, 0.3), Band("guessing", None, 0.2, 0.7))
        self._known = dict.fromkeys(names, Calibration(bands, 1000))


@pytest.fixture
def uploads(tmp_path, monkeypatch):
    """The folder of uploads."""
    folder = tmp_path / "uploads"
    folder.mkdir()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(folder))
    return folder


@pytest.fixture
def service(uploads):
    made = service_of()
    yield made
    made.models.close()


@pytest.fixture
def red(uploads):
    """An uploaded photo, as an event gets it."""
    return upload(save_photo(uploads / "red.png", plain(RED)))


@pytest.fixture
def gif(uploads):
    """An uploaded clip of two frames."""
    path = save_animation(uploads / "two.gif", [plain(RED), plain(BLUE)], [400, 600])
    return upload(path)


def upload(path):
    return {"path": str(path), "meta": {"_type": "gradio.FileData"}, "orig_name": path.name}


def session_of(given):
    """A visitor who chose that."""
    session = Session()
    session.choose(given)
    return session


class Serving:
    """A page that is up, and its address."""

    def __init__(self, service, app_kwargs=None, library=None, **options):
        self.blocks = build(service, "fusion-bart", library=library)
        self.hosts = Hosts()
        port = unused_port()
        self.blocks.launch(
            server_name="127.0.0.1",
            server_port=port,
            prevent_thread_lock=True,
            quiet=True,
            share=False,
            app_kwargs=app_kwargs or {"middleware": middleware(self.hosts)},
            **options,
        )
        self.url = f"http://127.0.0.1:{port}"

    def client(self, **options):
        return Client(self.url, verbose=False, **options)

    def close(self):
        self.blocks.close(verbose=False)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """One page for all tests of a module: to put it up takes a second."""
    folder = tmp_path_factory.mktemp("served")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(folder / "uploads"))
        patch.setenv("GRADIO_EXAMPLES_CACHE", str(folder / "examples"))
        service = service_of("fake-captioner", "other", files=5)
        serving = Serving(service)
        yield serving
        serving.close()
        service.models.close()
