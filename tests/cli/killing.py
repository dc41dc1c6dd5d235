"""Runs of the command line that kill themselves (SIGKILL) at a chosen moment.

A moment is a number of calls and returns of Python functions since the beginning of the run, so
that it falls between any two steps, and is the same however busy the machine is. The program loads
its modules once, and each run is a fork of it.
"""

import json
import os
import signal
import subprocess
import sys

from tests.cli.program import ROOT

# pyarrow imports pandas where it is installed; here it does so before the runs, which is quicker.
PROGRAM = """
import contextlib, json, os, signal, sys
import captioner.batch, captioner.cli, captioner.inputs.listing, captioner.outputs.run
import captioner.report
import pyarrow.parquet
with contextlib.suppress(ImportError):
    import pandas
from tests.cli.program import Saying
from tests.fakes import Loaders

def run(arguments, words, moment):
    loaders = Loaders(Saying(words))
    events = 0

    def count(frame, event, argument):
        nonlocal events
        events += 1
        if events == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(count)
    code = captioner.cli.main(
        arguments,
        load_captioner=loaders.load_captioner,
        load_summarizer=loaders.load_summarizer,
    )
    sys.setprofile(None)
    os.write(answer, json.dumps([code, events]).encode())

answer = int(sys.argv[1])
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        run(*json.loads(line))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        os.write(answer, json.dumps([-os.WTERMSIG(status), 0]).encode())
"""


class Killing:
    """Starts the runs; used with ``with``."""

    def __enter__(self):
        self._answers, theirs = os.pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(theirs)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=[theirs],
            text=True,
        )
        os.close(theirs)
        return self

    def __exit__(self, *exception):
        self._process.stdin.close()
        self._process.wait()
        os.close(self._answers)

    def run(self, arguments, words, moment=0):
        """Run a command line, with a captioner that says these words.

        Returns:
            The exit code, or None where the run killed itself, and the number of its moments.
        """
        request = [list(map(os.fspath, arguments)), words, moment]
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        code, moments = json.loads(os.read(self._answers, 100))
        return (None if code == -signal.SIGKILL else code), moments
