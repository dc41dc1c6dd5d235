"""Names of files that keep features: digests of all that the numbers depend on.

So a stale file is never read; it is merely left.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from captioner.models.preprocessing import RESIZING
from captioner.models.visual import folder_of


def features_digest(
    about: Mapping[str, Any], encoders: Iterable[str], paths: Sequence[Path]
) -> str:
    """The digest of features of pictures, 32 hexadecimal digits.

    Args:
        about: what else they depend on, as JSON has it.
        encoders: names of the visual models; their weights count.
        paths: the files in their order; names and contents count.

    Raises:
        OSError: a file cannot be read.
    """
    described = {**about, "resizing": RESIZING}
    digest = hashlib.sha256(json.dumps(described, sort_keys=True).encode())
    for name in encoders:
        digest.update((folder_of(name) / "encoder.safetensors").read_bytes())
    for path in paths:
        digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:32]
