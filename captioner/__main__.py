"""``python -m captioner``: see captioner/cli.py."""

import os
import sys

from captioner.cli import INTERRUPTED, main

if __name__ == "__main__":
    code = main()
    if code == INTERRUPTED:
        # All that was done is written. Threads of the network may still be at work: Python would
        # wait for them, and after a second Ctrl-C tear them down, which they answer by an abort.
        os._exit(code)
    sys.exit(code)
