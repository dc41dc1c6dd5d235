"""``python -m captioner.train --task match``: trains a dual encoder."""

from __future__ import annotations

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path

from captioner.runtime.backend import choose_training_backend, import_tensorflow
from captioner.runtime.process import exit_code_of
from training.common.extras import missing_extra


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(
        prog="python -m captioner.train --task match",
        description="Trains a dual encoder, for searching, on captioned photos and clips.",
    )
    add = result.add_argument
    add("--task", choices=["match"], required=True)
    add(
        "--data",
        type=Path,
        action="append",
        required=True,
        metavar="DIR",
        help="captioned photos, as of captioning; may be given again; the dev splits choose",
    )
    add(
        "--clips",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="as --data, but frames of clips, those of a clip one after the other and with the "
        "same captions; may be given again",
    )
    add("--output", type=Path, required=True, metavar="MODEL_DIR")
    add(
        "--recipe",
        type=Path,
        metavar="FILE.yaml",
        help="default: the defaults of training.matching.recipe.Recipe",
    )
    add(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="one setting of the recipe, such as epochs=3 or image.units=256",
    )
    add(
        "--cache",
        type=Path,
        default=Path("cache/matching"),
        metavar="DIR",
        help="where features and vectors of sentences are kept (default: %(default)s)",
    )
    add(
        "--allow-missing",
        action="store_true",
        help="go on without photos that have no captions, and captions that have no photo",
    )
    return result


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    options = parser().parse_args(arguments)
    if (missing := missing_extra()) is not None:
        print(f"captioner.train: {missing}", file=sys.stderr)
        return 2
    if choose_training_backend() == "tensorflow":
        import_tensorflow()
    from captioner.errors import MediaError, ModelError
    from training.common.settings import RecipeError, parse_settings
    from training.data.datasets import DatasetError
    from training.export import export_apart
    from training.matching.job import MatchingJob, train
    from training.matching.recipe import Recipe

    job = MatchingJob(
        data=tuple(options.data),
        clips=tuple(options.clips),
        output=options.output,
        cache=options.cache,
        allow_missing=options.allow_missing,
    )
    try:
        recipe = Recipe.load(options.recipe) if options.recipe else Recipe()
        folder = train(job, recipe.with_values(parse_settings(options.set)))
        if find_spec("openvino"):
            export_apart(folder)
    except (RecipeError, DatasetError, ModelError, MediaError, OSError) as error:
        print(f"captioner.train: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stop:
        print("stopped; features and vectors of sentences are kept", file=sys.stderr)
        return exit_code_of(stop)
    print(folder)
    return 0
