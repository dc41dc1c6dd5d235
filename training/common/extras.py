"""What training and scoring need beside the base dependencies; imports none of it."""

from __future__ import annotations

from importlib.util import find_spec

_MODULES = (
    "accelerate",
    "keras",
    "matplotlib",
    "nltk",
    "torch",
    "transformers",
    "yaml",
)  # of the extra `train`


def missing_extra() -> str | None:
    """What to tell somebody who lacks the extra; None where all of it is there."""
    missing = [name for name in _MODULES if find_spec(name) is None]
    if not missing:
        return None
    return f"no module named {missing[0]!r}; install it: pip install 'captionloom[train]'"
