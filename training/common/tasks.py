"""``--task``: the kind of model that is trained or scored; each has a command of its own."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from importlib import import_module

CAPTION = "caption"


def run_other_task(program: str, words: Sequence[str], commands: Mapping[str, str]) -> int | None:
    """Runs the command of the task that the words name; None: it is captioning, or none.

    Args:
        program: for what is said of a task that does not exist.
        words: of the command line.
        commands: of each other task the module whose ``main`` takes these words.

    Raises:
        SystemExit: there is no such task (code 2).
    """
    parser = argparse.ArgumentParser(prog=program, add_help=False, allow_abbrev=False)
    parser.add_argument("--task", choices=[CAPTION, *commands], default=CAPTION)
    task = parser.parse_known_args(words)[0].task
    if task == CAPTION:
        return None
    code: int = import_module(commands[task]).main([*words])
    return code
