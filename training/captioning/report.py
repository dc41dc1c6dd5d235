"""What a training run leaves for people: curves, example photos, a model card."""

from __future__ import annotations

import base64
import html
import io
import json
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from training.common.history import read_history
from training.data.datasets import CaptionedImage

_PHOTOS = 24


def write_curves(history: Path, path: Path) -> None:
    """Loss and dev scores by epoch, as a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = read_history(history)
    epochs = [int(row["epoch"]) for row in rows]
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    left.plot(epochs, [float(row["loss"]) for row in rows])
    left.set(xlabel="epoch", ylabel="training loss")
    for key, label in (
        ("dev_cider", "CIDEr"),
        ("dev_bleu_4", "BLEU-4"),
        ("dev_rouge_l", "ROUGE-L"),
    ):
        right.plot(epochs, [float(row[key]) for row in rows], label=label)
    right.set(xlabel="epoch", ylabel="dev score")
    right.legend()
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def write_examples(path: Path, items: Sequence[CaptionedImage], captions: Sequence[str]) -> None:
    """An HTML page of a few photos, evenly chosen, with their captions and references."""
    step = max(1, len(items) // _PHOTOS)
    figures = [
        _figure(item, caption)
        for item, caption in list(zip(items, captions, strict=True))[::step][:_PHOTOS]
    ]
    page = (
        "<!doctype html><meta charset=utf-8><title>Dev captions</title><style>"
        "body{font:16px system-ui;margin:2rem;display:grid;gap:1.5rem;"
        "grid-template-columns:repeat(auto-fill,minmax(15rem,1fr))}figure{margin:0}"
        "img{width:100%}li{color:#666;font-size:.85rem}</style>" + "\n".join(figures)
    )
    path.write_text(page, encoding="utf-8")


def _figure(item: CaptionedImage, caption: str) -> str:
    with Image.open(item.path) as photo:
        small = photo.convert("RGB")
        small.thumbnail((320, 320))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=80)
    data = base64.b64encode(buffer.getvalue()).decode()
    references = "".join(f"<li>{html.escape(text)}</li>" for text in item.captions)
    return (
        f'<figure><img src="data:image/jpeg;base64,{data}" alt="{html.escape(caption)}">'
        f"<figcaption><b>{html.escape(caption)}</b><ul>{references}</ul></figcaption></figure>"
    )


def write_model_card(folder: Path, training_seconds: float, total_seconds: float) -> None:
    """``README.md`` with Hugging Face's header: data, procedure, scores, limits, bias."""
    run = json.loads((folder / "run.json").read_text())
    rows = read_history(folder / "training.csv")
    best = max(rows, key=lambda row: float(row["dev_cider"]))
    recipe = run["recipe"]
    scores = "\n".join(
        f"| {label} | {float(best[key]):.3f} |"
        for label, key in (
            ("CIDEr", "dev_cider"),
            ("BLEU-4", "dev_bleu_4"),
            ("ROUGE-L", "dev_rouge_l"),
            ("distinct captions", "dev_distinct"),
        )
    )
    card = f"""---
language: en
library_name: keras
pipeline_tag: image-to-text
tags: [image-captioning]
---

# {folder.name}

An {recipe["encoder"]["name"]} encoder ({recipe["encoder"]["output"]}) and an
{recipe["decoder"]["name"]} decoder, trained by Captionloom.

## Data

{run["photos"]} photos with their captions from {", ".join(run["data"])}; chosen on
{run["dev_photos"]} dev photos.

## Procedure

`{run["command"]}`

{len(rows)} epochs, the best is epoch {best["epoch"]};
{training_seconds / 60:.0f} minutes in epochs, {total_seconds / 60:.0f} in all of the last run;
{run["backend"]} on {run["machine"]}. Every setting is in `recipe.yaml`, the curves in
`training.csv` and `curves.png`.

## Scores

Dev, all {run["dev_photos"]} photos, COCO protocol, beam {recipe["beams"]}:

| score | value |
|---|---|
{scores}
| different words | {float(best["dev_words"]):.0f} |

## Limits and bias

It knows the words that its training captions use often, and describes what is
not like its training photos in their words. It repeats the habits of those who wrote the captions:
it guesses gender and age from looks, and counts and colours are often wrong (which, is told by
`python -m training.analysis.confusions`). Its score is not a probability of being right.
"""
    (folder / "README.md").write_text(card, encoding="utf-8")
