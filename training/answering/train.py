"""``python -m training.answering.train``: trains an answerer."""

from __future__ import annotations

import argparse
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from captioner.runtime.backend import choose_training_backend, import_tensorflow
from captioner.runtime.process import exit_code_of
from training.common.extras import missing_extra


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(
        prog="python -m training.answering.train",
        description="Trains an answerer on people's questions about photos, and on questions made "
        "from captions of photos and clips.",
    )
    add_data(result)
    result.add_argument("--output", type=Path, required=True, metavar="MODEL_DIR")
    result.add_argument("--recipe", type=Path, metavar="FILE.yaml")
    result.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    return result


def add_data(words: argparse.ArgumentParser) -> None:
    """The options that say where the data lies."""
    words.add_argument(
        "--data",
        type=Path,
        action="append",
        required=True,
        metavar="DIR",
        help="captioned photos, or frames of clips (files that follow each other with the same "
        "captions are one clip), with train and dev splits; may be given again",
    )
    words.add_argument("--people", type=Path, required=True, metavar="TRAIN.jsonl")
    words.add_argument("--people-dev", type=Path, required=True, metavar="DEV.jsonl")
    words.add_argument(
        "--cache",
        type=Path,
        default=Path("cache/answering"),
        metavar="DIR",
        help="where features are kept (default: %(default)s)",
    )


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    options = parser().parse_args(arguments)
    if (missing := missing_extra()) is not None:
        print(f"training.answering.train: {missing}", file=sys.stderr)
        return 2
    if choose_training_backend() == "tensorflow":
        import_tensorflow()
    from captioner.errors import MediaError, ModelError
    from training.answering.job import teach
    from training.answering.material import AnswerData, read_material
    from training.answering.recipe import AnswerRecipe
    from training.common.settings import RecipeError, parse_settings
    from training.data.lines import DatasetError

    try:
        recipe = AnswerRecipe.load(options.recipe) if options.recipe else AnswerRecipe()
        recipe = recipe.with_values(parse_settings(options.set))
        data = AnswerData(tuple(options.data), options.people, options.people_dev, options.cache)
        teach(read_material(data, recipe.architecture), recipe, options.output)
        if find_spec("openvino"):
            _export(options.output)
    except (RecipeError, DatasetError, ModelError, MediaError, OSError) as error:
        print(f"training.answering.train: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stop:
        return exit_code_of(stop)
    print(options.output)
    return 0


def _export(folder: Path) -> None:
    """Makes the graphs in a process of its own, for Keras trains on another backend in this one.

    Raises:
        OSError: it failed; the process has said why on standard error.
    """
    command = [sys.executable, "-m", "training.export", str(folder)]
    if subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode != 0:
        raise OSError(f"{folder}: its graphs could not be made; see above")


if __name__ == "__main__":
    from captioner.runtime.process import run

    run("training.answering.train")
