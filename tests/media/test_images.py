import os
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile, features

from captioner.media.errors import (
    CodecMissingError,
    EmptyFileError,
    MissingFileError,
    NoFramesError,
    TooLargeError,
    TruncatedFileError,
    UnreadableFileError,
    UnsupportedFileError,
)
from captioner.media.images import load_image
from captioner.media.pillow import decoding
from tests.makers import (
    corners,
    frame_number,
    numbered_frames,
    photo,
    plain,
    save_animation,
    save_empty_gif,
    save_oriented,
    save_photo,
    save_png_header,
    save_video,
    truncate,
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


# What is wrong


def test_missing(tmp_path):
    with pytest.raises(MissingFileError, match="no such file"):
        load_image(tmp_path / "none.jpg")


def test_missing_below_a_file(tmp_path):
    with pytest.raises(MissingFileError):
        load_image(save_photo(tmp_path / "a.png") / "b.png")


def test_empty(tmp_path):
    path = tmp_path / "a.jpg"
    path.touch()
    with pytest.raises(EmptyFileError, match="0 bytes"):
        load_image(path)


def test_folder(tmp_path):
    with pytest.raises(UnreadableFileError, match="folder"):
        load_image(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.jpg")
    with pytest.raises(UnreadableFileError, match="not an ordinary file"):
        load_image(tmp_path / "a.jpg")


def test_permission(tmp_path, monkeypatch):
    def refuse(*_args, **_options):
        raise PermissionError(13, "Permission denied")

    path = save_photo(tmp_path / "a.jpg")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(UnreadableFileError, match="permission"):
        load_image(path)


@pytest.mark.parametrize("name", ["a\0b.jpg", "a" * 5000])
def test_name_that_the_system_refuses(name):
    with pytest.raises(UnreadableFileError, match="cannot be opened"):
        load_image(name)


@pytest.mark.parametrize("text", ["not a picture\n", "The free press", "GGG" * 200, "x"])
def test_text_named_jpg(tmp_path, text):
    path = tmp_path / "a.jpg"
    path.write_text(text)
    with pytest.raises(UnsupportedFileError, match="not a picture or clip"):
        load_image(path)


def test_heic(tmp_path):
    path = tmp_path / "a.heic"
    path.write_bytes(b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(100))
    with pytest.raises(UnsupportedFileError, match="HEIC"):
        load_image(path)


def test_video(tmp_path):
    path = save_video(tmp_path / "a.mp4", numbered_frames(2))
    with pytest.raises(UnsupportedFileError, match="video"):
        load_image(path.rename(tmp_path / "a.jpg"))


@pytest.mark.parametrize("keep", [0.02, 0.2, 0.5, 0.9])
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".gif", ".webp", ".bmp", ".tif", ".jp2"])
def test_truncated(tmp_path, suffix, keep):
    noise = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    path = truncate(save_photo(tmp_path / f"a{suffix}", noise), keep)
    with pytest.raises(TruncatedFileError, match="cut short or damaged"):
        load_image(path)


def test_30000_by_30000_is_refused_by_its_header(tmp_path):
    with pytest.raises(TooLargeError):
        load_image(save_png_header(tmp_path / "a.png", 30_000, 30_000))


def test_limit_is_checked_before_decoding(tmp_path, monkeypatch):
    path = save_photo(tmp_path / "a.png")
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda _: pytest.fail("was decoded"))
    with pytest.raises(TooLargeError, match="96x64 pixels are more than the limit of 6143"):
        load_image(path, max_pixels=96 * 64 - 1)


def test_limit_itself_is_allowed(tmp_path):
    load_image(save_photo(tmp_path / "a.png"), max_pixels=96 * 64)


def test_gif_without_a_frame(tmp_path):
    with pytest.raises(NoFramesError):
        load_image(save_empty_gif(tmp_path / "a.gif"))


def test_format_whose_decoder_is_not_here(tmp_path):
    path = tmp_path / "a.h5"
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(64))
    with pytest.raises(CodecMissingError):
        load_image(path)


def test_message_is_one_line(tmp_path):
    with pytest.raises(MissingFileError) as caught:
        load_image(tmp_path / "a\nb.jpg")
    assert "\n" not in str(caught.value)


# Pillow stays as it was


def test_no_warning_leaves(tmp_path, monkeypatch):
    path = save_photo(tmp_path / "a.jpg", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xffgarbage")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 96 * 64 - 1)  # warns above, refuses from twice
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        load_image(path)
        bad = tmp_path / "b.gif"
        bad.write_bytes(b"GIF89a")
        with pytest.raises(TruncatedFileError):
            load_image(bad)
    assert caught == []


def test_pillow_warns_there_at_all(tmp_path, monkeypatch):
    path = save_photo(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 96 * 64 - 1)
    with pytest.warns(Image.DecompressionBombWarning):
        Image.open(path).close()


def test_globals_of_pillow_are_left_alone(tmp_path):
    before = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters)
    load_image(save_photo(tmp_path / "a.jpg"))
    with pytest.raises(TruncatedFileError):
        load_image(truncate(tmp_path / "a.jpg"))
    after = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters)
    assert before == after


def test_warning_filters_survive_threads_that_leave_out_of_order():
    before = list(warnings.filters)
    first_is_in, first_may_go = threading.Event(), threading.Event()

    def first() -> None:
        with decoding("a"):
            first_is_in.set()
            first_may_go.wait(5)

    thread = threading.Thread(target=first)
    thread.start()
    first_is_in.wait(5)
    with decoding("b"):
        first_may_go.set()
        thread.join()
    assert list(warnings.filters) == before


def test_file_is_closed_again(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        load_image(save_photo(tmp_path / "a.png"))
        (tmp_path / "a.png").unlink()
