"""What the training of an answerer leaves for people: how it was run, and a model card."""

from __future__ import annotations

import json
from pathlib import Path

from training.answering.examples import Lessons, Material
from training.common.history import read_history
from training.common.origin import command_of, machine, now
from training.common.report import draw_curves, write_card

_LIMITS = """
It answers in one to five words that it was taught, about what photos and clips of its training
show often: people, dogs, sports, streets, kitchens. It cannot read, hardly counts beyond two,
knows no names and nothing that must be known rather than seen, and takes every question for a
fair one: asked for the colour of a car where there is none, it names one. Where its answer is
less likely than the threshold that was measured on people's questions, it says that it cannot
tell. Questions made from captions repeat the habits of those who wrote these, who guessed gender
and age from looks. Not for deciding anything about a person.
"""


def write_run(output: Path, material: Material, lessons: Lessons, words: int) -> None:
    """``run.json``: what somebody needs in order to repeat the run."""
    run = {
        "command": command_of("training.answering.train"),
        "started": now(),
        "people_questions": len(lessons.people),
        "made_questions": len(lessons.made),
        "captioned": len(lessons.captions),
        "words": words,
        "dev_questions": {name: len(items) for name, items in material.dev.items()},
        **machine(),
    }
    (output / "run.json").write_text(json.dumps(run, indent=2) + "\n", encoding="utf-8")


def write_model_card(folder: Path, scores: str) -> None:
    """The card and the curves of an answerer: data, procedure, scores, limits, licence.

    Args:
        folder: of the model, with its ``run.json`` and ``training.csv``.
        scores: a table in Markdown.
    """
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    log = folder / "training.csv"
    rows = read_history(log)
    seconds = sum(float(row["seconds"]) for row in rows)
    dev = [name for name in rows[0] if name.startswith("dev_")]
    panels = ({"loss": "training loss"}, {name: name.removeprefix("dev_") for name in dev})
    draw_curves(log, folder / "curves.png", "epoch", panels)
    write_card(
        folder,
        {
            "license": "other",
            "license_name": "research-data",
            "library_name": "keras",
            "pipeline_tag": "visual-question-answering",
            "tags": ["visual-question-answering", "q-former"],
        },
        folder.name,
        """
An answerer by Captionloom: a question about a photo or a clip → a few words. A Q-Former asks
the features of up to six frames (BLIP-2, J. Li et al., ICML 2023), a small causal transformer
writes the answer.
""",
        {
            "Data": f"""
{run["people_questions"]:,} questions of people about photos, with ten answers each;
{run["made_questions"]:,} questions made from the captions of {run["captioned"]:,} photos and clips
(`training.answering.questions`), and these captions themselves.
""",
            "Procedure": f"""
`{run["command"]}`

{len(rows)} epochs in {seconds / 60:.0f} minutes, {run["backend"]} on {run["machine"]}; the epoch
with the best dev scores is kept. Every setting is in `recipe.yaml`, the curves in `training.csv`.
""",
            "Scores": "Per cent with 95 % intervals; *blind* is the same network, trained without "
            "pictures.\n\n" + scores,
            "Limits and bias": _LIMITS,
            "Licence": """
The weights were learnt from photos and captions that are given for research (Flickr8k, MSR-VTT) or
under the terms of those who took them (COCO): whoever uses the model otherwise must see to that.
""",
        },
    )
