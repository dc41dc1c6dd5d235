"""How one model folder wants its captions, and how its sentences are chosen: ``fusion.json``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from summarizer.base import MAX_CAPTIONS, SummarizerError
from summarizer.ngrams import tokenize

SETTINGS_FILE = "fusion.json"
FREQUENCIES_FILE = "document_frequencies.json.gz"

# One caption that runs on must not push the others out of the model's window.
_MAX_CAPTION_WORDS = 30


@dataclass(frozen=True)
class FusionSettings:
    """What ``fusion.json`` in a model folder says. A folder without one has these defaults.

    Attributes:
        separator: token between the captions, which are then given as lower-case words without
            punctuation. None: a general model, which reads them as sentences one after the other.
        prefix: tokens before the first caption; they tell the model whose style to write in.
        beam_size: beams of the search, and so the number of sentences to choose from.
        max_words: longest sentence.
        agreement: weight of a sentence's mean CIDEr-D (0 to 10) against the captions beside the
            model's own mean log-probability a token. 0 takes the model's best.
        inputs_compete: the captions themselves stand for the choice beside the beams.
    """

    separator: str | None = None
    prefix: str = ""
    beam_size: int = 4
    max_words: int = 24
    agreement: float = 0.0
    inputs_compete: bool = False

    @classmethod
    def load(cls, folder: Path) -> FusionSettings:
        """Reads a model folder's settings.

        Raises:
            SummarizerError: the file is damaged, or has an unknown key or a value of a wrong type.
        """
        path = folder / SETTINGS_FILE
        if not path.is_file():
            return cls()
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise SummarizerError(
                f"{path}: cannot be read as JSON ({error}); restore the file, or train the model "
                "again"
            ) from error
        if not isinstance(values, dict):
            raise SummarizerError(f"{path}: holds no JSON object; restore the file")
        _check(path, values)
        return cls(**values)

    def save(self, folder: Path) -> None:
        """Writes ``fusion.json`` into a model folder."""
        text = json.dumps(asdict(self), indent=2)
        (folder / SETTINGS_FILE).write_text(text + "\n", encoding="utf-8")

    def source(self, captions: Sequence[str]) -> str:
        """The text that the model reads for the captions of one clip."""
        if self.separator is None:
            return " ".join(_sentence(text) for text in captions)
        plain = (" ".join(tokenize(text)[:_MAX_CAPTION_WORDS]) for text in captions)
        return self.prefix + self.separator.join(text for text in plain if text)


def _check(path: Path, values: dict[str, object]) -> None:
    kinds: dict[str, tuple[type, ...]] = {
        "separator": (str, type(None)),
        "prefix": (str,),
        "beam_size": (int,),
        "max_words": (int,),
        "agreement": (int, float),
        "inputs_compete": (bool,),
    }
    known = [item.name for item in fields(FusionSettings)]
    for key, value in values.items():
        if key not in kinds:
            raise SummarizerError(f"{path}: unknown setting {key!r}; known are {known}")
        wrong_bool = isinstance(value, bool) and bool not in kinds[key]
        if wrong_bool or not isinstance(value, kinds[key]):
            raise SummarizerError(f"{path}: {key} cannot be {value!r}; correct it")
    for key in ("beam_size", "max_words"):
        if key in values and not 1 <= int(str(values[key])) <= MAX_CAPTIONS * 16:
            raise SummarizerError(f"{path}: {key} cannot be {values[key]!r}; give a small count")


def _sentence(caption: str) -> str:
    text = caption.strip().rstrip(".").strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith(("!", "?")) else ".")
