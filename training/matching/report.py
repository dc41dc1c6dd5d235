"""What the training of a dual encoder leaves for people: how it was run, and a model card."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.common.history import read_history
from training.common.origin import command_of, machine, now
from training.common.report import write_card
from training.matching.recipe import Recipe
from training.matching.scores import Evaluation
from training.matching.sentence_encoder import PACKAGED
from training.metrics.retrieval import CUTS

if TYPE_CHECKING:
    from training.matching.job import MatchingJob, Split

# Of a run: the columns of its log that are drawn, beside each other.
CURVES = ({"loss": "training loss"}, {"dev_mean_recall": "mean recall, dev"})

_LIMITS = """
It finds what its training photos and clips show often: people, dogs, sports, streets, kitchens,
news. What it has never seen, names, writing and numbers it does not find, and it ranks by the gist:
who does what to whom is often mixed up. It repeats the habits of those who wrote the captions, who
guessed gender and age from looks. A score is a cosine, no probability of being right.
"""


def write_run(
    job: MatchingJob,
    recipe: Recipe,
    training: Sequence[Split],
    scores: Sequence[tuple[str, Evaluation]],
    seconds: float,
) -> None:
    """``run.json``: what somebody needs in order to repeat the run, and what came of it."""
    description: dict[str, Any] = {
        "command": command_of("captioner.train"),
        "finished": now(),
        "data": [split.scenes.name for split in training],
        "scenes": sum(len(split.scenes.frames) for split in training),
        "pictures": sum(len(split.pictures) for split in training),
        "seconds": round(seconds),
        **machine(),
        "dev": {name: result.as_dict() for name, result in scores},
        "recipe": asdict(recipe),
    }
    (job.output / "run.json").write_text(json.dumps(description, indent=2) + "\n")


def write_model_card(folder: Path) -> None:
    """The card of the dual encoder in a run's folder: data, procedure, scores, limits, licence."""
    run = json.loads((folder / "run.json").read_text())
    rows = read_history(folder / "training.csv")
    best = max(rows, key=lambda row: float(row["dev_mean_recall"]))
    columns = [*(f"R@{cut}" for cut in CUTS), "median rank"]
    lines = ["| dev set | way | " + " | ".join(columns) + " |", "|---" * 6 + "|"]
    for name, result in run["dev"].items():
        for way in ("text to picture", "picture to text"):
            numbers = " | ".join(f"{result[way][column]:.1f}" for column in columns)
            lines.append(f"| {name}, {result['scenes']} | {way} | {numbers} |")
    recipe = run["recipe"]
    write_card(
        folder,
        {
            "license": "other",
            "license_name": "research-data",
            "library_name": "keras",
            "pipeline_tag": "zero-shot-image-classification",
            "tags": ["image-text-retrieval", "dual-encoder"],
        },
        folder.name,
        f"""
A dual encoder by Captionloom: sentences and pictures as {recipe["dimensions"]} numbers each, in one
space, for searching. It takes what {recipe["encoders"].replace("+", " and ")} see of a picture.
""",
        {
            "Data": f"""
{run["scenes"]} photos and clips ({run["pictures"]} pictures) with their captions from
{", ".join(run["data"])}.
""",
            "Procedure": f"""
`{run["command"]}`

InfoNCE on features and sentence vectors that stay as they are; {len(rows)} epochs, the best is
epoch {best["epoch"]}; {run["seconds"] / 60:.0f} minutes in all, {run["backend"]} on
{run["machine"]}. Every setting is in `recipe.yaml`, the curves in `training.csv`.
""",
            "Scores": "All of each dev set, in per cent (ranks in places):\n\n" + "\n".join(lines),
            "Limits and bias": _LIMITS,
            "Licence": _licence(recipe["sentence_encoder"], ", ".join(run["data"])),
        },
    )


def _licence(sentence_encoder: str, data: str) -> str:
    text = f"""
The weights of the image tower and of both heads were learnt from {data}. Flickr8k, MSR-VTT and
their like are given for research use alone, COCO's photos under the terms of those who took them:
whoever uses the model otherwise must see to that.
"""
    if sentence_encoder == PACKAGED:
        text += """
The text transformer and its word pieces are those of sentence-transformers/all-MiniLM-L6-v2
(Apache-2.0), unchanged but for being kept as int8.
"""
    return text
