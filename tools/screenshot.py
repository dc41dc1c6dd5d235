"""Takes the picture of the web page that README.md shows: the page captions a photo.

Serves the page with the models that ship, drives it in a headless Chromium and writes a PNG of few
colours, for a repository keeps every version of it.
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parent.parent
PHOTO = ROOT / "captioner" / "page" / "photos" / "cat.jpg"

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PATIENCE = 120_000  # milliseconds: models load, on a machine that may be busy


def find_chromium() -> str | None:
    """The Chromium that the environment names, or one that the system has; None: there is none."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _BROWSERS)), None)


def take(browser: Browser, address: str, output: Path, photo: Path = PHOTO) -> None:
    """Writes the picture of a page that is served, with a captioned photo.

    Args:
        browser: a Chromium.
        address: where the page is; its models are loaded.
        output: the PNG; its folder is made if need be.
        photo: the photo that is captioned.
    """
    page = browser.new_page(viewport={"width": 1120, "height": 860}, reduced_motion="reduce")
    page.set_default_timeout(_PATIENCE)
    page.goto(address)
    page.locator("#photo-input input[type=file]").set_input_files(photo)
    # Where the model looked is the last to come.
    page.locator("#photo-words").get_by_role("radio").first.wait_for()
    page.locator("#photo-attention img").wait_for()
    page.wait_for_timeout(1000)  # for the page to come to rest
    picture = page.screenshot()
    page.close()
    output.parent.mkdir(parents=True, exist_ok=True)
    colours = Image.open(BytesIO(picture)).convert("RGB").quantize(160)
    colours.save(output, optimize=True)


def main(output: Path) -> None:
    """Serves the page with the models that ship, and takes its picture.

    Raises:
        FileNotFoundError: there is no Chromium.
        RuntimeError: the page cannot be served; the server's output says why.
    """
    path = find_chromium()
    if path is None:
        raise FileNotFoundError("no Chromium; install it, or name one in the variable CHROMIUM")
    with _served() as address, sync_playwright() as playwright:
        take(playwright.chromium.launch(executable_path=path), address, output)


@contextmanager
def _served() -> Iterator[str]:
    """The page, served by a process of its own once its models are loaded; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-u", "app.py", "--port", str(port)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    assert server.stdout is not None
    try:
        said = ""
        for line in server.stdout:
            said += line
            if "The models are loaded" in line:
                break
        else:
            raise RuntimeError(f"the page was not served: {said}")
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path, nargs="?", default=ROOT / "docs" / "web-page.png")
    main(parser.parse_args().output)
