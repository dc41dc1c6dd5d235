"""Questions that fit a picture or clip, for people who do not know what to ask."""

from __future__ import annotations

from captioner.ask.base import Answerer
from captioner.media.lazy_frames import Clip

_FIRST = "who is in the picture?"
_SURE = 0.4  # of answers that are right less often, no further question is made
_OF_ANYTHING = ("what is in the picture?", "where was this taken?", "how many people are there?")
_MANY = frozenset(["men", "women", "people", "children", "boys", "girls", "dogs", "players"])


def suggested_questions(answerer: Answerer, clip: Clip, count: int = 5) -> list[str]:
    """Questions about what the answerer sees: it is asked who is there, and these go on from it.

    Args:
        answerer: will be asked them.
        clip: the picture or clip.
        count: so many at most.
    """
    answer = answerer.answer_clip(clip, [_FIRST])[0]
    sure = answer.told and (answer.right is None or answer.right >= _SURE)
    who = answer.text if sure else ""
    if not who or len(who.split()) > 2 or who in ("yes", "no", "nobody", "0"):
        return list(_OF_ANYTHING[:count])
    be = "are" if who.split()[-1] in _MANY else "is"
    of_them = [
        f"what {be} the {who} doing?",
        f"where {be} the {who}?",
        f"what {be} the {who} wearing?",
    ]
    return [*of_them, *_OF_ANYTHING][:count]
