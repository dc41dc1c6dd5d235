"""How sure a captioner is, in words for people, where that was measured.

``calibration.json`` in a model folder says from which score on a caption gets which word, and how
often such captions were right; ``python -m training.captioning.calibration`` makes it. It may be
missing, and holds for the weights that it was measured with alone.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from captioner.errors import ModelError

FILE = "calibration.json"
SURE, BETWEEN, GUESSING = "fairly sure", "not so sure", "guessing"
_WEIGHTS = ("encoder.safetensors", "decoder.safetensors")


@dataclass(frozen=True)
class Band:
    """The scores that get one word.

    Attributes:
        word: how sure that is, such as ``"fairly sure"``.
        least: the lowest score, a mean log-probability a word; None: there is no lowest.
        right: fraction of such captions that were right, 0 to 1.
        share: fraction of all captions that get this word, 0 to 1.
    """

    word: str
    least: float | None
    right: float
    share: float


@dataclass(frozen=True)
class Calibration:
    """What is known of a captioner's scores.

    Attributes:
        bands: from sure to unsure; the last has no lowest score.
        photos: how many photos were captioned to find out.
    """

    bands: tuple[Band, ...]
    photos: int

    def word(self, score: float) -> str:
        """How sure a caption of this score is."""
        return next(band.word for band in self.bands if band.least is None or score >= band.least)

    def sentences(self) -> str:
        """What the words mean, for people."""
        said = ", ".join(
            f"of those called “{band.word}” {_percent(band.right)} "
            f"({_percent(band.share)} of all captions)"
            for band in self.bands
        )
        return (
            "How many captions are as good as the better half of people's, on "
            f"{self.photos:,} photos that the model had not learned from: {said}."
        )


def _percent(part: float) -> str:
    return f"{100 * part:.0f} %"


def read_calibration(folder: str | Path) -> Calibration | None:
    """The calibration of a model folder; None where it has none, or one of other weights.

    Raises:
        ModelError: the file is damaged.
    """
    path = Path(folder) / FILE
    if not path.is_file():
        return None
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        bands = tuple(Band(**band) for band in held["bands"])
        found = Calibration(bands, int(held["photos"]))
        weights = held["weights"]
        found.sentences()
        found.word(_least(bands))
    except (OSError, ValueError, KeyError, TypeError, StopIteration) as error:
        remedy = "make it anew by python -m training.captioning.calibration, or delete it"
        raise ModelError(f"{path} holds no calibration ({error!r}); {remedy}") from error
    return found if weights == _digest(Path(folder)) else None


def write_calibration(folder: str | Path, calibration: Calibration) -> Path:
    """Puts a calibration into the folder of the model that it was measured with; returns its path.

    Raises:
        OSError: it cannot be written.
    """
    folder = Path(folder)
    held: dict[str, Any] = {**asdict(calibration), "weights": _digest(folder)}
    part = folder / f"{FILE}.part"
    part.write_text(json.dumps(held, indent=2) + "\n", encoding="utf-8")
    return part.replace(folder / FILE)


def _least(bands: Sequence[Band]) -> float:
    """A score below that of every band."""
    return min((band.least for band in bands if band.least is not None), default=0.0) - 1


def _digest(folder: Path) -> str:
    """Tells the weights of one model folder from those of another."""
    digest = hashlib.sha256()
    for name in _WEIGHTS:
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()
