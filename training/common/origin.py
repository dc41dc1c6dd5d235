"""What somebody needs in order to repeat a run."""

from __future__ import annotations

import platform
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path

import keras
import numpy as np


def command_of(module: str) -> str:
    """The command that runs now, without the folders of this machine: it may be published.

    Args:
        module: what ``python -m`` was given.
    """
    words = [Path(word).name if Path(word).is_absolute() else word for word in sys.argv[1:]]
    return shlex.join(["python", "-m", module, *words])


def now() -> str:
    """Date and time, in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def machine() -> dict[str, str]:
    """Of a ``run.json``: what computes, and by which libraries."""
    return {
        "machine": f"{platform.machine()}, {platform.system()}",
        "backend": f"{keras.backend.backend()}, keras {keras.__version__}",
        "numpy": np.__version__,
    }
