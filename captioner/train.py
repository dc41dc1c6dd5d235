"""``python -m captioner.train``: trains a captioner."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from training.commands.running import can_train, recipe_of, run_training
from training.common.tasks import CAPTION, run_other_task

_TASKS = {"match": "training.commands.match_train"}  # what is trained beside captioners


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(
        prog="python -m captioner.train", description="Trains a captioner on captioned photos."
    )
    result.add_argument(
        "--task",
        choices=[CAPTION, *_TASKS],
        default=CAPTION,
        help="what is trained; each has options of its own: --task match --help",
    )
    result.add_argument(
        "--data",
        type=Path,
        action="append",
        required=True,
        metavar="DIR",
        help="Flickr8k's own files, Kaggle's captions.txt, or a Hugging Face ImageFolder; may be "
        "given again for more data; the dev splits choose the model",
    )
    result.add_argument(
        "--clips",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="as --data, but frames of clips, with captions that speak of the whole clip: they are "
        "taught as a style of their own; may be given again",
    )
    result.add_argument("--output", type=Path, required=True, metavar="MODEL_DIR")
    result.add_argument(
        "--recipe",
        type=Path,
        metavar="FILE.yaml",
        help="default: the defaults of training.captioning.recipe.Recipe",
    )
    result.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="one setting of the recipe, such as epochs=3 or decoder.units=256",
    )
    result.add_argument(
        "--encoder-weights",
        action="append",
        default=[],
        metavar="[ENCODER=]imagenet|FILE|MODEL_DIR|none",
        help="starting weights of the encoder: those that Keras downloads, a .npz, .safetensors or "
        ".h5 file, another model's, or none; what they lack is learnt; may be given again, "
        "ENCODER=..., where there are several side by side (default: imagenet)",
    )
    result.add_argument(
        "--start-from", type=Path, metavar="MODEL_DIR", help="go on from a trained model"
    )
    result.add_argument(
        "--teacher",
        type=Path,
        action="append",
        default=[],
        metavar="MODEL_DIR",
        help="a trained model to learn from, beside the captions; may be given again: several "
        "teach what they agree on",
    )
    result.add_argument(
        "--cache",
        type=Path,
        default=Path("cache/features"),
        metavar="DIR",
        help="where features of the frozen encoder are kept (default: %(default)s)",
    )
    result.add_argument(
        "--allow-missing",
        action="store_true",
        help="go on without photos that have no captions, and captions that have no photo",
    )
    return result


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    if (code := run_other_task("captioner.train", words, _TASKS)) is not None:
        return code
    options = parser().parse_args(words)
    if not can_train("captioner.train"):
        return 2
    from training.captioning.job import TrainingJob, train
    from training.captioning.recipe import Recipe

    job = TrainingJob(
        data=tuple(options.data),
        clips=tuple(options.clips),
        output=options.output,
        encoder_weights=tuple(options.encoder_weights or ["imagenet"]),
        start_from=options.start_from,
        teachers=tuple(options.teacher),
        cache=options.cache,
        allow_missing=options.allow_missing,
    )
    return run_training(
        "captioner.train",
        lambda: train(job, recipe_of(Recipe, options)),
        "stopped; the same command goes on from the last epoch",
    )


if __name__ == "__main__":
    from captioner.runtime.process import run

    run("captioner.train")
