"""What the training of a captioner leaves for people: curves, example photos, a model card."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from training.common.examples import Example, evenly, write_examples_page
from training.common.history import read_history
from training.common.report import write_card
from training.data.datasets import CaptionedImage

_PHOTOS = 24
_SCORES = {
    "dev_cider": "CIDEr",
    "dev_bleu_4": "BLEU-4",
    "dev_rouge_l": "ROUGE-L",
    "dev_distinct": "distinct captions",
}
_LIMITS = """
It knows the words that its training captions use often, and describes what is
not like its training photos in their words. It repeats the habits of those who wrote the captions:
it guesses gender and age from looks, and counts and colours are often wrong (which, is told by
`python -m training.analysis.confusions`). Its score is not a probability of being right.
"""
# Of a run: the columns of its log that are drawn, beside each other.
CURVES = (
    {"loss": "training loss"},
    {"dev_cider": "dev CIDEr", "dev_bleu_4": "dev BLEU-4", "dev_rouge_l": "dev ROUGE-L"},
)


def write_examples(path: Path, items: Sequence[CaptionedImage], captions: Sequence[str]) -> None:
    """An HTML page of a few photos, evenly chosen, with their captions and references."""
    examples = [
        Example("jpeg", _small(item.path), caption, item.captions)
        for item, caption in evenly(items, captions, _PHOTOS)
    ]
    write_examples_page(path, "Dev captions", examples)


def _small(path: Path) -> bytes:
    """A photo as a JPEG of 320 pixels at most."""
    with Image.open(path) as photo:
        small = photo.convert("RGB")
        small.thumbnail((320, 320))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def write_model_card(folder: Path, training_seconds: float, total_seconds: float) -> None:
    """The card of the captioner in a run's folder: data, procedure, scores, limits, bias."""
    run = json.loads((folder / "run.json").read_text())
    rows = read_history(folder / "training.csv")
    best = max(rows, key=lambda row: float(row["dev_cider"]))
    recipe = run["recipe"]
    scores = "\n".join(f"| {label} | {float(best[key]):.3f} |" for key, label in _SCORES.items())
    write_card(
        folder,
        {"library_name": "keras", "pipeline_tag": "image-to-text", "tags": ["image-captioning"]},
        folder.name,
        f"""
An {recipe["encoder"]["name"]} encoder ({recipe["encoder"]["output"]}) and an
{recipe["decoder"]["name"]} decoder, trained by Captionloom.
""",
        {
            "Data": f"""
{run["photos"]} photos with their captions from {", ".join(run["data"])}; chosen on
{run["dev_photos"]} dev photos.
""",
            "Procedure": f"""
`{run["command"]}`

{len(rows)} epochs, the best is epoch {best["epoch"]};
{training_seconds / 60:.0f} minutes in epochs, {total_seconds / 60:.0f} in all of the last run;
{run["backend"]} on {run["machine"]}. Every setting is in `recipe.yaml`, the curves in
`training.csv` and `curves.png`.
""",
            "Scores": f"""
Dev, all {run["dev_photos"]} photos, COCO protocol, beam {recipe["beams"]}:

| score | value |
|---|---|
{scores}
| different words | {float(best["dev_words"]):.0f} |
""",
            "Limits and bias": _LIMITS,
        },
    )
