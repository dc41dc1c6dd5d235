import numpy as np
import pytest
from PIL import Image

from captioner.media import pixels
from captioner.media.images import load_image
from tests.makers import corners, photo, plain, save_oriented, save_photo

# Modes


def test_cmyk(tmp_path):
    cmyk = Image.new("CMYK", (4, 4), (0, 255, 255, 0))
    image = load_image(save_photo(tmp_path / "a.tif", cmyk))
    np.testing.assert_array_equal(image, plain((255, 0, 0), 4, 4))


def test_cmyk_jpeg(tmp_path):
    cmyk = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    image = load_image(save_photo(tmp_path / "a.jpg", cmyk)).astype(int)
    assert np.abs(image - plain((255, 0, 0), 16, 16)).max() < 8


def test_16_bit_png_is_scaled(tmp_path):
    values = np.array([[0, 128, 129, 257, 32768, 65534, 65535]], np.uint16)
    path = save_photo(tmp_path / "a.png", Image.fromarray(values))
    with Image.open(path) as stored:
        assert stored.mode == "I;16"
    assert load_image(path)[0, :, 0].tolist() == [0, 0, 1, 1, 128, 255, 255]


def test_16_bit_big_endian_tiff(tmp_path):
    values = np.array([[0, 257 * 7, 65535]], ">u2")
    picture = Image.frombytes("I;16B", (3, 1), values.tobytes())
    assert load_image(save_photo(tmp_path / "a.tif", picture))[0, :, 1].tolist() == [0, 7, 255]


def test_16_bit_pgm(tmp_path):
    path = tmp_path / "a.pgm"
    path.write_bytes(b"P5 3 1 65535\n" + np.array([0, 257 * 9, 65535], ">u2").tobytes())
    assert load_image(path)[0, :, 2].tolist() == [0, 9, 255]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.5, 1.0], [0, 128, 255]),
        ([0.0, 7.0, 255.0], [0, 7, 255]),
        ([0.0, 257.0, 65535.0], [0, 1, 255]),
        ([-1.0, 0.0, 1.0], [0, 128, 255]),
        ([0.0, float("nan"), 1.0], [0, 0, 255]),
        ([-3.0, -3.0, -3.0], [0, 0, 0]),
    ],
)
def test_float_tiff(tmp_path, values, expected):
    path = save_photo(tmp_path / "a.tif", Image.fromarray(np.array([values], np.float32)))
    assert load_image(path)[0, :, 0].tolist() == expected


def test_32_bit_beyond_16_is_stretched():
    picture = Image.fromarray(np.array([[0, 100_000, 200_000]], np.int32))
    assert load_image(picture)[0, :, 0].tolist() == [0, 128, 255]


def test_alpha_lies_on_white(tmp_path):
    rgba = np.array([[[200, 0, 0, 255], [200, 0, 0, 0], [0, 0, 0, 128]]], np.uint8)
    image = load_image(save_photo(tmp_path / "a.png", Image.fromarray(rgba)))
    np.testing.assert_array_equal(image, [[[200, 0, 0], [255, 255, 255], [127, 127, 127]]])


def test_palette(tmp_path):
    picture = Image.fromarray(corners()).quantize(4)
    assert picture.mode == "P"
    np.testing.assert_array_equal(load_image(save_photo(tmp_path / "a.png", picture)), corners())


def test_palette_with_transparent_index(tmp_path):
    picture = Image.new("P", (2, 1))
    picture.putpalette([10, 20, 30, 40, 50, 60])
    picture.putpixel((1, 0), 1)
    path = save_photo(tmp_path / "a.png", picture, transparency=1)
    np.testing.assert_array_equal(load_image(path), [[[10, 20, 30], [255, 255, 255]]])


def test_palette_with_alpha_for_each_colour(tmp_path):
    picture = Image.new("P", (2, 1))
    picture.putpalette([10, 20, 30, 0, 0, 0])
    picture.putpixel((1, 0), 1)
    path = save_photo(tmp_path / "a.png", picture, transparency=bytes([255, 128]))
    np.testing.assert_array_equal(load_image(path), [[[10, 20, 30], [127, 127, 127]]])


def test_rgb_with_transparent_colour(tmp_path):
    picture = Image.fromarray(np.array([[[9, 9, 9], [1, 2, 3]]], np.uint8))
    path = save_photo(tmp_path / "a.png", picture, transparency=(9, 9, 9))
    np.testing.assert_array_equal(load_image(path), [[[255, 255, 255], [1, 2, 3]]])


def test_grey(tmp_path):
    image = load_image(save_photo(tmp_path / "a.png", Image.new("L", (2, 2), 77)))
    np.testing.assert_array_equal(image, plain((77, 77, 77), 2, 2))


def test_grey_with_alpha(tmp_path):
    picture = Image.new("LA", (2, 2), (0, 128))
    image = load_image(save_photo(tmp_path / "a.png", picture))
    np.testing.assert_array_equal(image, plain((127, 127, 127), 2, 2))


