"""What the training of a clip network leaves for people: moving examples, and a model card."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from captioner.media.frames import sample_frames
from captioner.media.images import load_image
from training.clips.data import ClipItem
from training.common.examples import Example, evenly, write_examples_page
from training.common.history import read_history
from training.common.report import write_card

_CLIPS = 24
_FRAMES = 4
_SIDE = 224
_REFERENCES = 5
_SCORES = {"dev_cider": "CIDEr", "dev_bleu_4": "BLEU-4", "dev_rouge_l": "ROUGE-L"}
_LIMITS = """
It knows the words that its training captions use often. What is unlike its training clips it
describes in their words. It has seen at most a few frames of each clip, so it knows what is there
better than what happens; and it repeats the habits of those who wrote the captions: it guesses
gender and age from looks. Its score is not a probability of being right.
"""
_LICENCE = """
Its weights were learnt from data that is for research alone (MSR-VTT, Flickr8k), beside captions
under CC BY 4.0 (COCO); the visual models that it stands on were, too, or are under Apache-2.0
(EfficientNet-Lite2). So use it for research, and name these data sets.
"""


def write_clip_examples(path: Path, items: Sequence[ClipItem], captions: Sequence[str]) -> None:
    """An HTML page of a few clips, evenly chosen, moving, with their captions and references."""
    examples = [
        Example("webp", _moving(item), caption, item.captions[:_REFERENCES])
        for item, caption in evenly(items, captions, _CLIPS)
    ]
    write_examples_page(path, "Dev clips", examples)


def _moving(item: ClipItem) -> bytes:
    """A few frames of a clip as an animated WebP."""
    if item.path is None:
        frames = [load_image(frame) for frame in item.frames[:_FRAMES]]
    else:
        frames = [frame.image for frame in sample_frames(item.path, _FRAMES).frames]
    small = [Image.fromarray(frame).resize((_SIDE, _SIDE)) for frame in frames]
    buffer = io.BytesIO()
    small[0].save(
        buffer, "WEBP", save_all=True, append_images=small[1:], duration=800, loop=0, quality=60
    )
    return buffer.getvalue()


def write_clip_card(folder: Path, seconds: float) -> None:
    """The card of the clip network in a run's folder."""
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    rows = read_history(folder / "training.csv")
    best = max(rows, key=lambda row: float(row["dev_cider"]))
    recipe = run["recipe"]
    scores = "\n".join(f"| {label} | {float(best[key]):.3f} |" for key, label in _SCORES.items())
    used = [f"{count} clips of {name}" for name, count in run["clips"].items()]
    used += [f"{count} photos of {name}" for name, count in run["photos"].items()]
    temporal, decoder = recipe["temporal"], recipe["decoder"]
    write_card(
        folder,
        {
            "license": "other",
            "license_name": "research-data",
            "library_name": "keras",
            "pipeline_tag": "video-text-to-text",
            "tags": ["video-captioning"],
        },
        folder.name,
        f"""
One network from the frames of a clip to its sentence, trained by Captionloom. It reads
{recipe["frames"]} frames by a temporal encoder ({temporal["name"]}, {temporal["layers"]} layers of
{temporal["units"]} units, positions: {temporal["positions"]}) and writes by a {decoder["name"]}
decoder ({decoder["layers"]} layers of {decoder["units"]} units). What it reads of a frame are
features of visual models that lie elsewhere: `{recipe["features"]}`.
""",
        {
            "Data": f"""
{", ".join(used)}, with people's captions (photos as clips of one frame); chosen on
{run["dev_clips"]} dev clips.
""",
            "Procedure": f"""
`{run["command"]}`

Objective of the last stage: {recipe["objective"]}; {len(rows)} epochs, the best is epoch
{best["epoch"]}, {seconds / 60:.0f} minutes; {run["backend"]} on {run["machine"]}. Every setting is
in `recipe.yaml`, the curves in `training.csv` and `curves.png`.
""",
            "Scores": f"""
All {run["dev_clips"]} dev clips, COCO protocol, beam {recipe["beams"]}:

| score | value |
|---|---|
{scores}
""",
            "Limits and bias": _LIMITS,
            "Licence": _LICENCE,
        },
    )
