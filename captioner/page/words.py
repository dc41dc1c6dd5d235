"""How sure a caption is, in words, where that is known of its captioner."""

from collections.abc import Callable, Sequence
from pathlib import Path

from captioner.describe.confidence import Calibration, read_calibration
from captioner.models.folder import PRETRAINED

Words = Callable[[float], str]  # of a score, a mean log-probability a word; empty: not known


class Confidence:
    """What is known of the captioners of a server.

    Args:
        names: names that ship, or folders; of others nothing is known.

    Raises:
        ModelError: what a model's folder holds about it is damaged.
    """

    def __init__(self, names: Sequence[str]):
        found = {name: _calibration(name) for name in names}
        self._known = {name: known for name, known in found.items() if known}

    def words(self, model: str) -> Words:
        """The words for the scores of a captioner."""
        return self._known[model].word if model in self._known else lambda _: ""

    def sentences(self, model: str) -> str:
        """What these words mean; empty where there are none."""
        return self._known[model].sentences() if model in self._known else ""


def _calibration(name: str) -> Calibration | None:
    shipped = PRETRAINED / name
    return read_calibration(shipped if shipped.is_dir() else Path(name))
