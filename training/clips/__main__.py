"""``python -m training.clips``: trains a network from a clip's frames to its sentence."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.commands.running import can_train, recipe_of, run_training


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(
        prog="python -m training.clips",
        description="Trains a network from the frames of a clip to its sentence.",
    )
    result.add_argument(
        "--clips",
        type=Path,
        action="append",
        required=True,
        metavar="DIR",
        help="captioned clips: TGIF, MSR-VTT, MSVD, frames cut out, or metadata.jsonl; may be "
        "given again for more data; the dev split of the first chooses the model",
    )
    result.add_argument(
        "--photos",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="captioned photos, learnt along as clips of one frame; may be given again",
    )
    result.add_argument("--output", type=Path, required=True, metavar="MODEL_DIR")
    result.add_argument("--recipe", type=Path, metavar="FILE.yaml")
    result.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="one setting of the recipe, such as epochs=3 or temporal.name=mean",
    )
    result.add_argument(
        "--start-from", type=Path, metavar="MODEL_DIR", help="go on from a trained network"
    )
    result.add_argument(
        "--cache",
        type=Path,
        default=Path("cache/clips"),
        metavar="DIR",
        help="where features of frames are kept (default: %(default)s)",
    )
    result.add_argument(
        "--allow-missing", action="store_true", help="leave out what is missing or malformed"
    )
    return result


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    options = parser().parse_args(arguments)
    if not can_train("training.clips"):
        return 2
    from training.clips.job import ClipJob, train_clips
    from training.clips.recipe import ClipRecipe

    job = ClipJob(
        clips=tuple(options.clips),
        photos=tuple(options.photos),
        output=options.output,
        start_from=options.start_from,
        cache=options.cache,
        allow_missing=options.allow_missing,
    )
    return run_training(
        "training.clips",
        lambda: train_clips(job, recipe_of(ClipRecipe, options)),
        "stopped; the same command goes on from the last epoch",
    )


if __name__ == "__main__":
    from captioner.runtime.process import run

    run("training.clips.__main__")
