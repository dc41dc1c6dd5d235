"""A server of the page in a process of its own, and what it prints."""

import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Condition, Thread

ROOT = Path(__file__).parent.parent.parent


class Server:
    """The page, served.

    Args:
        command: what Python runs; serves at the port that ``--port`` says.
    """

    def __init__(self, command: Sequence[str]):
        self.port = _unused_port()
        self._lines: list[str] = []
        self._news = Condition()
        self._ended = False
        self._process = subprocess.Popen(
            [sys.executable, "-u", *command, "--port", str(self.port)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.port}/"

    @property
    def log(self) -> str:
        """What the server has printed so far."""
        with self._news:
            return "".join(self._lines)

    def wait_for(self, text: str, seconds: float = 120) -> None:
        """Waits until the server has printed a text."""
        with self._news:
            self._news.wait_for(
                lambda: self._ended or text in "".join(self._lines), timeout=seconds
            )
        assert text in self.log, f"the server did not say {text!r}; what it said:\n{self.log}"

    def let_models_load(self) -> None:
        """Lets the stand-ins of ``serve.py`` be loaded."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def stop(self) -> None:
        """Ends the server as a service manager does."""
        self._process.terminate()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(timeout=10)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._news:
                self._lines.append(line)
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()


def _unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
