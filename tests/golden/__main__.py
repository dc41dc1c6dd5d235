"""``python -m tests.golden``: writes the texts anew, after a model was replaced on purpose."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.golden import FILE, captions

if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        FILE.write_text(json.dumps(captions(Path(folder)), indent=2) + "\n", encoding="utf-8")
    print(f"wrote {FILE}; look at what changed before you commit it")
