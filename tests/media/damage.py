"""Ways of damaging a file, for Hypothesis to choose from."""

from typing import TypeAlias

from hypothesis import strategies as st

# (what to do, where, how much or which, with what)
Step: TypeAlias = tuple[str, int, int, bytes]

_EXTREMES = (0, 1, -1, 0x7F, 0x80, 0x7FFF, 0x7FFFFFFF, 0x80000000, -0x80000000, 1000)

# Half of the damage goes to the first 400 bytes, where most formats have their headers.
_places = st.one_of(st.integers(0, 400), st.integers(0, 1 << 20))


def _numbers(value: int, width: int, order: str) -> bytes:
    return (value % (1 << 8 * width)).to_bytes(width, "big" if order == "big" else "little")


_extremes = st.builds(
    _numbers,
    st.sampled_from(_EXTREMES),
    st.sampled_from((1, 2, 3, 4, 8)),
    st.sampled_from(("big", "little")),
)
_step = st.one_of(
    st.tuples(st.just("flip"), _places, st.integers(0, 7), st.just(b"")),
    st.tuples(st.just("write"), _places, st.just(0), st.one_of(_extremes, st.binary(max_size=8))),
    st.tuples(st.just("insert"), _places, st.just(0), st.binary(min_size=1, max_size=40)),
    st.tuples(st.just("delete"), _places, st.integers(1, 200), st.just(b"")),
    st.tuples(st.just("zero"), _places, st.integers(1, 400), st.just(b"")),
    st.tuples(st.just("copy"), _places, st.integers(0, 1 << 20), st.just(b"")),
    st.tuples(st.just("cut"), _places, st.just(0), st.just(b"")),
)
steps = st.lists(_step, min_size=1, max_size=6)


def damaged(data: bytes, chosen: list[Step]) -> bytes:
    """Return the bytes after the chosen steps, one on top of the other."""
    for what, where, amount, content in chosen:
        if not data:
            break
        data = _damaged_once(data, what, where % len(data), amount, content)
    return data


def _damaged_once(data: bytes, what: str, at: int, amount: int, content: bytes) -> bytes:
    before, after = data[:at], data[at:]
    match what:
        case "flip":
            after = bytes([after[0] ^ 1 << amount]) + after[1:]
        case "write":
            after = content + after[len(content) :]
        case "insert":
            after = content + after
        case "delete":
            after = after[amount:]
        case "zero":
            after = bytes(min(amount, len(after))) + after[amount:]
        case "copy":  # a part of the file over another, as when blocks of a disk are mixed up
            source = amount % len(data)
            part = data[source : source + 256]
            after = part + after[len(part) :]
        case "cut":
            after = b""
    return before + after
