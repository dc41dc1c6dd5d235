"""Captions of many views of one scene, for distill_weight and scoring the fuser.

``photos`` makes a photo into something like the frames of a clip: crops, mirror images, blur and
changed light. ``clips`` samples real clips. Both write JSON Lines for ``summarizer.train`` and
``summarizer.evaluate``: ``{"id", "inputs": [a caption of each view], "captions": [people's]}``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from captioner.runtime.backend import choose_backend

if TYPE_CHECKING:
    from captioner.describe.base import Captioner
    from training.data.datasets import CaptionedImage

_SMALLEST_CROP = 0.55  # of each side: a moving camera shows parts of a scene


def views(photo: np.ndarray, count: int, random: np.random.Generator) -> list[np.ndarray]:
    """``count`` views of a photo, uint8 [H, W, 3] each; the first is the photo itself."""
    return [photo, *(_view(Image.fromarray(photo), random) for _ in range(count - 1))]


def _view(picture: Image.Image, random: np.random.Generator) -> np.ndarray:
    width, height = picture.size
    scale = random.uniform(_SMALLEST_CROP, 1.0)
    wide, high = max(1, int(width * scale)), max(1, int(height * scale))
    left = int(random.integers(width - wide + 1))
    top = int(random.integers(height - high + 1))
    view = picture.crop((left, top, left + wide, top + high))
    if random.random() < 0.5:
        view = view.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if random.random() < 0.4:
        view = view.filter(ImageFilter.GaussianBlur(random.uniform(0.5, 3.0) * wide / 300))
    if random.random() < 0.4:
        view = ImageEnhance.Brightness(view).enhance(random.uniform(0.5, 1.5))
    return np.asarray(view)


def photo_rows(
    captioner: Captioner, items: Sequence[CaptionedImage], photos: int, count: int, seed: int
) -> Iterator[dict[str, Any]]:
    """One row for each of ``photos`` photos of ``items``, drawn without replacement."""
    from captioner.media.images import load_image

    random = np.random.default_rng(seed)
    for number in random.permutation(len(items))[:photos]:
        item = items[number]
        captions = list(captioner.caption_many(views(load_image(item.path), count, random)))
        inputs = [caption.text for caption in captions]
        yield {"id": item.path.stem, "inputs": inputs, "captions": list(item.captions)}


def clip_rows(
    captioner: Captioner, clips: Path, captions: Path, max_frames: int
) -> Iterator[dict[str, Any]]:
    """One row for each clip of the JSON file ``captions`` ({file name: [people's captions]})."""
    from captioner.describe.base import MAX_SIDE
    from captioner.media.frames import sample_frames

    for name, references in json.loads(captions.read_text(encoding="utf-8")).items():
        clip = sample_frames(clips / name, max_frames, max_side=MAX_SIDE)
        found = captioner.caption_many([frame.image for frame in clip.frames])
        yield {"id": name, "inputs": [c.text for c in found], "captions": references}


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(
        prog="python -m training.fusion.frame_captions", description=(__doc__ or "").splitlines()[0]
    )
    result.add_argument("--model", default=None, help="a name that ships, or a model folder")
    result.add_argument("--output", type=Path, required=True, metavar="FILE.jsonl")
    commands = result.add_subparsers(dest="command", required=True)
    photos = commands.add_parser("photos", help="views of captioned photos")
    photos.add_argument("--data", type=Path, required=True, metavar="DIR")
    photos.add_argument("--split", default="train", help="train, dev or test (default: train)")
    photos.add_argument("--photos", type=int, default=2000)
    photos.add_argument("--views", type=int, default=8)
    photos.add_argument("--seed", type=int, default=1)
    clips = commands.add_parser("clips", help="frames of clips")
    clips.add_argument("--clips", type=Path, required=True, metavar="DIR")
    clips.add_argument("--captions", type=Path, required=True, metavar="FILE.json")
    clips.add_argument("--max-frames", type=int, default=16)
    return result


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    options = parser().parse_args(arguments)
    choose_backend()
    from tqdm import tqdm

    from captioner.describe.loading import load_captioner
    from captioner.errors import MediaError
    from training.data.datasets import DatasetError, load_dataset

    try:
        captioner = load_captioner(options.model)
        if options.command == "photos":
            items = load_dataset(options.data, options.split)
            rows = photo_rows(captioner, items, options.photos, options.views, options.seed)
        else:
            rows = clip_rows(captioner, options.clips, options.captions, options.max_frames)
        with options.output.open("w", encoding="utf-8") as file:
            for row in tqdm(rows, unit="scene", disable=None):
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
    except (DatasetError, MediaError, ValueError, OSError) as error:
        print(f"training.fusion.frame_captions: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
