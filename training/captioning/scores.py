"""Scoring a captioner on a whole split; what ``python -m captioner.evaluate`` prints."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tqdm import tqdm

from captioner.describe.base import Captioner
from training.data.datasets import CaptionedImage
from training.metrics.captions import Cider, diversity, meteor_source, score

_SHOWN = 8


@dataclass(frozen=True)
class CaptionerScores:
    """The outcome.

    Attributes:
        model: name of the captioner.
        items: the N photos with people's captions.
        captions: the captioner's, one a photo.
        cider: CIDEr of each caption.
        scores: of the whole split, by name.
        seconds: for captioning all of them.
    """

    model: str
    items: Sequence[CaptionedImage]
    captions: Sequence[str]
    cider: Sequence[float]
    scores: dict[str, float]
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """All of it, for JSON."""
        rows = zip(self.items, self.captions, self.cider, strict=True)
        return {
            "model": self.model,
            "photos": len(self.items),
            "scores": self.scores,
            "meteor": meteor_source(),
            "seconds": self.seconds,
            "captions": [
                {"file_name": item.path.name, "text": text, "cider": cider}
                for item, text, cider in rows
            ],
        }


def evaluate(
    captioner: Captioner, items: Sequence[CaptionedImage], batch_size: int = 16
) -> CaptionerScores:
    """Captions every photo and scores the captions.

    Raises:
        MediaError: a photo cannot be read.
    """
    started = time.perf_counter()
    found = captioner.caption_many((item.path for item in items), batch_size)
    captions = [
        caption.text for caption in tqdm(found, total=len(items), unit="photo", disable=None)
    ]
    seconds = time.perf_counter() - started
    references = [item.captions for item in items]
    return CaptionerScores(
        captioner.name,
        items,
        captions,
        [float(value) for value in Cider(references).scores(captions)],
        {**score(captions, references), **diversity(captions)},
        seconds,
    )


def report(result: CaptionerScores) -> str:
    """A table, and the worst and best captions."""
    count = len(result.items)
    lines = [f"{result.model}: {count} photos, {count / result.seconds:.1f} photos/s", ""]
    lines += [f"{name:18} {value:8.3f}" for name, value in result.scores.items()]
    source = meteor_source()
    lines.append(
        f"METEOR by {source}."
        if source
        else "METEOR is not reported: it needs Java with pycocoevalcap, or nltk's WordNet."
    )
    order = sorted(range(count), key=lambda number: result.cider[number])
    for title, chosen in (("Worst", order[:_SHOWN]), ("Best", order[::-1][:_SHOWN])):
        lines += ["", f"{title} captions (CIDEr):"]
        for number in chosen:
            item = result.items[number]
            lines.append(f"  {result.cider[number]:.2f}  {item.path.name}")
            lines.append(f"        {result.captions[number]}")
            lines.append(f"        a person: {item.captions[0]}")
    return "\n".join(lines)
