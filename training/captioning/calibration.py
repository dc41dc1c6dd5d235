"""From which score on a caption is right how often, and which word that deserves on the page.

``python -m training.captioning.calibration --data DIR --model FOLDER`` captions the dev photos of a
data set and writes ``calibration.json`` into the model folder (`captioner.describe.confidence`). It
takes two minutes for 1,000 photos on two cores.

A caption is *right* where its CIDEr against people's captions of the photo is at least what half of
people's own captions reach against those of the others: the middle of all of them, for which each
caption of each photo takes its turn as one to be scored. So a person would be right half of the
time. CIDEr is a mean over the references, so that five and four of them give comparable numbers.

The limits between the words are chosen on every other photo. How often each word is right is then
measured on the photos between these, which had no part in the choice.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from tqdm import tqdm

from captioner.describe.confidence import (
    BETWEEN,
    GUESSING,
    SURE,
    Band,
    Calibration,
    write_calibration,
)
from captioner.errors import MediaError, ModelError
from captioner.runtime.backend import choose_backend
from training.data.datasets import DatasetError, load_dataset
from training.metrics.captions import Cider

SURE_FROM = 0.6  # of captions that are fairly sure so many are to be right
GUESSING_TO = 0.2  # and of guesses so many at most
_WORDS = (SURE, BETWEEN, GUESSING)
_FEWEST = 0.05  # of the captions; a word for fewer is not worth its measurement


def human_level(references: Sequence[Sequence[str]]) -> float:
    """The CIDEr that half of people's captions reach against the other ones of their photo.

    Args:
        references: people's captions of N photos; photos with a single one are passed over.

    Raises:
        DatasetError: no photo has two captions.
    """
    groups = [list(group) for group in references if len(group) > 1]
    if not groups:
        raise DatasetError("no photo has two captions, so that people cannot be compared")
    frequencies = Cider(groups).document_frequencies
    values: list[float] = []
    for turn in range(max(map(len, groups))):
        taking = [group for group in groups if len(group) > turn]
        others = Cider([group[:turn] + group[turn + 1 :] for group in taking], frequencies)
        values += others.scores([group[turn] for group in taking]).tolist()
    return float(np.median(values))


def calibrate(scores: np.ndarray, right: np.ndarray) -> Calibration:
    """Chooses the limits between the words and measures them.

    Args:
        scores: of N captions, float [N]; at least 2.
        right: which of them are right, bool [N].
    """
    limits = (np.inf, *_limits(scores[::2], right[::2]), -np.inf)
    tested, tested_right = scores[1::2], right[1::2]
    bands = []
    for word, (high, low) in zip(_WORDS, pairwise(limits), strict=True):
        inside = (low <= tested) & (tested < high)
        if inside.any():
            right_of_these = float(tested_right[inside].mean())
            bands.append(Band(word, float(low), right_of_these, float(inside.mean())))
    return Calibration((*bands[:-1], replace(bands[-1], least=None)), len(scores))


def _limits(scores: np.ndarray, right: np.ndarray) -> tuple[float, float]:
    """From which score on captions are fairly sure, and below which they are guesses.

    Infinite where no captions deserve the word.
    """
    order = np.argsort(-scores)
    counts = np.arange(1, len(scores) + 1)
    enough = counts >= _FEWEST * len(scores)
    rates = np.cumsum(right[order]) / counts
    high = counts[enough & (rates >= SURE_FROM)]
    sure = scores[order[high[-1] - 1]] if high.size else np.inf
    rates = np.cumsum(right[order[::-1]]) / counts
    low = counts[enough & (rates <= GUESSING_TO)]
    guess = np.nextafter(scores[order[-low[-1]]], np.inf) if low.size else -np.inf
    return float(sure), float(min(guess, sure))


def calibrate_model(folder: Path, data: Path, split: str = "dev", batch_size: int = 16) -> Path:
    """Measures a model and writes what was found into its folder; returns the file's path.

    Raises:
        DatasetError: there are no such photos, or no photo has two captions.
        MediaError: a photo cannot be read.
        ModelError: it is no model folder, or damaged.
        OSError: the folder cannot be written.
    """
    from captioner.describe.loading import load_captioner

    items = [item for item in load_dataset(data, split) if len(item.captions) > 1]
    references = [item.captions for item in items]
    level = human_level(references)
    found = load_captioner(folder).caption_many((item.path for item in items), batch_size)
    captions = list(tqdm(found, total=len(items), unit="photo", disable=None))
    cider = Cider(references).scores([caption.text for caption in captions])
    calibration = calibrate(np.array([caption.score for caption in captions]), cider >= level)
    print(f"People's captions reach a CIDEr of {level:.3f} half of the time;")
    print(f"the model's do {(cider >= level).mean():.0%} of the time.")
    print(calibration.sentences())
    return write_calibration(folder, calibration)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(
        prog="python -m training.captioning.calibration",
        description=(__doc__ or "").splitlines()[0],
    )
    result.add_argument("--data", type=Path, required=True, metavar="DIR")
    result.add_argument("--model", type=Path, required=True, metavar="FOLDER")
    result.add_argument("--split", default="dev", help="train, dev or test (default: dev)")
    return result


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    choose_backend()
    options = parser().parse_args(arguments)
    try:
        if not (options.model / "config.json").is_file():
            raise ModelError(f"{options.model} is not a model folder: it has no config.json")
        path = calibrate_model(options.model, options.data, options.split)
    except (DatasetError, MediaError, ModelError, OSError) as error:
        print(f"training.captioning.calibration: {error}", file=sys.stderr)
        return 2
    print(f"Written to {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
