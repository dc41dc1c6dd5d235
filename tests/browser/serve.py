"""The web page with stand-ins for its models: ``python -m tests.browser.serve --port N``.

Everything else is the page as visitors get it. The models are loaded once a line has come on
standard input.
"""

import sys

import app
import captioner.captioner
import summarizer.loading
from tests.browser.stand_ins import StandInCaptioner, StandInSummarizer


def load_captioner(name):
    sys.stdin.readline()
    return StandInCaptioner()


if __name__ == "__main__":
    captioner.captioner.load_captioner = load_captioner
    summarizer.loading.load_summarizer = lambda name: StandInSummarizer()
    sys.exit(app.main())
