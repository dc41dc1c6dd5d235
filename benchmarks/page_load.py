"""The web page under load, and over time: memory, latency, right answers.

``python benchmarks/page_load.py`` starts ``python app.py`` with the models that ship, and asks its
endpoints through gradio_client, many clients at once, with photos, GIFs and broken files; then,
each time as a new visitor, as often as ``--long`` says. Every answer is compared with what the
library says of the same file. Exit code 1: an answer was wrong or missing, or the memory grew.
"""

import argparse
import itertools
import json
import math
import multiprocessing
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from typing import Any

import httpx
import psutil
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from captioner.page.app import SESSIONS

ROOT = Path(__file__).parent.parent
PATIENCE = 300  # seconds
GROWTH = 0.03  # of the memory after the warm-up; more than this is a leak, not noise


@dataclass(frozen=True)
class Ask:
    """One request: which endpoint, which files, and what it stands for in the table."""

    kind: str
    endpoint: str
    files: tuple[Path, ...]


@dataclass(frozen=True)
class Answer:
    """What came of it."""

    ask: Ask
    seconds: float
    said: Any


# Files: photos that come inside gradio and scikit-image, and what can be made of them.


def make_files(folder: Path) -> tuple[list[Path], list[Path], list[Path]]:
    """Writes photos, GIFs and broken files."""
    import gradio.media
    from skimage import data

    gradio_names = ("lion.jpg", "cheetah1.jpg", "tower.jpg", "groot.jpeg", "bus.png")
    photos = [Path(gradio.media.get_image(name)) for name in gradio_names]
    for name in ("astronaut", "chelsea", "coffee", "rocket"):
        photos.append(folder / f"{name}.jpg")
        Image.fromarray(getattr(data, name)()).save(photos[-1])
    gifs = [save_pan(folder / f"{path.stem}.gif", path) for path in photos[-4:]]
    broken = [cut(path, folder / f"broken-{path.name}") for path in (photos[0], photos[4], gifs[0])]
    broken.append(folder / "letter.jpg")
    broken[-1].write_text("Dear reader, this is no picture.\n")
    return photos, gifs, broken


def save_pan(path: Path, photo: Path) -> Path:
    """A camera that goes over a photo from left to right."""
    with Image.open(photo) as image:
        small = image.convert("RGB").resize((400, 240))
    frames = [small.crop((left, 0, left + 320, 240)) for left in range(0, 80, 10)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=200, loop=0)
    return path


