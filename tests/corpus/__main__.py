"""``python -m tests.corpus FOLDER``: write the corpus and count it."""

import sys
from pathlib import Path

from tests.corpus import make


def main() -> None:
    """Write the corpus into the folder that is named on the command line."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tests.corpus FOLDER")
    entries = make(Path(sys.argv[1]))
    kinds = len({entry.kind for entry in entries})
    counts = {
        "to be captioned": sum(entry.captioned is True for entry in entries),
        "to be refused": sum(entry.captioned is False for entry in entries),
        "either": sum(entry.captioned is None for entry in entries),
    }
    listed = ", ".join(f"{count} {what}" for what, count in counts.items())
    print(f"{len(entries)} files of {kinds} kinds: {listed}")


if __name__ == "__main__":
    main()
