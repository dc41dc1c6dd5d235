"""What every summarizer is: many captions of one clip in, one sentence out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

MAX_CAPTIONS = 16  # more frames than that add nothing to a clip's sentence


class SummarizerError(ValueError):
    """A summarizer that cannot be loaded, or captions that it cannot work with."""


class Summarizer(ABC):
    """Fuses the captions of one clip's frames into one short sentence.

    Attributes:
        name: what `load_summarizer` was asked for.
    """

    name: str

    def summarize(self, captions: Sequence[str]) -> str:
        """One sentence for the captions of one clip, in the order of its frames.

        A caption that occurs several times counts several times: repetition is evidence. What is
        in the middle of a clip counts most.

        Raises:
            SummarizerError: there is no caption with a word in it.
        """
        return self.summarize_many([captions])[0]

    @abstractmethod
    def summarize_many(self, groups: Sequence[Sequence[str]]) -> list[str]:
        """One sentence for each group of captions, in the same order; see `summarize`."""


def usable_captions(captions: Sequence[str], most: int = MAX_CAPTIONS) -> list[str]:
    """The captions that have words, at most ``most`` of them, chosen evenly from first to last.

    Raises:
        SummarizerError: none has any.
    """
    if isinstance(captions, str):
        raise SummarizerError("one caption was given where a list of captions is needed")
    filled = [" ".join(text.split()) for text in captions]
    filled = [text for text in filled if any(letter.isalnum() for letter in text)]
    if not filled:
        raise SummarizerError("there are no captions to summarize; give at least one with words")
    if len(filled) <= most:
        return filled
    if most == 1:
        return [filled[len(filled) // 2]]
    last = len(filled) - 1
    return [filled[round(place * last / (most - 1))] for place in range(most)]
