"""The command line in a process of its own, with the fakes in place of the models."""

import csv
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from tests.fakes import FakeCaptioner

ROOT = Path(__file__).parent.parent.parent
RED, GREEN, BLUE = (200, 0, 0), (0, 200, 0), (0, 0, 200)

PROGRAM = """
import signal, time
from captioner.cli.main import main as run_command_line
from captioner.runtime.process import run
from tests.fakes import FakeCaptioner, Loaders

class Slow(FakeCaptioner):
    def _caption(self, image):
        caption = super()._caption(image)
        if caption.text == {stop_at!r}:
            time.sleep(60)
        return caption

def main():
    loaders = Loaders(Slow())
    load = dict(load_captioner=loaders.load_captioner, load_summarizer=loaders.load_summarizer)
    return run_command_line(**load)

signal.signal(signal.SIGINT, signal.default_int_handler)  # the tests' own shell may ignore it
run("__main__")
"""


class Saying(FakeCaptioner):
    """Says some words before a picture's colour."""

    def __init__(self, words, errors=None):
        super().__init__(errors)
        self.words = words

    def _caption(self, image):
        caption = super()._caption(image)
        return replace(caption, text=f"{self.words} {caption.text}")


def command(*arguments, stop_at=""):
    return [sys.executable, "-c", PROGRAM.format(stop_at=stop_at), *map(os.fspath, arguments)]


def start(*arguments, stop_at="", **settings):
    settings = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **settings}
    return subprocess.Popen(command(*arguments, stop_at=stop_at), cwd=ROOT, **settings)


def read_rows(path):
    """The rows of a JSON Lines or CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        if path.suffix.lower() == ".csv":
            return list(csv.DictReader(file))
        return [json.loads(line) for line in file]
