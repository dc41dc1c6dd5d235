import sys

import numpy as np
import pytest
from PIL import Image

from captioner.errors import CodecMissingError, TruncatedFileError
from captioner.media.detect import MEDIA_SUFFIXES, media_kind
from captioner.media.frames import sample_frames
from captioner.media.images import load_image
from tests.makers import corners, photo, save_heic, truncate


def test_the_pixels(tmp_path):
    image = load_image(save_heic(tmp_path / "a.heic")).astype(int)
    assert image.shape == (64, 96, 3)
    assert np.abs(image - photo()).mean() < 6


def test_content_decides_and_not_the_suffix(tmp_path):
    path = save_heic(tmp_path / "a.heic").rename(tmp_path / "a.jpg")
    assert media_kind(path) == "image"
    assert sample_frames(path).duration == 0


def test_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = save_heic(tmp_path / "a.heic", corners(), exif=exif.tobytes())
    image = load_image(path)
    assert image.shape == (48, 32, 3)
    assert image[4, 4].argmax() == 2  # the blue quarter, at the left below, is turned to the top


def test_small(tmp_path):
    assert load_image(save_heic(tmp_path / "a.heic"), max_side=48).shape == (32, 48, 3)


def test_formats_of_pillow_stay_as_they_are(tmp_path):
    load_image(save_heic(tmp_path / "a.heic"))
    assert "HEIF" not in Image.OPEN


@pytest.mark.parametrize("keep", [0.02, 0.1, 0.5, 0.95])
def test_truncated(tmp_path, keep):
    noise = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    path = truncate(save_heic(tmp_path / "a.heic", noise), keep)
    with pytest.raises(TruncatedFileError, match="cut short or damaged;"):
        load_image(path)


@pytest.mark.parametrize("read", [load_image, media_kind, sample_frames])
def test_without_its_package_the_remedy_is_named(tmp_path, monkeypatch, read):
    path = save_heic(tmp_path / "a.heic")
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(CodecMissingError, match=r"pip install 'captionloom\[heic\]'"):
        read(path)


def test_a_search_finds_them():
    assert {".heic", ".heif", ".hif"} <= MEDIA_SUFFIXES