def cut(path: Path, to: Path) -> Path:
    """The first twentieth of a file."""
    content = path.read_bytes()
    to.write_bytes(content[: len(content) // 20])
    return to


def mixed(photos: list[Path], gifs: list[Path], broken: list[Path]) -> Iterator[Ask]:
    """Requests without end, in an order that is always the same."""
    photo, gif, bad = map(itertools.cycle, (photos, gifs, broken))
    while True:
        yield Ask("photo", "/caption_image", (next(photo),))
        yield Ask("GIF", "/caption_clip", (next(gif),))
        yield Ask("broken", "/caption_image", (next(bad),))
        yield Ask("photo", "/caption_image", (next(photo),))
        yield Ask("files", "/caption_files", (next(photo), next(bad), next(gif)))
        yield Ask("photo", "/caption_image", (next(photo),))
        yield Ask("broken", "/caption_clip", (next(bad),))
        yield Ask("photo", "/caption_image", (next(photo),))


# What the library says.


def library(paths: Sequence[Path]) -> dict[Path, dict[str, Any]]:
    """Of each file the caption as a photo and as a clip, or what is wrong with it."""
    from captioner.runtime.backend import choose_backend

    choose_backend()
    from captioner import load_captioner, load_clip_captioner

    captioner = load_captioner()
    video = load_clip_captioner(captioner)
    return {
        path: {
            "/caption_image": known(captioner.caption, path),
            "/caption_clip": known(video.caption, path),
        }
        for path in paths
    }


def known(caption: Any, path: Path) -> Any:
    from captioner import MediaError

    try:
        said = caption(path)
    except MediaError as error:
        return f"{error.reason}; {error.remedy}"
    frames = [(f.caption.text, f.caption.score) for f in getattr(said, "frames", ())]
    return (said.text, said.score, frames)


def is_right(answer: Answer, truth: dict[Path, dict[str, Any]]) -> bool:
    """Whether the server says what the library does."""
    if answer.ask.endpoint != "/caption_files":
        return same(answer.said, truth[answer.ask.files[0]][answer.ask.endpoint])
    if not isinstance(answer.said, list) or len(answer.said) != len(answer.ask.files):
        return False
    return all(
        same(
            row["error"] or row, truth[path]["/caption_clip" if row["frames"] else "/caption_image"]
        )
        for row, path in zip(answer.said, answer.ask.files, strict=True)
    )


def same(said: Any, truth: Any) -> bool:
    """Compares words exactly, and scores as they are rounded; errors may begin with the name."""
    if isinstance(truth, str) or isinstance(said, str):
        return isinstance(said, str) and isinstance(truth, str) and said.endswith(truth)
    frames = [(frame["text"], frame["score"]) for frame in said.get("frames") or ()]
    found = [(said["text"], said["score"]), *frames]
    return len(found) == 1 + len(truth[2]) and all(
        text == other and math.isclose(score, number, abs_tol=0.002)
        for (text, score), (other, number) in zip(found, [truth[:2], *truth[2]], strict=True)
    )


# The server and its clients.


class Server:
    """``python app.py`` in a process of its own."""

    def __init__(self) -> None:
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, "-u", "app.py"], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        self.url = self._wait_for(r"http://[\w.:]+")
        get(self.url)
        self.first_page = time.perf_counter() - self.started
        self._wait_for("models are loaded")
        self.models_loaded = time.perf_counter() - self.started

    def _wait_for(self, pattern: str) -> str:
        for line in self._process.stdout or ():
            if found := re.search(pattern, line):
                return found[0]
        raise SystemExit("python app.py ended before it served; run it by itself to see why")

    @property
    def megabytes(self) -> float:
        """Resident memory."""
        resident: int = psutil.Process(self._process.pid).memory_info().rss
        return resident / 2**20

    def stop(self) -> None:
        """Ends it."""
        self._process.terminate()
        self._process.wait()


def get(url: str) -> None:
    """Loads a page; raises an OSError where the answer is not 200."""
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        answer.read()
        if answer.status != 200:
            raise OSError(f"{url} answers {answer.status}")


class Clients:
    """So many visitors, each of whom asks again as soon as the answer is there."""

    def __init__(self, server: Server, count: int):
        self.server = server
        self._free: Queue[Client] = Queue()
        self._pool = ThreadPoolExecutor(count)
        for _ in range(count):
            self._free.put(Client(server.url, verbose=False))

    def ask(self, asks: Sequence[Ask]) -> list[Answer]:
        """The answers, in the order of the requests."""
        return list(self._pool.map(self._ask, asks))

    def _ask(self, ask: Ask) -> Answer:
        client = self._free.get()
        files = [handle_file(path) for path in ask.files]
        start = time.perf_counter()
        try:
            given = files if ask.endpoint == "/caption_files" else files[0]
            said: Any = client.predict(given, api_name=ask.endpoint)
        except AppError as error:
            said = str(error)
        finally:
            self._free.put(client)
        return Answer(ask, time.perf_counter() - start, said)


# The figures.


def print_latencies(answers: Sequence[Answer], seconds: float) -> None:
    """A row for each kind of request, and one for all."""
    print(f"\n{'requests':<10}{'count':>7}{'median s':>10}{'p95 s':>8}")
    kinds = sorted({answer.ask.kind for answer in answers})
    for kind in (*kinds, "all"):
        times = [answer.seconds for answer in answers if kind in (answer.ask.kind, "all")]
        p95 = statistics.quantiles(times, n=20, method="inclusive")[-1]
        print(f"{kind:<10}{len(times):>7}{statistics.median(times):>10.2f}{p95:>8.2f}")
    print(f"{len(answers) / seconds:.1f} requests a second\n")


def count_wrong(answers: Sequence[Answer], truth: dict[Path, dict[str, Any]]) -> int:
    """Prints the wrong answers, too."""
    wrong = [answer for answer in answers if not is_right(answer, truth)]
    for answer in wrong:
        names = ", ".join(path.name for path in answer.ask.files)
        print(f"WRONG: {answer.ask.endpoint} of {names}: {answer.said}")
    return len(wrong)


def run_long(server: Server, asks: Iterator[Ask], total: int, step: int = 100) -> list[Answer]:
    """Asks on and on, each time as a new visitor, and prints the server's memory now and then."""
    print("after requests   server's memory")
    answers: list[Answer] = []
    with ThreadPoolExecutor(2) as pool:
        while len(answers) < total:
            part = itertools.islice(asks, min(step, total - len(answers)))
            answers += pool.map(lambda ask: ask_anew(server, ask), list(part))
            print(f"{len(answers):>14}{server.megabytes:>15.0f} MB", flush=True)
    return answers


def ask_anew(server: Server, ask: Ask) -> Answer:
    """A request without a session, as curl makes it."""
    start = time.perf_counter()
    with httpx.Client(base_url=f"{server.url}/gradio_api", timeout=PATIENCE) as client:
        files = [("files", (path.name, path.read_bytes())) for path in ask.files]
        paths = client.post("/upload", files=files).raise_for_status().json()
        given = [{"path": path, "meta": {"_type": "gradio.FileData"}} for path in paths]
        whole = [16, "uniform", 0, ""] if ask.endpoint != "/caption_image" else [0, ""]
        data = [given if ask.endpoint == "/caption_files" else given[0], *whole]
        call = f"/call{ask.endpoint}"
        event = client.post(call, json={"data": data}).raise_for_status().json()["event_id"]
        *_, state, said = client.get(f"{call}/{event}").text.strip().split("\n")
    content = json.loads(said.removeprefix("data: "))
    answer = content[0] if state == "event: complete" else content["error"]
    return Answer(ask, time.perf_counter() - start, answer)


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    words.add_argument("--clients", type=int, default=8, help="at once (%(default)s)")
    words.add_argument("--warm-up", type=int, default=100, help="requests before (%(default)s)")
    words.add_argument("--requests", type=int, default=40, help="that are timed (%(default)s)")
    words.add_argument("--long", type=int, default=2000, help="of the memory run (%(default)s)")
    options = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        photos, gifs, broken = make_files(Path(folder))
        # In a process of its own, so that its models are gone before the server's are timed.
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as apart:
            truth = apart.submit(library, [*photos, *gifs, *broken]).result()
        server = Server()
        try:
            return measure(server, options, mixed(photos, gifs, broken), truth)
        finally:
            server.stop()


def measure(
    server: Server,
    options: argparse.Namespace,
    asks: Iterator[Ask],
    truth: dict[Path, dict[str, Any]],
) -> int:
    """Prints everything; returns the exit code."""
    print(f"first page after {server.first_page:.1f} s, models after {server.models_loaded:.1f} s")
    clients = Clients(server, options.clients)
    answers = clients.ask(list(itertools.islice(asks, options.warm_up)))

    start = time.perf_counter()
    timed = clients.ask(list(itertools.islice(asks, options.requests)))
    print_latencies(timed, time.perf_counter() - start)

    # Gradio keeps so many visits at most; only then can more of them be a leak.
    answers += timed + run_long(server, asks, 2 * SESSIONS)
    before = server.megabytes
    answers += run_long(server, asks, options.long)
    grown = server.megabytes / before - 1
    wrong = count_wrong(answers, truth)
    print(f"\n{len(answers)} answers, {wrong} wrong; memory grew by {grown:.1%}")
    return int(wrong > 0 or grown > GROWTH)


if __name__ == "__main__":
    sys.exit(main())
