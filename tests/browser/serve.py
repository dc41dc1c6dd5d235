"""The web page with stand-ins for its models: ``python -m tests.browser.serve --port N``.

Everything else is the page as visitors get it. The models are loaded once a line has come on
standard input; once that is closed, as when the tests are killed, the server ends.
"""

import os
import signal
import sys
from threading import Thread

import captioner.describe.confidence
import captioner.describe.loading
import summarizer.loading
from captioner.runtime.process import run
from tests.browser.stand_ins import CALIBRATION, StandInCaptioner, StandInSummarizer


def load_captioner(name):
    sys.stdin.readline()
    Thread(target=end_with_the_tests, daemon=True).start()
    return StandInCaptioner()


def end_with_the_tests():
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    captioner.describe.loading.load_captioner = load_captioner
    captioner.describe.confidence.read_calibration = lambda folder: CALIBRATION
    summarizer.loading.load_summarizer = lambda name: StandInSummarizer()
    run("captioner.page.app")
