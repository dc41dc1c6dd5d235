from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from captioner.media.lazy_frames import Frame, LazyFrame
from captioner.media.selectors import merge_near_identical, uniform
from tests.makers import frame_number, numbered_frame, photo, plain


class Written:
    """A clip written down: when each frame begins, when the last one ends, what is promised."""

    def __init__(self, times: Sequence[float], end: float, promised: float | None) -> None:
        self.times = [*times, end]
        self.promised = promised
        self.readings = 0
        self.fetched: list[int] = []

    def expected_duration(self) -> float | None:
        return self.promised

    def lazy_frames(self) -> Iterator[LazyFrame]:
        self.readings += 1
        for index, (time, end) in enumerate(zip(self.times, self.times[1:], strict=False)):
            yield LazyFrame(time, end - time, lambda index=index: self.fetch(index))

    def fetch(self, index: int) -> np.ndarray:
        self.fetched.append(index)
        return numbered_frame(index, 40, 24)

    def jump(self, times: Sequence[float], tolerance: float) -> None:
        return None


def even(count: int, promised: float | None = -1.0) -> Written:
    """Return ``count`` frames of a tenth of a second."""
    length = count / 10
    times = [index / 10 for index in range(count)]
    return Written(times, length, length if promised == -1.0 else promised)


def chosen(source: Written, count: int) -> list[int]:
    return [frame_number(frame.image) for frame in uniform(source, count).frames]


def test_middles_of_equal_shares():
    assert chosen(even(100), 4) == [12, 37, 62, 87]


def test_one_frame_is_the_middle_one():
    assert chosen(even(101), 1) == [50]


def test_short_clip_gives_every_frame():
    assert chosen(even(5), 16) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("count", range(1, 40))
def test_never_more_than_asked_and_never_none(count):
    source = even(count)
    assert len(chosen(source, 16)) == min(count, 16)


def test_shares_are_of_time_and_not_of_frames():
    # Ten quick frames in a second, then ten that last a second each.
    times = [index / 10 for index in range(10)] + [1.0 + index for index in range(10)]
    assert chosen(Written(times, 11.0, 11.0), 11) == [5, *range(10, 20)]


def test_short_uneven_clip_gives_every_frame():
    assert chosen(Written([0.0, 0.02, 0.04], 9.0, 0.06), 16) == [0, 1, 2]


def test_one_reading_where_the_header_is_right():
    source = even(100)
    chosen(source, 16)
    assert source.readings == 1
    assert len(source.fetched) == 16


@pytest.mark.parametrize("promised", [None, 0.0, 1.0, 9.0, 30.0, 1000.0])
def test_header_that_lies_changes_nothing(promised):
    source = even(100, promised)
    clip = uniform(source, 16)
    assert [frame_number(frame.image) for frame in clip.frames] == chosen(even(100), 16)
    assert clip.duration == pytest.approx(10.0)
    assert source.readings == 2


def test_header_that_is_a_little_wrong_is_good_enough():
    source = even(1000, 100.1)
    numbers = chosen(source, 16)
    assert source.readings == 1
    assert np.abs(np.array(numbers) - chosen(even(1000), 16)).max() <= 2


def test_frames_come_in_order_of_time():
    times = [frame.time for frame in uniform(even(100), 16).frames]
    assert times == sorted(times)


def test_jump_is_taken_where_the_source_offers_it():
    class Jumping(Written):
        def jump(self, times, tolerance):
            assert tolerance == pytest.approx(10.0 / 4 / 2)
            return [Frame(time, photo()) for time in times]

    source = Jumping([0.0], 10.0, 10.0)
    clip = uniform(source, 4)
    assert [frame.time for frame in clip.frames] == pytest.approx([1.25, 3.75, 6.25, 8.75])
    assert source.readings == 0


# Near-identical neighbours


def merged(*images: np.ndarray) -> list[float]:
    frames = [Frame(float(index), image) for index, image in enumerate(images)]
    return [frame.time for frame in merge_near_identical(frames)]


def test_same_frames_become_the_first():
    assert merged(photo(), photo(), photo()) == [0.0]


def test_noise_is_no_difference():
    noise = np.random.default_rng(0).integers(-6, 7, photo(320, 200).shape)
    noisy = np.clip(photo(320, 200) + noise, 0, 255).astype(np.uint8)
    assert merged(photo(320, 200), noisy) == [0.0]


def test_small_thing_that_moves_is_a_difference():
    base = plain((100, 150, 100), 320, 200)
    moved = base.copy()
    moved[100:112, 200:220] = (200, 60, 60)  # less than half a percent of the frame
    assert merged(base, moved) == [0.0, 1.0]


def test_frame_that_comes_back_is_kept():
    assert merged(photo(), photo(shift=30), photo()) == [0.0, 1.0, 2.0]


def test_slow_drift_is_compared_with_the_frame_that_was_kept():
    shades = [plain((level, level, level)) for level in range(100, 124, 4)]
    assert merged(*shades) == [0.0, 3.0]


def test_frames_of_another_size_can_be_compared():
    assert merged(plain((9, 9, 9), 40, 30), plain((9, 9, 9), 80, 60)) == [0.0]


def test_one_pixel():
    assert merged(plain((0, 0, 0), 1, 1), plain((255, 255, 255), 1, 1)) == [0.0, 1.0]


def test_no_frames():
    assert merged() == []