def test_one_bit(tmp_path):
    picture = Image.new("1", (2, 1))
    picture.putpixel((1, 0), 1)
    image = load_image(save_photo(tmp_path / "a.png", picture))
    np.testing.assert_array_equal(image, [[[0] * 3, [255] * 3]])


@pytest.mark.parametrize("mode", ["YCbCr", "HSV", "RGBX", "RGBa", "PA", "La", "LAB"])
def test_rarer_modes(mode):
    if mode == "La":
        picture = Image.new("LA", (8, 8), (128, 255)).convert("La")
    elif mode == "LAB":
        picture = Image.new("LAB", (8, 8), (137, 128, 128))  # L* 53.7, neutral: grey 128
    elif mode == "RGBa":
        picture = Image.new("RGBA", (8, 8), (128, 128, 128, 255)).convert("RGBa")
    elif mode == "PA":
        picture = Image.new("P", (8, 8))
        picture.putpalette([128, 128, 128])
        picture = picture.convert("PA")
    else:
        picture = Image.new("RGB", (8, 8), (128, 128, 128)).convert(mode)
    image = load_image(picture).astype(int)
    assert image.shape == (8, 8, 3)
    assert np.abs(image - 128).max() <= 2


# Orientation

# How the stored quarters (red, green / blue, white) show once turned upright. Written out by hand.
UPRIGHT = {
    1: "RG BW",
    2: "GR WB",
    3: "WB GR",
    4: "BW RG",
    5: "RB GW",
    6: "BR WG",
    7: "WG BR",
    8: "GW RB",
}
LETTERS = {(255, 0, 0): "R", (0, 255, 0): "G", (0, 0, 255): "B", (255, 255, 255): "W"}


def quarters(image: np.ndarray) -> str:
    rows = ("".join(LETTERS[tuple(int(v) for v in image[y, x])] for x in (2, -3)) for y in (2, -3))
    return " ".join(rows)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(tmp_path, orientation, suffix):
    path = tmp_path / f"a{suffix}"
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if suffix == ".webp" else {}
    image = load_image(save_photo(path, corners(), exif=exif.tobytes(), **options))
    assert image.shape == ((32, 48, 3) if orientation < 5 else (48, 32, 3))
    assert quarters(image) == UPRIGHT[orientation]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_of_a_jpeg(tmp_path, orientation):
    path = save_oriented(tmp_path / "a.jpg", orientation)
    image = load_image(path)
    exact = np.where(image > 127, 255, 0)
    assert quarters(exact) == UPRIGHT[orientation]


def test_exif_orientation_of_a_pillow_picture(tmp_path):
    with Image.open(save_oriented(tmp_path / "a.png", 6)) as picture:
        assert quarters(load_image(picture)) == UPRIGHT[6]


def test_exif_orientation_of_a_small_copy(tmp_path):
    path = save_oriented(tmp_path / "a.jpg", 6, corners(960, 640))
    image = load_image(path, max_side=48)
    assert image.shape == (48, 32, 3)
    assert quarters(np.where(image > 127, 255, 0)) == UPRIGHT[6]


def test_damaged_exif_does_not_lose_the_picture(tmp_path):
    path = save_photo(tmp_path / "a.jpg", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xffgarbage")
    assert load_image(path).shape == (64, 96, 3)


# Strips


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "1", "L", "LA", "CMYK", "I;16", "I", "F"])
@pytest.mark.parametrize("max_side", [None, 150, 100, 33])
def test_strips_change_nothing(monkeypatch, mode, max_side):
    picture = deep(mode) if mode in ("I;16", "I", "F") else noise().convert(mode)
    whole = load_image(picture, max_side=max_side)
    monkeypatch.setattr(pixels, "_STRIP", 200 * 7)
    np.testing.assert_array_equal(load_image(picture, max_side=max_side), whole)


def test_small_copy_of_a_large_picture_is_its_mean(monkeypatch):
    monkeypatch.setattr(pixels, "_STRIP", 2000)
    large = Image.fromarray(photo(1003, 701))
    image = load_image(large, max_side=50).astype(int)
    expected = np.array(large.resize((50, 35), Image.Resampling.BOX), int)
    assert image.shape == expected.shape
    assert np.abs(image - expected).mean() < 4


def test_deep_extent_is_that_of_the_whole_picture(monkeypatch):
    monkeypatch.setattr(pixels, "_STRIP", 1)
    values = np.array([[0], [100_000], [200_000]], np.int32)
    assert load_image(Image.fromarray(values))[:, 0, 0].tolist() == [0, 128, 255]


def noise() -> Image.Image:
    values = np.random.default_rng(0).integers(0, 256, (150, 200, 3), np.uint8)
    return Image.fromarray(values)


def deep(mode: str) -> Image.Image:
    values = np.random.default_rng(0).integers(0, 65536, (150, 200))
    if mode == "I;16":
        return Image.fromarray(values.astype(np.uint16))
    return Image.fromarray(values.astype(np.int32 if mode == "I" else np.float32))
