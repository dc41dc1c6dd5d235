"""Runs of the command line that are killed at a chosen moment, or in the middle of writing.

A moment is a number of calls and returns of Python functions since the beginning of the run, so
that it falls between any two steps, and is the same however busy the machine is. In the middle of
writing, it is the system that kills: from the so-manieth file on that is opened for writing, no
file may have more than so many bytes. What comes before that byte is written, and the next write is
the end (SIGXFSZ), as little foreseen as SIGKILL. This also stops what is not Python.

The program loads its modules once, and each run is a fork of it.
"""

import json
import os
import signal
import subprocess
import sys

from tests.cli.program import ROOT

# pyarrow imports pandas where it is installed; here it does so before the runs, which is quicker.
PROGRAM = """
import contextlib, json, os, resource, signal, sys
import captioner.batch.pipeline, captioner.cli.main, captioner.batch.listing, captioner.outputs.run
import captioner.cli.validation, captioner.cli.report
import pyarrow.parquet
with contextlib.suppress(ImportError):
    import pandas
from tests.cli.program import Saying
from tests.fakes import Loaders

def run(arguments, words, moment, room, user):
    loaders = Loaders(Saying(words))
    events = opened = 0
    from_file, most_bytes = room or (0, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if user:
        os.setgroups([])
        os.setuid(user)

    def audit(event, arguments):
        nonlocal opened
        if event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR):
            opened += 1
            if opened == from_file:
                if most_bytes >= 0:
                    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # Python ignores it
                resource.setrlimit(resource.RLIMIT_FSIZE, (abs(most_bytes), resource.RLIM_INFINITY))

    def count(frame, event, argument):
        nonlocal events
        events += 1
        if events == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(audit)
    if moment is not None:
        sys.setprofile(count)
    code = captioner.cli.main.main(
        arguments,
        load_captioner=loaders.load_captioner,
        load_summarizer=loaders.load_summarizer,
    )
    sys.setprofile(None)
    os.write(answer, json.dumps([code, events, opened]).encode())

answer = int(sys.argv[1])
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        run(*json.loads(line))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status != 0:  # a child that comes to its end has answered
        os.write(answer, json.dumps([os.waitstatus_to_exitcode(status), 0, 0]).encode())
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

    def run(self, arguments, words, moment=0, room=None, user=None):
        """Run a command line, with a captioner that says these words.

        Args:
            arguments: the command line.
            words: what every caption begins with.
            moment: when to kill it; 0 for never, None to count no moments either, which is quicker.
            room: from which file on that is opened for writing (1 is the first), and how many bytes
                a file may then have; where the number is negative, so many, and a file that is full
                is an error instead of the end.
            user: the number of the user to run as; None for the one that runs the tests.

        Returns:
            The exit code, or None where the run was killed, the number of its moments, and of the
            files that it opened for writing.
        """
        request = [list(map(os.fspath, arguments)), words, moment, room, user]
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        code, moments, opened = json.loads(os.read(self._answers, 100))
        killed = code in (-signal.SIGKILL, -signal.SIGXFSZ)
        return (None if killed else code), moments, opened
