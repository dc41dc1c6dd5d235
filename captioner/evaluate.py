"""``python -m captioner.evaluate``: scores a captioner, or several ways of captioning clips."""

from __future__ import annotations

import argparse
import json
import sys
from functools import partial
from pathlib import Path
from typing import get_args

from captioner.runtime.backend import choose_backend
from captioner.types import Precision
from training.common.extras import missing_extra
from training.common.tasks import CAPTION, run_other_task

_TASKS = {"match": "training.commands.match_evaluate"}  # what is scored beside captioners


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(
        prog="python -m captioner.evaluate",
        description="Scores a captioner on all photos of a split, by the COCO protocol; or, with "
        "--models, several ways of captioning clips beside each other.",
    )
    about = "what is scored; each has options of its own: --task match --help"
    result.add_argument("--task", choices=[CAPTION, *_TASKS], default=CAPTION, help=about)
    result.add_argument("--model", default=None, help="a name that ships, or a model folder")
    result.add_argument(
        "--models",
        nargs="+",
        metavar="WAY",
        help="clips are scored: by models, and by default, two-stages, middle-frame and neighbours",
    )
    result.add_argument("--data", type=Path, required=True, metavar="DIR")
    result.add_argument("--split", default="dev", help="train, dev or test (default: dev)")
    result.add_argument("--beams", type=int, default=None, help="default: the model's own")
    result.add_argument("--precision", choices=get_args(Precision), help="default: the quickest")
    result.add_argument("--batch-size", type=int, default=16)
    result.add_argument("--json", action="store_true", help="scores and captions as JSON")
    result.add_argument("--allow-missing", action="store_true")
    result.add_argument("--max-frames", type=int, default=16, help="with --models: of a clip")
    result.add_argument(
        "--picture", type=Path, metavar="FILE.png", help="with --models: CIDEr against time"
    )
    return result


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    if (code := run_other_task("captioner.evaluate", words, _TASKS)) is not None:
        return code
    options = parser().parse_args(words)
    if (missing := missing_extra()) is not None:
        print(f"captioner.evaluate: {missing}", file=sys.stderr)
        return 2
    choose_backend()
    if options.models:
        return _compare(options)
    from captioner.describe.loading import load_captioner
    from captioner.errors import MediaError
    from training.captioning.scores import evaluate, report
    from training.data.datasets import DatasetError, load_dataset

    try:
        items = load_dataset(options.data, options.split, allow_missing=options.allow_missing)
        captioner = load_captioner(options.model, beams=options.beams, precision=options.precision)
        result = evaluate(captioner, items, options.batch_size)
    except (DatasetError, MediaError, ValueError) as error:
        print(f"captioner.evaluate: {error}", file=sys.stderr)
        return 2
    print(json.dumps(result.as_dict(), indent=2) if options.json else report(result))
    return 0


def _compare(options: argparse.Namespace) -> int:
    """Prints the leaderboard of several ways of captioning clips."""
    from captioner.errors import MediaError
    from training.clips.layouts import load_clips
    from training.clips.leaderboard import compare, draw, table
    from training.data.datasets import DatasetError

    try:
        load = partial(load_clips, options.data, allow_missing=options.allow_missing)
        items = load(options.split)
        entries = compare(
            options.models,
            items,
            lambda: load("train"),
            max_frames=options.max_frames,
            precision=options.precision,
        )
        if options.picture is not None:
            draw(entries, options.picture)
    except (DatasetError, MediaError, OSError, ValueError) as error:
        print(f"captioner.evaluate: {error}", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps([entry.as_dict() for entry in entries], indent=2))
    else:
        print(table(entries, len(items)))
    return 0


if __name__ == "__main__":
    from captioner.runtime.process import run

    run("captioner.evaluate")
