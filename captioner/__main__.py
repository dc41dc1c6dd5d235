"""``python -m captioner``: see captioner/cli/main.py."""

from captioner.runtime.process import run

if __name__ == "__main__":
    run("captioner.cli.main")
