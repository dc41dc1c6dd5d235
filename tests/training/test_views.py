import numpy as np
import pytest

from tests.makers import corners
from training.data.views import View, window


def test_the_first_view_is_the_photo_and_the_second_its_mirror_image():
    photo = corners()
    assert np.array_equal(View(0).of(photo, "a.jpg"), photo)
    assert np.array_equal(View(1).of(photo, "a.jpg"), photo[:, ::-1])
    assert [View(number).mirrored for number in range(4)] == [False, True, False, True]


@pytest.mark.parametrize("number", [2, 3])
def test_a_cropped_view_is_a_large_part_of_the_photo(number):
    photo = np.arange(100 * 80, dtype=np.uint16).reshape(100, 80, 1)
    seen = View(number).of(photo, "a.jpg")
    rows, columns = seen.shape[:2]
    assert 75 <= rows <= 100
    assert 60 <= columns <= 80
    top, left = divmod(int(seen.min()), 80)
    part = photo[top : top + rows, left : left + columns]
    assert np.array_equal(seen, part[:, ::-1] if number == 3 else part)


def test_crops_differ_between_photos_and_numbers_and_stay_the_same():
    photo = corners(200, 200)
    shapes = {View(n).of(photo, name).shape for n in (2, 4, 6) for name in ("a", "b", "c")}
    assert len(shapes) > 5
    assert np.array_equal(View(2).of(photo, "a"), View(2).of(photo, "a"))


def test_a_photo_of_one_pixel_survives():
    assert View(3).of(np.zeros((1, 1, 3), np.uint8), "dot.png").shape == (1, 1, 3)


def test_a_window_is_a_large_part_of_a_grid_stretched_to_its_size():
    random = np.random.default_rng(0)
    windows = [
        np.stack(np.divmod(window(random, (10, 10)), 10)).reshape(2, 10, 10) for _ in range(50)
    ]
    assert len({each.tobytes() for each in windows}) > 15
    for rows, columns in windows:
        assert (rows == rows[:, :1]).all()
        assert (columns == columns[:1]).all()
        for places in (rows[:, 0], columns[0]):
            assert set(np.diff(places)) <= {0, 1}  # in order, none left out
            assert 8 <= len(set(places)) <= 10


def test_a_grid_may_be_wider_than_high():
    numbers = window(np.random.default_rng(0), (2, 30)).reshape(2, 30)
    assert numbers.max() < 60
    assert (np.diff(numbers, axis=1) >= 0).all()


def test_a_grid_of_one_position_has_one_window():
    assert window(np.random.default_rng(0), (1, 1)).tolist() == [0]
