import json
import os
import pty
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from tests.cli.program import BLUE, GREEN, RED, ROOT, start
from tests.fakes import caption_of, save_color


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_run_keeps_what_was_done(photos, tmp_path, number, code):
    output = tmp_path / "out.jsonl"
    arguments = (photos, "-o", output, "--batch-size", "1")
    process = start(*arguments, stop_at=caption_of(RED), text=True)
    deadline = time.monotonic() + 30
    while not output.exists() or output.read_text().count("\n") < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert f"interrupted: captioned 2, failed 0, of 3; what was done is kept in {output}" in err
    assert "Traceback" not in err
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    assert [row["file_name"] for row in rows] == ["blue.png", "green.png"]
    assert {path.name for path in tmp_path.iterdir()} == {"out.jsonl", "photos"}


@pytest.mark.parametrize("options", [[], ["-o", "-"]])
def test_a_reader_that_goes_away_is_no_error_message(tmp_path, options):
    for number in range(200):
        save_color(tmp_path / f"{number}.png", (number, 0, 0))
    process = start(tmp_path, "--batch-size", "1", *options)
    assert process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(timeout=30) == 141


@pytest.mark.parametrize("options", [[], ["-o", "-"]])
def test_a_full_disk_is_named(photos, options):
    with Path("/dev/full").open("w") as full:
        process = start(photos, *options, stdout=full)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 2
    assert err.count(b"cannot write standard output: No space left on device") == 1
    assert b"Traceback" not in err
    assert b"Exception ignored" not in err


def test_progress_is_shown_on_a_terminal_and_leaves_the_lines_whole(photos):
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 200))
    process = start(photos, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    while chunk := _read(ours):
        shown += chunk
    os.close(ours)
    assert process.wait(timeout=30) == 0
    assert b"file/s" in shown or b"0/3" in shown
    lines = [line.rsplit(b"\r", 1)[-1] for line in shown.replace(b"\r\n", b"\n").split(b"\n")]
    for name, color in (("red", RED), ("green", GREEN), ("blue", BLUE)):
        assert f"{photos}/{name}.png: {caption_of(color)}".encode() in lines


def _read(descriptor):
    try:
        return os.read(descriptor, 4096)
    except OSError:  # how Linux says that the other end was closed
        return b""


def test_an_interrupted_command_does_not_wait_for_threads():
    program = (
        "import runpy, threading, time, captioner.cli.main as cli;"
        "cli.main = lambda: 130;"
        "threading.Thread(target=time.sleep, args=[60]).start();"
        "runpy.run_module('captioner', run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False, timeout=30)
    assert done.returncode == 130


# Interrupts itself at the so-manieth import after the first of its own modules.
INTERRUPTING = """
import os, runpy, signal, sys

imports = 0

def count(event, arguments):
    global imports
    if event == "import" and (imports or arguments[0] == "captioner.cli.parser"):
        imports += 1
        if imports == int(os.environ["IMPORTS"]):
            os.kill(os.getpid(), int(os.environ["SIGNAL"]))

signal.signal(signal.SIGINT, signal.default_int_handler)  # the tests' own shell may ignore it
sys.addaudithook(count)
runpy.run_module("captioner", run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize(
    ("number", "imports"),
    [(signal.SIGINT, 1), (signal.SIGINT, 8), (signal.SIGINT, 40), (signal.SIGTERM, 1)],
)
def test_a_signal_while_modules_load_ends_without_a_word(number, imports):
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTING, "--version"],
        cwd=ROOT,
        env={**os.environ, "IMPORTS": str(imports), "SIGNAL": str(int(number))},
        capture_output=True,
        check=False,
        timeout=30,
    )
    assert (done.returncode, done.stdout, done.stderr) == (128 + number, b"", b"")
