"""``python -m captioner.search``: see captioner/cli/search.py."""

from captioner.runtime.process import run

if __name__ == "__main__":
    run("captioner.cli.search")
