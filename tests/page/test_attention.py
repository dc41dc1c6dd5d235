import numpy as np
import pytest

from captioner.page.attention import fit, overlay
from tests.makers import photo, plain


def spot(row, column, size=10):
    weights = np.zeros((size, size), np.float32)
    weights[row, column] = 1
    return weights


def brightness(image):
    return image.mean(axis=2)


def test_what_was_looked_at_is_bright_and_the_rest_dark():
    shown = brightness(overlay(plain((120, 120, 120), 200, 100), spot(2, 7)))
    assert shown.shape == (100, 200)
    assert shown[25, 150] > 100
    assert shown[80, 30] < 50


def test_the_place_is_the_photos_own_whatever_its_shape():
    # The grid is a square over the whole photo: row 8 of 10 lies near the lower edge.
    for width, height in ((300, 60), (60, 300)):
        shown = brightness(overlay(plain((120, 120, 120), width, height), spot(8, 1)))
        row, column = np.unravel_index(shown.argmax(), shown.shape)
        assert abs(row / height - 0.85) < 0.1
        assert abs(column / width - 0.15) < 0.1


def test_the_highlight_is_warm():
    red, green, blue = overlay(plain((120, 120, 120), 100, 100), spot(5, 5))[55, 55].astype(int)
    assert red > green > blue


def test_equal_weights_leave_the_photo_as_it_is():
    image = photo()
    shown = overlay(image, np.full((10, 10), 0.01, np.float32))
    assert np.abs(shown.astype(int) - image).max() <= 1


def test_only_proportions_count():
    weights = np.random.default_rng(0).random((10, 10), np.float32)
    assert (overlay(photo(), weights) == overlay(photo(), weights * 0.001)).all()


def test_the_map_is_smooth():
    shown = brightness(overlay(plain((200, 200, 200), 400, 400), spot(5, 5)))
    assert np.abs(np.diff(shown, axis=1)).max() < 8


def test_no_attention_at_all_is_dark_and_no_fault():
    assert overlay(plain((120, 120, 120)), np.zeros((10, 10), np.float32)).mean() < 60


@pytest.mark.parametrize(("width", "height"), [(96, 64), (2000, 500), (1, 500)])
def test_a_fitted_photo_has_the_wanted_longer_side(width, height):
    image = fit(plain((1, 2, 3), width, height), 240)
    assert max(image.shape[:2]) == 240
    assert image.dtype == np.uint8
    assert min(image.shape[:2]) == max(1, round(240 * min(width, height) / max(width, height)))
