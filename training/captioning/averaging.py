"""``python -m training.captioning.averaging``: the weights between two captioners.

One of them is a captioner that went on learning from the other. Between the two often lies one that
is better at both tasks than either (M. Wortsman et al., "Robust fine-tuning of zero-shot models",
CVPR 2022). Words that only the second one knows keep its vectors.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from captioner.errors import ModelError
from captioner.models.folder import FILES, read_folder
from captioner.models.saving import whole_file, write_whole

_PROGRAM = "training.captioning.averaging"
_WEIGHTS = "decoder.safetensors"


def averaged(
    first: Mapping[str, np.ndarray], second: Mapping[str, np.ndarray], share: float
) -> dict[str, np.ndarray]:
    """``(1 - share) * first + share * second`` of arrays by name.

    Args:
        first: weights.
        second: those of the same names; an array may have more rows, which stay as they are.
        share: of the second, 0 to 1.

    Returns:
        Arrays of the shapes and dtypes of the second.

    Raises:
        ModelError: the names or the other sizes differ.
    """
    if first.keys() != second.keys():
        names = ", ".join(sorted(first.keys() ^ second.keys()))
        raise ModelError(f"only one of the two has weights for {names}")
    mixed = {}
    for name, after in second.items():
        before, rows = first[name], len(first[name])
        if before.shape[1:] != after.shape[1:] or rows > len(after):
            raise ModelError(f"{name} is {before.shape} in the one and {after.shape} in the other")
        mean = after.astype(np.float32)
        mean[:rows] = (1 - share) * before.astype(np.float32) + share * mean[:rows]
        mixed[name] = mean.astype(after.dtype)
    return mixed


def average(first: Path, second: Path, share: float, output: Path) -> None:
    """Writes the model folder between two.

    Raises:
        ModelError: one of them is damaged, or the two do not belong together.
        OSError: the output cannot be written.
    """
    words = [read_folder(folder).vocabulary.words for folder in (first, second)]
    if words[1][: len(words[0])] != words[0]:
        raise ModelError(f"{second} does not begin with the words of {first}")
    try:
        before, after = (load_file(whole_file(folder, _WEIGHTS)) for folder in (first, second))
    except SafetensorError as error:
        raise ModelError(f"the weights are damaged ({error}); copy the folders again") from error

    weights = averaged(before, after, share)

    def write(folder: Path) -> None:
        for name in (*FILES, "generation_config.json"):
            if (file := whole_file(second, name)).is_file():
                shutil.copyfile(file, folder / name)
        save_file(weights, folder / _WEIGHTS)

    write_whole(output, write)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(
        prog=f"python -m {_PROGRAM}", description=(__doc__ or "").splitlines()[0]
    )
    result.add_argument("first", type=Path, metavar="BEFORE", help="the model folder of before")
    result.add_argument("second", type=Path, metavar="AFTER", help="what came of it by training")
    result.add_argument("--share", type=float, default=0.5, help="of the second (default: 0.5)")
    result.add_argument("--output", type=Path, required=True, metavar="DIR")
    return result


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    options = parser().parse_args(arguments)
    if not 0 <= options.share <= 1:
        parser().error(f"--share is {options.share}; give a number from 0 to 1")
    try:
        average(options.first, options.second, options.share, options.output)
    except (ModelError, OSError) as error:
        print(f"{_PROGRAM}: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
