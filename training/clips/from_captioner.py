"""``python -m training.clips.from_captioner``: a captioner of pictures that reads whole clips.

A captioner whose decoder attends to positions of a picture can attend to those of several frames at
once, without a new weight: the memory is then all positions of all frames. One that was taught
frames of clips (``captioner.train --clips``) so becomes a network from a clip's frames to its
sentence, which `training.clips` can teach further.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from captioner.runtime.backend import choose_training_backend
from training.common.extras import missing_extra


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(
        prog="python -m training.clips.from_captioner", description=__doc__
    )
    result.add_argument("captioner", type=Path, metavar="MODEL_DIR")
    result.add_argument("--output", type=Path, required=True, metavar="MODEL_DIR")
    result.add_argument(
        "--encoder",
        default="flickr8k-xception-lstm",
        metavar="VISUAL_MODEL",
        help="one that ships, with the captioner's own weights (default: %(default)s)",
    )
    result.add_argument(
        "--grid", type=int, default=3, choices=(2, 3, 5), help="places a side that are kept (3)"
    )
    result.add_argument("--frames", type=int, default=16, help="frames that are read (16)")
    result.add_argument("--beams", type=int, default=5, help="of the search (5)")
    return result


def check_encoder(captioner: Path, visual_model: str) -> None:
    """Makes sure that a captioner has the weights of a visual model that ships.

    Raises:
        ModelError: it has others.
        OSError: one of the two is missing.
    """
    from safetensors.numpy import load_file

    from captioner.errors import ModelError
    from captioner.models.folder import PRETRAINED

    shipped = PRETRAINED / visual_model / "encoder.safetensors"
    mine, theirs = (load_file(path) for path in (captioner / shipped.name, shipped))
    if mine.keys() != theirs.keys() or any(
        not np.allclose(mine[name], theirs[name], rtol=1e-3, atol=1e-6) for name in mine
    ):
        raise ModelError(f"{captioner} has another encoder than {visual_model}")


def convert(options: argparse.Namespace) -> None:
    """Writes the clip network.

    Raises:
        ModelError: the captioner is damaged.
        OSError: the folder cannot be written.
    """
    from captioner.models.caption_model import CaptionModel
    from captioner.models.clip_model import ClipModel
    from captioner.models.clip_model_config import (
        ClipEncoderConfig,
        ClipModelConfig,
        FrameFeature,
        TemporalConfig,
    )
    from captioner.models.decoding import DecodingOptions

    captioner = CaptionModel.load(options.captioner)
    channels = captioner.encoder.model.output.shape[-1]
    side = options.grid
    encoder = ClipEncoderConfig(
        features=(FrameFeature(options.encoder, f"grid{side}", side * side, channels),),
        frames=options.frames,
        components=0,
        temporal=TemporalConfig("none", positions="none"),
        project=False,
    )
    config = ClipModelConfig(encoder, captioner.config.decoder, captioner.config.max_words)
    generation = DecodingOptions(beams=options.beams, max_words=config.max_words)
    network = ClipModel(config, captioner.vocabulary, generation)
    known = captioner.decoder_variables()
    for name, variable in network.decoder_variables().items():
        variable.assign(known[name])
    network.save(options.output)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    options = parser().parse_args(arguments)
    if (missing := missing_extra()) is not None:
        print(f"training.clips.from_captioner: {missing}", file=sys.stderr)
        return 2
    choose_training_backend()
    try:
        check_encoder(options.captioner, options.encoder)  # before libraries that take long to load
        convert(options)
        from training.export import export_apart

        export_apart(options.output)
    except (OSError, ValueError) as error:
        print(f"training.clips.from_captioner: {error}", file=sys.stderr)
        return 2
    print(options.output)
    return 0


if __name__ == "__main__":
    from captioner.runtime.process import run

    run("training.clips.from_captioner")
