"""``python -m training.clips.motion``: photos set in motion, as clips with people's captions.

Where no clips are at hand, a crop moves over a photo: it pans, zooms, shakes, or the clip cuts from
one photo to another. A network learns from such clips the camera's motion first, and nothing of
what people and things do: say so in the card of whatever is trained on them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

Box = tuple[float, float, float, float]  # left, top, right, bottom, as parts of the photo
Motion = Callable[[np.random.Generator, int], list[Box]]

_CROP = 0.7  # of the photo's sides that a moving crop shows


def pan(random: np.random.Generator, frames: int) -> list[Box]:
    """A crop that moves evenly from one place to another."""
    start, end = random.uniform(0, 1 - _CROP, (2, 2))
    return [_box(start + (end - start) * part, _CROP) for part in np.linspace(0, 1, frames)]


def zoom(random: np.random.Generator, frames: int) -> list[Box]:
    """A crop that grows to the whole photo, or shrinks from it, around one point."""
    centre = random.uniform(0, 1, 2)
    sizes = np.linspace(_CROP, 1, frames)
    sizes = sizes if random.random() < 0.5 else sizes[::-1]
    return [_box(centre * (1 - size), size) for size in sizes]


def shake(random: np.random.Generator, frames: int) -> list[Box]:
    """A crop that stays about where it is, in an unsteady hand."""
    size = 0.9
    return [_box(random.uniform(0, 1 - size, 2), size) for _ in range(frames)]


MOTIONS: dict[str, Motion] = {"pan": pan, "zoom": zoom, "shake": shake}


def _box(corner: np.ndarray, size: float) -> Box:
    left, top = map(float, corner)
    return left, top, left + size, top + size


def moving(
    photo: np.ndarray, motion: str, frames: int, side: int, random: np.random.Generator
) -> list[np.ndarray]:
    """A photo in motion.

    Args:
        photo: uint8 [H, W, 3].
        motion: a name in `MOTIONS`.
        frames: how many.
        side: of each frame, which is a square, in pixels.
        random: draws places and sizes.

    Returns:
        Frames uint8 [side, side, 3].
    """
    image = Image.fromarray(photo)
    width, height = image.size
    found = []
    for left, top, right, bottom in MOTIONS[motion](random, frames):
        box = (left * width, top * height, right * width, bottom * height)
        crop = image.resize((side, side), Image.Resampling.BILINEAR, box=box)
        found.append(np.asarray(crop))
    return found


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(prog="python -m training.clips.motion", description=__doc__)
    result.add_argument("--photos", type=Path, required=True, metavar="DIR")
    result.add_argument("--output", type=Path, required=True, metavar="DIR")
    result.add_argument("--frames", type=int, default=4, help="of a clip (4)")
    result.add_argument("--side", type=int, default=299, help="of a frame, pixels (299)")
    result.add_argument("--cuts", type=float, default=0.25, help="part of clips that cut (0.25)")
    result.add_argument("--seed", type=int, default=0)
    return result


def make_clips(options: argparse.Namespace) -> int:
    """Writes clips as frames cut out; returns how many.

    Raises:
        DatasetError, MediaError: photos cannot be read.
        OSError: the folder cannot be written.
    """
    from captioner.media.images import load_image
    from training.data.datasets import load_dataset
    from training.data.lines import MissingSplitError

    frames_folder = options.output / "frames"
    frames_folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(options.seed)
    count = 0
    with (
        (options.output / "frames.jsonl").open("w", encoding="utf-8") as listed,
        (options.output / "captions.jsonl").open("w", encoding="utf-8") as said,
    ):
        for split in ("train", "dev"):
            try:
                photos = load_dataset(options.photos, split)
            except MissingSplitError:
                continue
            for number, photo in enumerate(photos):
                name = f"{split}{number}"
                shown, texts = [load_image(photo.path)], list(photo.captions)
                if random.random() < options.cuts:
                    other = photos[int(random.integers(len(photos)))]
                    shown.append(load_image(other.path))
                    texts += other.captions
                names = _write(shown, name, frames_folder, options, random)
                listed.write(json.dumps({"id": name, "split": split, "frames": names}) + "\n")
                said.write(json.dumps({"id": name, "captions": texts}) + "\n")
                count += 1
    return count


def _write(
    photos: Sequence[np.ndarray],
    name: str,
    folder: Path,
    options: argparse.Namespace,
    random: np.random.Generator,
) -> list[str]:
    """Writes the frames of a clip, of one photo or of several one after the other."""
    names: list[str] = []
    for place, photo in enumerate(photos):
        count = len(range(place, options.frames, len(photos)))
        motion = str(random.choice(sorted(MOTIONS)))
        for frame in moving(photo, motion, count, options.side, random):
            names.append(f"{name}_{len(names)}.webp")
            Image.fromarray(frame).save(folder / names[-1], quality=85)
    return names


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    options = parser().parse_args(arguments)
    from captioner.errors import MediaError
    from training.data.lines import DatasetError

    try:
        count = make_clips(options)
    except (DatasetError, MediaError, OSError) as error:
        print(f"training.clips.motion: {error}", file=sys.stderr)
        return 2
    print(f"{count} clips of photos in motion: what is learnt from them is the camera's motion")
    return 0


if __name__ == "__main__":
    from captioner.runtime.process import run

    run("training.clips.motion")
