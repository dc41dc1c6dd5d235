"""``python -m training.clips.probe``: does a clip network notice the order of frames, or how many?

A design whose answers stay the same when frames are shuffled or reversed is no clip network but a
bag of frames. Numbers of frames that it never read in training tell what its positions are worth.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from captioner.runtime.backend import choose_training_backend
from training.common.extras import missing_extra

ORDERS = ("in order", "reversed", "shuffled")


@dataclass(frozen=True)
class Probed:
    """What a network says of all clips with T frames in one order.

    Attributes:
        frames: T.
        order: one of `ORDERS`.
        cider: 1.0 is what papers print as 100.
        changed: the fraction of sentences that are others than those in order.
    """

    frames: int
    order: str
    cider: float
    changed: float


def ordered(
    clips: Sequence[np.ndarray], order: str, random: np.random.Generator
) -> list[np.ndarray]:
    """The frames [t, ...] of clips in another order."""
    if order == "reversed":
        return [clip[::-1] for clip in clips]
    if order == "shuffled":
        return [clip[random.permutation(len(clip))] for clip in clips]
    return list(clips)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(prog="python -m training.clips.probe", description=__doc__)
    result.add_argument("--model", type=Path, required=True, metavar="MODEL_DIR")
    result.add_argument("--clips", type=Path, required=True, metavar="DIR")
    result.add_argument("--split", default="dev")
    result.add_argument("--frames", type=int, nargs="+", default=[4, 8, 16, 32], metavar="T")
    result.add_argument("--cache", type=Path, default=Path("cache/clips"), metavar="DIR")
    result.add_argument("--seed", type=int, default=0, help="of the shuffling (0)")
    return result


def probe(options: argparse.Namespace) -> list[Probed]:
    """Captions the clips in every order, with every number of frames.

    Raises:
        DatasetError, ModelError, MediaError: data or model cannot be read.
    """
    from captioner.models.clip_model import ClipModel
    from captioner.models.vocabulary import CLIP_STYLE
    from training.captioning.cross_entropy import caption_features
    from training.clips.features import clip_features
    from training.clips.job import at_places, whitened
    from training.clips.layouts import load_clips
    from training.metrics.captions import Cider

    items = load_clips(options.clips, options.split)
    model = ClipModel.load(options.model)
    features = model.encoder.config.features
    raw = clip_features(items, features, max(options.frames), options.cache)
    cider = Cider([item.captions for item in items])
    found = []
    for frames in options.frames:
        network = model.for_frames(frames)
        clips = whitened(network, raw)
        _, head = network.encoder.split(None)
        in_order: list[str] = []
        for order in ORDERS:
            random = np.random.default_rng(options.seed)
            seen = at_places(ordered(clips, order, random), network)
            said = caption_features(network, seen, head, model.generation, CLIP_STYLE)
            in_order = in_order or said
            changed = np.mean([a != b for a, b in zip(said, in_order, strict=True)])
            score = float(np.mean(cider.scores(said)))
            found.append(Probed(frames, order, score, float(changed)))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    options = parser().parse_args(arguments)
    if (missing := missing_extra()) is not None:
        print(f"training.clips.probe: {missing}", file=sys.stderr)
        return 2
    choose_training_backend()
    try:
        rows = probe(options)
    except (OSError, ValueError) as error:
        print(f"training.clips.probe: {error}", file=sys.stderr)
        return 2
    print("| frames | order | CIDEr | other sentences |\n|---|---|---|---|")
    for row in rows:
        print(f"| {row.frames} | {row.order} | {100 * row.cider:.1f} | {row.changed:.0%} |")
    return 0


if __name__ == "__main__":
    from captioner.runtime.process import run

    run("training.clips.probe")
