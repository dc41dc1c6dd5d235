"""``python -m captioner``: see captioner/cli.py."""

from captioner.process import run

if __name__ == "__main__":
    run("captioner.cli")
