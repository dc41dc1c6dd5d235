"""Words and their numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

PAD, START, END, UNK = range(4)
CLIP_STYLE = "clip"  # of captions that speak of a clip, of which one frame is seen
SPECIAL_WORDS = ("<pad>", "<start>", "<end>", "<unk>")


class Vocabulary:
    """A fixed list of words; the first four are padding, start, end and unknown.

    A word in angle brackets, such as ``<clip>``, is the name of a style: a caption that begins with
    it in place of ``<start>`` is written in the manner of the captions that were taught with it
    (control codes: N. S. Keskar et al., "CTRL", 2019). It is never written itself.

    Args:
        words: the known words, without the special ones, most frequent first.

    Raises:
        ValueError: a word is repeated, or is one of the special ones.
    """

    def __init__(self, words: Sequence[str]):
        self.words = (*SPECIAL_WORDS, *words)
        self._ids = {word: number for number, word in enumerate(self.words)}
        if len(self._ids) != len(self.words):
            raise ValueError("a vocabulary holds each word once")
        self.styles = {word[1:-1]: self._ids[word] for word in words if word.startswith("<")}
        self._unwritten = {PAD, START, END, UNK, *self.styles.values()}

    def __len__(self) -> int:
        return len(self.words)

    @classmethod
    def from_captions(cls, captions: Iterable[str], min_count: int = 5) -> Vocabulary:
        """The words that occur at least ``min_count`` times, most frequent first.

        Args:
            captions: lower-case, without punctuation, words parted by spaces.
            min_count: rarer words become ``<unk>``.
        """
        counts = Counter(word for caption in captions for word in caption.split())
        kept = sorted((-count, word) for word, count in counts.items() if count >= min_count)
        return cls([word for _, word in kept])

    def start(self, style: str | None) -> int:
        """What a caption of a style begins with; of one that is not known, ``<start>``."""
        return START if style is None else self.styles.get(style, START)

    def encode(self, text: str, length: int, style: str | None = None) -> np.ndarray:
        """``<start>`` or the style, the words' numbers, ``<end>``, cut and padded.

        Args:
            text: lower-case, without punctuation, words parted by spaces.
            length: T.
            style: see `start`.

        Returns:
            int32 [T]; a caption that is too long loses its end, ``<end>`` included.
        """
        ids = [self.start(style), *(self._ids.get(word, UNK) for word in text.split()), END][
            :length
        ]
        return np.array(ids + [PAD] * (length - len(ids)), dtype=np.int32)

    def decode(self, ids: Iterable[int]) -> tuple[str, ...]:
        """The words of ``ids`` up to the first ``<end>``, without special words."""
        words = []
        for number in ids:
            if number == END:
                break
            if number not in self._unwritten:
                words.append(self.words[number])
        return tuple(words)

    def save(self, path: Path) -> None:
        """One word a line, without the special words, UTF-8."""
        path.write_text("\n".join(self.words[len(SPECIAL_WORDS) :]) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """Reads what `save` wrote."""
        return cls(path.read_text(encoding="utf-8").split())
