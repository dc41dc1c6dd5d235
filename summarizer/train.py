"""``python -m summarizer.train``: trains a small BART that fuses captions."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from training.common.extras import missing_extra


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = argparse.ArgumentParser(prog="python -m summarizer.train", description=__doc__)
    files = {"nargs": "+", "type": Path, "metavar": "FILE"}
    parser.add_argument(
        "--data",
        required=True,
        help='people\'s captions of clips, {"id", "captions"} a line, gzipped or not',
        **files,  # type: ignore[arg-type]
    )
    parser.add_argument(
        "--photo-data",
        default=[],
        help="people's captions of photos, in the same form",
        **files,  # type: ignore[arg-type]
    )
    parser.add_argument(
        "--captioner-data",
        default=[],
        help='{"id", "inputs", "captions"} a line: inputs are what a captioner said of crops, '
        "blurs or frames of a scene, captions what people said",
        **files,  # type: ignore[arg-type]
    )
    parser.add_argument(
        "--validation",
        default=[],
        help="captions of clips to score the finished model on; never trained on",
        **files,  # type: ignore[arg-type]
    )
    parser.add_argument(
        "--exclude",
        default=[],
        help="lists of ids, or names of pictures, that are never trained on",
        **files,  # type: ignore[arg-type]
    )
    parser.add_argument("--output", required=True, type=Path, help="the model folder to make")
    parser.add_argument(
        "--run",
        type=Path,
        help="folder for checkpoints (default: runs/ and the output's name with -checkpoints)",
    )
    parser.add_argument("--recipe", type=Path, help="YAML file of settings")
    parser.add_argument("--max-steps", type=int, help="steps, instead of the recipe's")
    parser.add_argument(
        "--resume", action="store_true", help="go on from the last checkpoint of the run"
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; 0 when the model is made, 2 when it cannot be."""
    options = build_parser().parse_args(arguments)
    if (missing := missing_extra()) is not None:
        print(missing, file=sys.stderr)
        return 2
    from training.common.settings import RecipeError
    from training.data.lines import DatasetError
    from training.fusion.job import FuserJob, train_fuser
    from training.fusion.recipe import FuserRecipe

    words = sys.argv[1:] if arguments is None else arguments
    try:
        recipe = FuserRecipe() if options.recipe is None else FuserRecipe.load(options.recipe)
        if options.max_steps is not None:
            recipe = recipe.with_values({"max_steps": options.max_steps})
        job = FuserJob(
            clips=tuple(options.data),
            photos=tuple(options.photo_data),
            captioner=tuple(options.captioner_data),
            validation=tuple(options.validation),
            exclude=tuple(options.exclude),
            output=options.output,
            run=options.run or Path("runs") / f"{options.output.name}-checkpoints",
            recipe=recipe,
            resume=options.resume,
            command=_command(words),
        )
        print(train_fuser(job))
    except (DatasetError, RecipeError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _command(words: Sequence[str]) -> str:
    """The command for the model card; of absolute paths, which mean nothing elsewhere, the name."""
    plain = [Path(word).name if Path(word).is_absolute() else word for word in words]
    return shlex.join(["python", "-m", "summarizer.train", *plain])


if __name__ == "__main__":
    from captioner.runtime.process import run

    run("summarizer.train")
