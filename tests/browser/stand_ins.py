"""Quick, predictable models that give the page everything it can show."""

import time
from collections.abc import Sequence

import numpy as np

from captioner.describe.confidence import Band, Calibration
from captioner.types import Caption
from summarizer.base import Summarizer
from tests.fakes import FakeCaptioner
from tests.makers import plain

SLOW_LINE = "a picture that takes its time"  # goes to the server's log
CALIBRATION = Calibration(
    (
        Band("fairly sure", -1.05, 0.6, 0.3),
        Band("not so sure", -1.5, 0.4, 0.5),
        Band("guessing", None, 0.2, 0.2),
    ),
    1000,
)
_WIDTH = 192  # pixels that take a second
_SLOW = (0, 255)  # red and blue of a slow picture
_GRID = 10  # rows and columns of the attention, as of the model that ships


def slow_frames(count: int, seconds: float = 0.5) -> list[np.ndarray]:
    """Up to 17 pictures for each of which the stand-in takes its time; no two are alike."""
    red, blue = _SLOW
    width = round(seconds * _WIDTH)
    return [plain((red, 15 * number, blue), width) for number in range(count)]


class StandInCaptioner(FakeCaptioner):
    """Says a picture's colour, in other words too; each word looks at another place."""

    name = "stand-in"

    def _caption(self, image: np.ndarray) -> Caption:
        caption = super()._caption(image)
        if (image[0, 0, 0], image[0, 0, 2]) == _SLOW:
            print(SLOW_LINE)
            time.sleep(image.shape[1] / _WIDTH)
        others = tuple(
            Caption(f"{beginning} {caption.text}", caption.score - number, ())
            for number, beginning in enumerate(("perhaps", "some say that this is"), start=1)
        )
        attention = np.stack([_peak(number) for number in range(len(caption.words))])
        return Caption(caption.text, caption.score, caption.words, attention, others)


def _peak(number: int) -> np.ndarray:
    """Attention, float32 [rows, columns], that lies at another place for every number."""
    rows, columns = np.mgrid[:_GRID, :_GRID]
    row, column = (number * 3) % _GRID, (number * 7 + 2) % _GRID
    weights = np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / 6)
    return (weights / weights.sum()).astype(np.float32)


class StandInSummarizer(Summarizer):
    """Makes a sentence of the first caption and the last."""

    name = "stand-in"

    def summarize_many(self, groups: Sequence[Sequence[str]]) -> list[str]:
        return [f"first {captions[0]}, then {captions[-1]}" for captions in groups]
