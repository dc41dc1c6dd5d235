"""``python -m captioner.train --task match``: trains a dual encoder."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.commands.running import can_train, recipe_of, run_training


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
    if not can_train("captioner.train"):
        return 2
    from training.matching.job import MatchingJob, train
    from training.matching.recipe import Recipe

    job = MatchingJob(
        data=tuple(options.data),
        clips=tuple(options.clips),
        output=options.output,
        cache=options.cache,
        allow_missing=options.allow_missing,
    )
    return run_training(
        "captioner.train",
        lambda: train(job, recipe_of(Recipe, options)),
        "stopped; features and vectors of sentences are kept",
    )
