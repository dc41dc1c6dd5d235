"""How often tests that roll dice roll them: a few times, or more where somebody asks for it."""

import os


def repeats(ordinary: int) -> int:
    """``ordinary``, times the environment variable ``REPEATS``."""
    return ordinary * int(os.environ.get("REPEATS", "1"))
