"""``python -m captioner.evaluate --task match``: scores what a search stands on."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from captioner.search.retriever import Retriever
from training.common.extras import missing_extra
from training.matching.scores import Evaluation, evaluate, report

_PICTURES = 16


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(
        prog="python -m captioner.evaluate --task match",
        description="Scores a dual encoder on a split: recall at 1, 5 and 10 and the median rank, "
        "from sentences to pictures and back.",
    )
    add = result.add_argument
    add("--task", choices=["match"], required=True)
    add("--model", default=None, help="a name that ships, a model folder, or a CLIP of the hub")
    add("--data", type=Path, required=True, metavar="DIR")
    add("--clips", action="store_true", help="the pictures are frames of clips")
    add("--split", default="dev", help="train, dev or test (default: dev)")
    add("--json", action="store_true", help="scores as JSON")
    add("--allow-missing", action="store_true")
    return result


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    options = parser().parse_args(arguments)
    if (missing := missing_extra()) is not None:
        print(f"captioner.evaluate: {missing}", file=sys.stderr)
        return 2
    from captioner.errors import MediaError
    from captioner.search.loading import load_retriever
    from training.data.datasets import DatasetError

    try:
        retriever = load_retriever(options.model)
        result = score(retriever, options.data, options.split, options.clips, options.allow_missing)
    except (DatasetError, MediaError, ValueError) as error:
        print(f"captioner.evaluate: {error}", file=sys.stderr)
        return 2
    print(json.dumps(result.as_dict(), indent=2) if options.json else report(result))
    return 0


def score(
    retriever: Retriever, data: Path, split: str, clips: bool, allow_missing: bool
) -> Evaluation:
    """Scores a retriever on all of a split, from files on.

    Raises:
        DatasetError: the data is missing or malformed.
        MediaError: a picture cannot be read.
    """
    from training.data.datasets import load_dataset
    from training.matching.data import scenes_of

    items = load_dataset(data, split, allow_missing=allow_missing)
    scenes = scenes_of(data.name, items, clips=clips)
    pictures = np.concatenate([*_embedded(retriever, (item.path for item in items))])
    return evaluate(pictures, retriever.embed_texts(scenes.texts), scenes)


def _embedded(retriever: Retriever, paths: Iterable[Path]) -> Iterator[np.ndarray]:
    from captioner.media.images import load_image

    remaining = iter(paths)
    while batch := [*islice(remaining, _PICTURES)]:
        yield retriever.embed_images([load_image(path) for path in batch])
