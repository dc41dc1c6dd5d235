import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, features

from captioner.errors import TooLargeError, TruncatedFileError, UnsupportedFileError
from captioner.media import images, memory
from captioner.media.images import load_image
from tests.makers import (
    frame_number,
    numbered_frames,
    photo,
    plain,
    save_animation,
    save_photo,
)

LOSSLESS = [".png", ".bmp", ".tif", ".ppm", ".tga", ".pcx", ".qoi", ".dib", ".sgi"]
LOSSY = [".jpg", ".webp", ".jp2", ".gif"]


# What goes in: files


@pytest.mark.parametrize("suffix", LOSSLESS)
def test_lossless_formats_give_the_very_pixels(tmp_path, suffix):
    image = load_image(save_photo(tmp_path / f"a{suffix}"))
    assert image.dtype == np.uint8
    np.testing.assert_array_equal(image, photo())


@pytest.mark.parametrize("suffix", LOSSY)
def test_lossy_formats_give_nearly_the_pixels(tmp_path, suffix):
    image = load_image(save_photo(tmp_path / f"a{suffix}")).astype(int)
    assert image.shape == photo().shape
    assert np.abs(image - photo()).mean() < 6


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow has no AVIF")
def test_avif(tmp_path):
    image = load_image(save_photo(tmp_path / "a.avif")).astype(int)
    assert np.abs(image - photo()).mean() < 6


def test_one_pixel(tmp_path):
    image = load_image(save_photo(tmp_path / "a.png", plain((1, 2, 3), 1, 1)))
    np.testing.assert_array_equal(image, [[[1, 2, 3]]])


def test_path_may_be_a_string(tmp_path):
    np.testing.assert_array_equal(load_image(str(save_photo(tmp_path / "a.png"))), photo())


def test_animation_gives_its_first_frame(tmp_path):
    path = save_animation(tmp_path / "a.gif", numbered_frames(3, first=5))
    assert frame_number(load_image(path)) == 5


def test_content_decides_and_not_the_suffix(tmp_path):
    path = save_photo(tmp_path / "a.png").rename(tmp_path / "a.mp4")
    np.testing.assert_array_equal(load_image(path), photo())


@pytest.mark.parametrize(
    "name", ["with space.png", "new\nline.png", "日本語 é.png", "%03d.png", "-r.png", "a:b.png"]
)
def test_names(tmp_path, name):
    np.testing.assert_array_equal(load_image(save_photo(tmp_path / name)), photo())


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode there")
def test_name_that_is_not_unicode(tmp_path):
    path = save_photo(tmp_path / "a.png").rename(tmp_path / os.fsdecode(b"bad\xff.png"))
    np.testing.assert_array_equal(load_image(path), photo())


# What goes in: pictures in memory


def test_pillow_picture():
    np.testing.assert_array_equal(load_image(Image.fromarray(photo())), photo())


def test_pillow_picture_is_left_as_it_was():
    picture = Image.fromarray(photo())
    load_image(picture, max_side=10)
    assert picture.size == (96, 64)


def test_array_rgb():
    np.testing.assert_array_equal(load_image(photo()), photo())


def test_array_given_is_not_shared():
    given = photo()
    load_image(given)[:] = 0
    np.testing.assert_array_equal(given, photo())


def test_array_grey():
    grey = photo()[:, :, 0]
    np.testing.assert_array_equal(load_image(grey), np.stack([grey] * 3, axis=2))


def test_array_one_channel():
    grey = photo()[:, :, :1]
    np.testing.assert_array_equal(load_image(grey), np.repeat(grey, 3, axis=2))


def test_array_with_alpha_lies_on_white():
    rgba = np.dstack([plain((0, 0, 0), 2, 2), np.full((2, 2), 0, np.uint8)])
    np.testing.assert_array_equal(load_image(rgba), plain((255, 255, 255), 2, 2))


def test_array_of_floats():
    image = load_image(np.array([[[0.0, 0.5, 1.0]]], np.float32))
    np.testing.assert_array_equal(image, [[[0, 128, 255]]])


