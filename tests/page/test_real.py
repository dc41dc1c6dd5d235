"""The page as a person starts it: with the models that ship."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from gradio_client import Client, handle_file

from tests.page.conftest import unused_port

ROOT = Path(__file__).parent.parent.parent
PHOTOS = ROOT / "captioner" / "page" / "photos"


@pytest.fixture
def server(tmp_path):
    """A running server, its address, and the folder in which it makes its own."""
    port = unused_port()
    command = [sys.executable, "-u", "app.py", "--port", str(port)]
    running = subprocess.Popen(
        command,
        cwd=ROOT,
        env={"PATH": "/usr/bin", "GRADIO_TEMP_DIR": str(tmp_path / "uploads")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    yield running, f"http://127.0.0.1:{port}", tmp_path / "uploads"
    running.kill()
    running.wait()


def first_page(address, seconds=120):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            return httpx.get(address).text
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"no page within {seconds} s")


def test_from_the_first_page_to_the_last_file(server, tmp_path):
    running, address, uploads = server
    assert "Captionloom" in first_page(address)

    # The models are loading behind the page; the request waits for them.
    client = Client(address, verbose=False)
    result = client.predict(handle_file(PHOTOS / "cat.jpg"), api_name="/caption_image")
    assert "cat" in result["text"].split()
    assert result["score"] < 0
    assert len(result["alternatives"]) >= 1

    row = client.predict(handle_file(PHOTOS / "coffee.jpg"), api_name="/caption_clip")
    assert (row["kind"], row["status"]) == ("image", "ok")
    assert len(list(uploads.iterdir())) == 1

    running.send_signal(signal.SIGTERM)
    said = running.communicate(timeout=60)[0]
    assert running.returncode == 0, said
    assert "The models are loaded." in said
    assert "Traceback" not in said
    assert list(uploads.iterdir()) == []  # nothing that was uploaded stays
