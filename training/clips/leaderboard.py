"""Ways of captioning clips beside each other: scores with intervals, time and size.

``python -m captioner.evaluate --models A B C --data CLIPS`` prints it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from captioner.describe.base import MAX_SIDE, Captioner, ClipCaptioner
from captioner.describe.clip_network import ClipNetwork
from captioner.describe.fused import FusedClipCaptioner
from captioner.describe.loading import load_captioner, load_clip_captioner
from captioner.media.frames import sample_frames
from captioner.media.images import load_image
from captioner.models.folder import PRETRAINED
from captioner.types import EncodedClip
from summarizer.loading import DEFAULT as SUMMARIZER
from summarizer.loading import PRETRAINED as SUMMARIZERS
from training.clips.data import ClipItem
from training.clips.neighbours import NeighbourCaptioner
from training.metrics.bootstrap import Interval, bleu_counts, corpus_bleu, resampled
from training.metrics.captions import Cider, meteor_source, rouge_l, score

DEFAULT, TWO_STAGES = "default", "two-stages"
MIDDLE, NEIGHBOURS = "middle-frame", "neighbours"
_SECONDS = 10.0  # of a clip whose frames are cut out, which does not say how long it was


@dataclass(frozen=True)
class Entry:
    """A way of captioning clips, and how it did.

    Attributes:
        name: as it was asked for.
        captions: one a clip.
        scores: of all clips, by name.
        intervals: 95 % of the bootstrap's samples of clips lie in these, by the name of the score.
        behind: by how much CIDEr it is above the first way (below: negative), and the interval of
            that, paired: of the same samples of clips; None of the first itself.
        milliseconds: a clip, from frames in memory to the sentence, median.
        megabytes: of the weights that it reads.
    """

    name: str
    captions: tuple[str, ...]
    scores: dict[str, float]
    intervals: dict[str, Interval]
    behind: tuple[float, Interval] | None
    milliseconds: float
    megabytes: float

    def as_dict(self) -> dict[str, Any]:
        """All of it, for JSON."""
        values = dict(vars(self))
        values["intervals"] = {name: list(each) for name, each in self.intervals.items()}
        return values


def compare(
    names: Sequence[str],
    items: Sequence[ClipItem],
    training: Callable[[], Sequence[ClipItem]],
    *,
    max_frames: int = 16,
    seed: int = 0,
    precision: Any = None,
    with_meteor: bool = True,
) -> list[Entry]:
    """Captions all clips in each way, and scores them.

    Args:
        names: models, ``default`` (what captions clips where nothing is chosen), ``two-stages``
            (captions of the frames and the summarizer that ships), ``middle-frame`` (what that
            captioner says of the middle frame) and ``neighbours`` (the caption that agrees most
            among those of the nearest training clips).
        items: the clips.
        training: gives the training clips, for ``neighbours``.
        max_frames: how many frames of a clip are looked at.
        seed: of the bootstrap.
        precision: see `captioner.load_captioner`.
        with_meteor: False leaves METEOR out, which is slow to start.

    Raises:
        ModelError, SummarizerError, MediaError, DatasetError: as their loaders raise them.
    """
    references = [list(item.captions) for item in items]
    done = []
    for name in names:
        way, megabytes = _load(name, training, max_frames, precision)
        captions, times = _captioned(way, items, max_frames)
        done.append((name, captions, float(np.median(times)) * 1000, megabytes))
    cider = Cider(references)
    first = cider.scores(done[0][1])
    entries = []
    for number, row in enumerate(done):
        scores = score(row[1], references, with_meteor=with_meteor)
        each = cider.scores(row[1])
        entries.append(_entry(row, scores, references, each - first if number else None, seed))
    return entries


def _entry(
    row: tuple[str, list[str], float, float],
    scores: dict[str, float],
    references: list[list[str]],
    gained: np.ndarray | None,
    seed: int,
) -> Entry:
    name, captions, milliseconds, megabytes = row
    counts = bleu_counts(captions, references)
    rouge = np.array([rouge_l(*pair) for pair in zip(captions, references, strict=True)])
    sampled = {
        "CIDEr": resampled(Cider(references).scores(captions), np.mean, seed),
        "BLEU-4": resampled(counts, corpus_bleu, seed),
        "ROUGE-L": resampled(rouge, np.mean, seed),
    }
    behind = None
    if gained is not None:
        behind = float(gained.mean()), resampled(gained, np.mean, seed)
    return Entry(name, tuple(captions), scores, sampled, behind, milliseconds, megabytes)


def _load(
    name: str, training: Callable[[], Sequence[ClipItem]], max_frames: int, precision: Any
) -> tuple[ClipCaptioner, float]:
    """A way by its name, and the megabytes of its weights."""
    if name == NEIGHBOURS:
        nearest = NeighbourCaptioner.of(training(), max_frames, precision)
        encoders = _megabytes([PRETRAINED / model for model in nearest.encoder.models])
        return nearest, encoders + nearest.megabytes
    known = DEFAULT, TWO_STAGES, MIDDLE
    captioner = load_captioner(None if name in known else name, precision=precision)
    folders = [PRETRAINED / captioner.name if not Path(name).is_dir() else Path(name)]
    if isinstance(captioner, ClipNetwork):
        folders += [PRETRAINED / model for model in captioner.frame_encoder.models]
        return load_clip_captioner(captioner, max_frames=max_frames), _megabytes(folders)
    if name == MIDDLE:
        return MiddleFrameCaptioner(captioner), _megabytes(folders)
    if name == DEFAULT:
        way = load_clip_captioner(captioner, max_frames=max_frames)
        return way, _megabytes([*folders, PRETRAINED / way.name])
    fused = load_clip_captioner(captioner, SUMMARIZER, max_frames=max_frames)
    return fused, _megabytes([*folders, SUMMARIZERS / SUMMARIZER])


class MiddleFrameCaptioner(FusedClipCaptioner):
    """Says of a clip what a captioner says of its middle frame."""

    def __init__(self, captioner: Captioner):
        from summarizer import load_summarizer

        super().__init__(captioner, load_summarizer("consensus"))

    def caption_encoded(self, clips: Sequence[EncodedClip]) -> list[Any]:
        """See `ClipCaptioner.caption_encoded`."""
        middles = [len(clip.frames) // 2 for clip in clips]
        alone = [
            EncodedClip((clip.spans[middle],), (clip.frames[middle],))
            for clip, middle in zip(clips, middles, strict=True)
        ]
        return super().caption_encoded(alone)


def _megabytes(folders: Sequence[Path]) -> float:
    files = (path for folder in folders for path in folder.glob("*.safetensors"))
    return sum(path.stat().st_size for path in files) / 1e6


def _captioned(
    way: ClipCaptioner, items: Sequence[ClipItem], max_frames: int
) -> tuple[list[str], list[float]]:
    """The captions of all clips, and the seconds that each took; the first compiles, unmeasured."""
    captions, times = [], []
    for number, item in enumerate(tqdm(items, unit="clip", disable=None)):
        images, spans = frames_of(item, max_frames)
        if number == 0:
            _caption(way, images, spans)
        started = time.perf_counter()
        captions.append(_caption(way, images, spans))
        times.append(time.perf_counter() - started)
    return captions, times


def frames_of(
    item: ClipItem, max_frames: int
) -> tuple[list[np.ndarray], tuple[tuple[float, float], ...]]:
    """A clip's frames in memory, uint8 [H, W, 3], and the seconds from which to which each stands.

    Raises:
        MediaError: a file cannot be read.
    """
    if item.path is not None:
        clip = sample_frames(item.path, max_frames, max_side=MAX_SIDE)
        return [frame.image for frame in clip.frames], clip.spans
    images = [load_image(frame) for frame in item.frames[:max_frames]]
    step = _SECONDS / len(images)
    return images, tuple((n * step, (n + 1) * step) for n in range(len(images)))


def _caption(
    way: ClipCaptioner, images: Sequence[np.ndarray], spans: tuple[tuple[float, float], ...]
) -> str:
    frames = way.encode_frames([way.prepare(image) for image in images])
    return way.caption_encoded([EncodedClip(spans, tuple(frames))])[0].text


def table(entries: Sequence[Entry], clips: int) -> str:
    """A table in Markdown, of numbers as papers print them: times 100."""
    lines = [
        f"{clips} clips; CIDEr, METEOR, BLEU-4, ROUGE-L times 100, with 95 % bootstrap intervals; "
        "gain: CIDEr above the first way, paired.",
        "",
        "| way | CIDEr | gain | METEOR | BLEU-4 | ROUGE-L | ms a clip | MB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for entry in entries:
        cells = [entry.name, _scored(entry, "CIDEr")]
        cells.append("" if entry.behind is None else _with(*entry.behind, sign="+"))
        meteor = entry.scores.get("METEOR")
        cells.append("" if meteor is None else f"{100 * meteor:.1f}")
        cells += [_scored(entry, "BLEU-4"), _scored(entry, "ROUGE-L")]
        cells += [f"{entry.milliseconds:.0f}", f"{entry.megabytes:.0f}"]
        lines.append(f"| {' | '.join(cells)} |")
    if (source := meteor_source()) is not None:
        lines += ["", f"METEOR by {source}."]
    return "\n".join(lines)


def _scored(entry: Entry, name: str) -> str:
    return _with(entry.scores[name], entry.intervals[name])


def _with(value: float, interval: Interval, sign: str = "") -> str:
    low, high = interval
    return f"{100 * value:{sign}.1f} ({100 * low:{sign}.1f} to {100 * high:{sign}.1f})"


def draw(entries: Sequence[Entry], path: Path) -> None:
    """CIDEr against milliseconds a clip, with intervals, as a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4), layout="constrained")
    for entry in entries:
        low, high = entry.intervals["CIDEr"]
        cider = entry.scores["CIDEr"]
        axes.errorbar(
            entry.milliseconds,
            100 * cider,
            yerr=[[100 * max(0.0, cider - low)], [100 * max(0.0, high - cider)]],
            marker="o",
            capsize=3,
            label=entry.name,
        )
    axes.set(xlabel="milliseconds a clip", ylabel="CIDEr", xscale="log")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
