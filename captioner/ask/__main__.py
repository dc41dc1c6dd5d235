"""``python -m captioner.ask``: see captioner/cli/ask.py."""

from captioner.runtime.process import run

if __name__ == "__main__":
    run("captioner.cli.ask")
