"""``python -m summarizer.evaluate``: scores a summarizer beside the ways that need no network."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from training.common.extras import missing_extra

if TYPE_CHECKING:
    from training.fusion.scores import Comparison, Example

_SHOWN = 3


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = argparse.ArgumentParser(prog="python -m summarizer.evaluate", description=__doc__)
    parser.add_argument(
        "--model", help="a folder, a hub name or 'consensus' (default: the model that ships)"
    )
    parser.add_argument(
        "--data",
        required=True,
        nargs="+",
        type=Path,
        metavar="FILE",
        help='{"id", "captions"} a line, of which some are fused and the others are references; or '
        '{"id", "inputs", "captions"}: the inputs are fused, the captions are references',
    )
    parser.add_argument(
        "--inputs", type=int, default=8, help="captions to fuse, where a line has no inputs (8)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the choice of these captions (0)")
    parser.add_argument("--no-meteor", action="store_true", help="leave METEOR out, which is slow")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; 0 when everything was scored, 2 when something cannot be."""
    options = build_parser().parse_args(arguments)
    if (missing := missing_extra()) is not None:
        print(missing, file=sys.stderr)
        return 2
    from summarizer.base import SummarizerError
    from summarizer.loading import load_summarizer
    from training.data.lines import DatasetError
    from training.fusion.data import hold_out, read_fusion_sets
    from training.fusion.scores import compare

    try:
        # The files first: a mistake there is told before the model is loaded.
        files = {
            str(path): hold_out(read_fusion_sets(path), options.inputs, options.seed)
            for path in options.data
        }
        summarizer = load_summarizer(options.model)
        results = {
            name: compare(summarizer, scenes, with_meteor=not options.no_meteor)
            for name, scenes in files.items()
        }
    except (DatasetError, SummarizerError) as error:
        print(error, file=sys.stderr)
        return 2
    if options.json:
        shown = {name: result.as_dict() for name, result in results.items()}
        print(json.dumps(shown, indent=2, ensure_ascii=False))
    else:
        print("\n\n".join(_report(name, result) for name, result in results.items()))
    return 0


def _report(name: str, result: Comparison) -> str:
    best, worst = result.extremes(_SHOWN)
    parts = [f"{name}: {result.scenes} scenes, {result.model}", result.table()]
    for title, examples in (("best", best), ("worst", worst)):
        parts += [f"{title}:", *(_shown(item) for item in examples)]
    return "\n".join(parts)


def _shown(item: Example) -> str:
    return (
        f"  {item.id} (CIDEr {100 * item.cider:.0f}): {item.sentence}\n"
        f"    consensus: {item.consensus}\n"
        f"    people: {' / '.join(item.references[:_SHOWN])}"
    )


if __name__ == "__main__":
    from captioner.runtime.process import run

    run("summarizer.evaluate")
