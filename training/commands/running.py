"""What commands that train do alike: they need the extra, train, export, and say how it went."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from captioner.runtime.backend import choose_training_backend, import_tensorflow
from captioner.runtime.process import exit_code_of
from training.common.extras import missing_extra

_S = TypeVar("_S")


def can_train(program: str) -> bool:
    """Chooses the backend; where the extra is not installed, says so on standard error instead."""
    if (missing := missing_extra()) is not None:
        print(f"{program}: {missing}", file=sys.stderr)
        return False
    if choose_training_backend() == "tensorflow":
        import_tensorflow()
    return True


def recipe_of(kind: type[_S], options: Any) -> _S:
    """The settings of ``--recipe``, or the usual ones, with those of ``--set`` in their place.

    Args:
        kind: a class of `Settings`.
        options: of the command line, with ``recipe`` and ``set``.

    Raises:
        RecipeError: a file or a setting is wrong.
    """
    from training.common.settings import Settings, parse_settings

    assert issubclass(kind, Settings)
    recipe = kind.load(options.recipe) if options.recipe else kind()
    return recipe.with_values(parse_settings(options.set))


def run_training(program: str, train: Callable[[], Path], stopped: str | None) -> int:
    """Trains, writes the graphs of the model, and prints its folder.

    Args:
        program: for what is said on standard error.
        train: returns the model folder.
        stopped: what to say after Ctrl-C; None: nothing.

    Returns:
        The exit code: 2 where data, recipe or a model is wrong.
    """
    from captioner.errors import MediaError, ModelError
    from training.common.settings import RecipeError
    from training.data.lines import DatasetError
    from training.export import export_apart

    try:
        folder = train()
        if find_spec("openvino"):
            export_apart(folder)
    except (RecipeError, DatasetError, ModelError, MediaError, OSError) as error:
        print(f"{program}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stop:
        if stopped is not None:
            print(stopped, file=sys.stderr)
        return exit_code_of(stop)
    print(folder)
    return 0