def test_array_of_16_bits():
    image = load_image(np.array([[[0, 257, 65535]]], np.uint16))
    np.testing.assert_array_equal(image, [[[0, 1, 255]]])


def test_array_of_booleans():
    image = load_image(np.array([[True, False]]))
    np.testing.assert_array_equal(image, [[[255] * 3, [0] * 3]])


def test_array_not_contiguous():
    np.testing.assert_array_equal(load_image(photo()[::-1, ::2]), photo()[::-1, ::2])


@pytest.mark.parametrize(
    "array",
    [
        np.zeros(4, np.uint8),
        np.zeros((2, 2, 5), np.uint8),
        np.zeros((2, 0, 3), np.uint8),
        np.zeros((2, 2, 3), np.int64),
        np.full((2, 2, 3), 200.0),
        np.full((2, 2, 3), np.nan),
    ],
)
def test_array_that_is_no_picture(array):
    with pytest.raises(UnsupportedFileError, match="<image>: the array"):
        load_image(array)


def test_array_too_large():
    with pytest.raises(TooLargeError):
        load_image(photo(), max_pixels=10)


def test_source_of_another_type():
    with pytest.raises(TypeError, match="path, a Pillow picture or an array"):
        load_image(3)  # type: ignore[arg-type]


# Size


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_max_side_scales_down(tmp_path, suffix):
    path = save_photo(tmp_path / f"a{suffix}", photo(1200, 800))
    small = load_image(path, max_side=60)
    assert small.shape == (40, 60, 3)
    expected = np.array(Image.fromarray(photo(1200, 800)).resize((60, 40), Image.Resampling.BOX))
    assert np.abs(small.astype(int) - expected).mean() < 4


def test_max_side_never_enlarges(tmp_path):
    assert load_image(save_photo(tmp_path / "a.png"), max_side=1000).shape == (64, 96, 3)


def test_max_side_of_a_very_long_picture():
    assert load_image(plain((0, 0, 0), 1000, 2), max_side=10).shape == (1, 10, 3)


def test_max_side_below_one():
    with pytest.raises(ValueError, match="max_side"):
        load_image(photo(), max_side=0)


# Threads


def decode_side_by_side(path, monkeypatch):
    """How many threads were at most decoding ``path`` at the same moment, out of four."""
    inside, most, lock = 0, 0, threading.Lock()
    original = images.picture_to_rgb

    def watched(*arguments):
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        time.sleep(0.05)
        try:
            return original(*arguments)
        finally:
            with lock:
                inside -= 1

    monkeypatch.setattr(images, "picture_to_rgb", watched)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(load_image, [path] * 4))
    assert all(np.array_equal(result, results[0]) for result in results)
    return most


def test_pictures_are_decoded_side_by_side(tmp_path, monkeypatch):
    assert decode_side_by_side(save_photo(tmp_path / "a.png"), monkeypatch) > 1


def test_large_pictures_are_decoded_one_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "_POOL", memory.MemoryPool(96 * 64 * 6))
    assert decode_side_by_side(save_photo(tmp_path / "a.png"), monkeypatch) == 1


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_that_lacks_only_its_end_marker_is_whole(tmp_path, progressive):
    path = tmp_path / "a.jpg"
    Image.fromarray(photo()).save(path, progressive=progressive)
    data, whole = path.read_bytes(), load_image(path)
    for missing in (1, 2):
        path.write_bytes(data[:-missing])
        np.testing.assert_array_equal(load_image(path), whole)
    path.write_bytes(data[:-60])
    with pytest.raises(TruncatedFileError):
        load_image(path)


def test_closed_and_empty_pictures_are_named_as_that(tmp_path):
    path = save_photo(tmp_path / "a.png")
    opened, loaded = Image.open(path), Image.fromarray(photo())
    with Image.open(path) as left:
        pass
    opened.close()
    loaded.close()
    for closed in (opened, loaded, left):
        with pytest.raises(UnsupportedFileError, match="is a closed picture"):
            load_image(closed)
    with pytest.raises(UnsupportedFileError, match="empty picture"):
        load_image(Image.new("RGB", (0, 5)))
