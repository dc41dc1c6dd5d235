"""The downloader of TGIF, against a server that fails, hangs and lies."""

import io
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from PIL import Image

from training.data.lines import DatasetError
from training.data.tgif import Politeness, download, main

QUICK = Politeness(rate=500, threads=4, tries=6, wait=0.01, seconds=0.6, megabytes=0.1)


def gif() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), (200, 10, 10)).save(buffer, "GIF")
    return buffer.getvalue()


class HostileServer(BaseHTTPRequestHandler):
    """The first part of a path says what is done; ``random`` does anything, at last the right."""

    asked: ClassVar[Counter[str]] = Counter()
    luck = random.Random(3)

    def do_GET(self) -> None:
        name = self.path.rpartition("/")[2]
        self.asked[name] += 1
        kind = self.path.split("/")[1]
        if kind == "random":
            kinds = ["busy", "short", "hang", "reset", "cut", "good"]
            kind = "good" if self.asked[name] > 4 else self.luck.choice(kinds)
        getattr(self, f"_{kind}")()

    def _send(self, body: bytes, size: int | None = None, code: int = 200) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(body) if size is None else size))
        self.end_headers()
        self.wfile.write(body)

    def _good(self) -> None:
        self._send(gif())

    def _gone(self) -> None:
        self._send(b"", code=404)

    def _busy(self) -> None:
        self._send(b"", code=503)

    def _short(self) -> None:
        self._send(gif()[:10], size=len(gif()))

    def _cut(self) -> None:
        self._send(gif()[:-1])

    def _page(self) -> None:
        self._send(b"<html>This content was removed</html>")

    def _empty(self) -> None:
        self._send(b"")

    def _huge(self) -> None:
        self._send(gif()[:6] + bytes(300_000))

    def _reset(self) -> None:
        self.connection.close()

    def _hang(self) -> None:
        time.sleep(1.0)

    def _drip(self) -> None:
        self.send_response(200)
        self.end_headers()
        for byte in gif():
            self.wfile.write(bytes([byte]))
            time.sleep(0.1)

    def _moved(self) -> None:
        self.send_response(302)
        self.send_header("Location", "file:///etc/passwd")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    HostileServer.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), HostileServer) as running:
        running.daemon_threads = True
        running.handle_error = lambda *_: None  # type: ignore[method-assign]
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()


def folder_of(path: Path, addresses: list[str]) -> Path:
    lines = (f"{address}\ta man is dancing\n" for address in addresses)
    (path / "tgif-v1.0.tsv").write_text("".join(lines))
    return path


def test_what_can_be_fetched_is_and_the_rest_is_told_apart(tmp_path: Path, server: str) -> None:
    kinds = ["good", "gone", "page", "empty", "huge", "busy", "cut", "short", "drip", "moved"]
    folder_of(tmp_path, [f"{server}/{kind}/{kind}.gif" for kind in kinds])
    outcome = download(tmp_path, Politeness(500, 4, 2, 0.01, 0.6, 0.1))
    assert [path.name for path in (tmp_path / "gifs").glob("*.gif")] == ["good.gif"]
    dead = (tmp_path / "dead.jsonl").read_text()
    assert {kind for kind in kinds if f"/{kind}.gif" in dead} >= {"gone", "page", "empty", "huge"}
    assert outcome.fetched == 1
    assert outcome.dead + outcome.failed == len(kinds) - 1
    assert HostileServer.asked["busy.gif"] == 2
    assert HostileServer.asked["gone.gif"] == 1


def test_a_server_that_fails_at_random_gives_all_in_the_end(tmp_path: Path, server: str) -> None:
    folder_of(tmp_path, [f"{server}/random/{number}.gif" for number in range(12)])
    outcome = download(tmp_path, QUICK)
    assert outcome.fetched == 12
    for path in (tmp_path / "gifs").iterdir():
        assert path.read_bytes() == gif()


def test_it_goes_on_where_it_was_and_asks_no_dead_address_again(
    tmp_path: Path, server: str
) -> None:
    folder_of(tmp_path, [f"{server}/good/a.gif", f"{server}/gone/b.gif"])
    download(tmp_path, QUICK)
    again = download(tmp_path, QUICK)
    assert (again.there, again.fetched, again.dead) == (1, 0, 1)
    assert HostileServer.asked == {"a.gif": 1, "b.gif": 1}


def test_requests_come_no_quicker_than_the_rate(tmp_path: Path, server: str) -> None:
    folder_of(tmp_path, [f"{server}/good/{number}.gif" for number in range(5)])
    started = time.monotonic()
    download(tmp_path, Politeness(rate=20, threads=4))
    assert time.monotonic() - started >= 4 / 20


def test_a_list_without_addresses_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tgif-v1.0.tsv").write_text("file:///etc/passwd\ta man\n")
    with pytest.raises(DatasetError, match="no addresses"):
        download(tmp_path)


def test_the_command_says_what_it_did(
    tmp_path: Path, server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder_of(tmp_path, [f"{server}/good/a.gif"])
    assert main(["--output", str(tmp_path), "--rate", "100"]) == 0
    assert "1 fetched, 0 were there, 0 dead, 0 failed" in capsys.readouterr().out
    assert main(["--output", str(tmp_path / "none")]) == 2
