"""What a fuser's training run leaves for people: a log, curves, a model card."""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from training.common.history import read_history
from training.common.report import write_card

LOG_FILE = "training.csv"
CURVES = {"loss": "training loss"}, {"val_cider": "CIDEr, held out"}
_LIMITS = """
English only. It has seen captions of short clips and photos and knows little else. What all
captions get wrong it gets wrong too, and it prefers the usual: rare things in few captions are
lost. It repeats the habits of those who wrote the captions, who guessed gender and age from looks
and wrote "a man" more often than "a woman".
"""
_COLUMNS = {
    "step": "step",
    "loss": "loss",
    "learning_rate": "learning_rate",
    "eval_cider": "val_cider",
    "eval_bleu_4": "val_bleu_4",
    "eval_rouge_l": "val_rouge_l",
    "seconds": "wall_seconds",
}


class RunLog(TrainerCallback):
    """Writes ``training.csv`` line by line, and a line on standard error for each score.

    A run that goes on drops the lines after its checkpoint and adds to the wall time.

    Args:
        path: the file.
        first_step: step of the checkpoint from which the run goes on; 0 starts anew.
    """

    def __init__(self, path: Path, first_step: int = 0):
        self.path = path
        kept = [row for row in read_history(path) if int(row["step"]) <= first_step]
        self._before = float(kept[-1]["wall_seconds"]) if kept else 0.0
        self._start = time.monotonic()
        self._loss = float("nan")
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(_COLUMNS.values()))
            writer.writeheader()
            writer.writerows(kept)

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float], **_: Any) -> None:
        """Adds what Trainer logs."""
        if not ("loss" in logs or "eval_cider" in logs):
            return  # the summary at the end of the run
        seconds = self._before + time.monotonic() - self._start
        values = {**logs, "step": state.global_step, "seconds": round(seconds, 1)}
        with self.path.open("a", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([values.get(key, "") for key in _COLUMNS])
        self._loss = logs.get("loss", self._loss)
        if "eval_cider" in logs:
            print(
                f"step {state.global_step}/{state.max_steps}: loss {self._loss:.3f}, "
                f"CIDEr {100 * logs['eval_cider']:.1f}, {seconds / 60:.1f} min",
                file=sys.stderr,
                flush=True,
            )


def write_fuser_card(folder: Path, run: Mapping[str, Any], tables: Mapping[str, str]) -> None:
    """The card of a fuser.

    Args:
        folder: the model folder.
        run: what ``run.json`` holds.
        tables: for each validation file its table of scores.
    """
    scores = "\n\n".join(f"{name}:\n\n{table}" for name, table in tables.items())
    data = "\n".join(f"- `{name}`: {count} sets of captions" for name, count in run["sets"].items())
    settings = run["settings"]
    choice = (
        f"the candidate with the highest mean log-probability a token plus "
        f"{settings['agreement']:g} times its mean CIDEr-D against the captions, "
        "those in the middle first of all, wins"
        if settings["agreement"]
        else "the most probable candidate wins"
    )
    candidates = (
        "the beams and the captions themselves" if settings["inputs_compete"] else "the beams"
    )
    write_card(
        folder,
        {
            "license": "other",
            "license_name": "research-data",
            "library_name": "transformers",
            "tags": ["bart", "caption-fusion", "video-captioning"],
            "metrics": ["cider", "bleu", "rouge"],
        },
        run["name"],
        f"""
A small BART ({run["parameters"] / 1e6:.1f} million parameters) that reads 1 to 16 captions of one
scene, as a frame captioner makes them, and writes one short sentence: what most of them agree on.
It comes with Captionloom: `summarizer.load_summarizer()`. `fusion.json` says how captions are
joined for it.
""",
        {
            "Data": f"""
{data}

MSR-VTT, MSVD and TGIF captions are for research use, COCO captions are CC BY 4.0; none of them is
in this folder. {run["left_out"]} sets that belong to validation files or to a list of ids to leave
out were not used. {run["tuning"]} of the sets were held out to choose the checkpoint and the
settings in `fusion.json`; no validation set took part in that.
""",
            "Procedure": f"""
`{run["command"]}`

Trained from random weights. Each example has 1 to 16 captions of one scene; most are
corrupted: words dropped, swapped, cut off or replaced, ends of other captions put on, captions of
other scenes mixed in, captions repeated.
The sentence to write is one of the people's captions that the others of the
same scene agree with most (mean CIDEr-D). Best checkpoint at step {run["best_step"]}, after
{run["minutes"]:.0f} minutes of training on {run["machine"]}. All settings are in `recipe.yaml`, the
curves in `training.csv` and `training.png`. At use, {candidates} are candidates, and {choice}.
""",
            "Scores": f"""
COCO protocol, all sets of each file. Of a set's captions 8, drawn by a fixed seed, go in, and the
others are the references. Their order means nothing, so that it costs a little here that captions
in the middle of a clip count more.

{scores}

`consensus` is the caption that the others agree with most, `middle caption` the middle one of the
captions, `joined and cut` all of them one after the other, cut at 24 words.
""",
            "Limits and bias": _LIMITS,
        },
    )
