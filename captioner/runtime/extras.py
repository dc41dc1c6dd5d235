"""What some uses need beside the base dependencies; imports none of it."""

from __future__ import annotations

from importlib.util import find_spec


def need(*modules: str, extra: str, what: str) -> None:
    """Refuses what cannot run with what is installed.

    Args:
        modules: what it imports.
        extra: the extra of the package that brings them.
        what: needs them, in a few words.

    Raises:
        ImportError: one of them is missing; the message says what to install.
    """
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        raise ImportError(
            f"{what} needs {missing[0]}, which is not installed: pip install 'captionloom[{extra}]'"
        )
