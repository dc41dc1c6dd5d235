"""What a caller may give, on the command line, too: the ranges of numbers, and names."""

from numbers import Integral

BEAMS = (1, 100)
BATCH_SIZE = (1, 1024)
MAX_FRAMES = (1, 1000)
FRAMES_ASKED = ("uniform", "clip-cut")  # of a clip by an answerer; the first is the default


def check_whole(name: str, value: object, low: int, high: int) -> None:
    """Refuses what is no whole number in a range, its bounds included.

    Raises:
        ValueError: the message names the value and the range.
    """
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if not whole or not low <= int(value) <= high:  # type: ignore[call-overload]
        raise ValueError(f"{name} is {value!r}; give a whole number from {low} to {high}")
