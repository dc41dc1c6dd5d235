import zlib

import numpy as np
import pytest
from PIL import Image, ImageFile

from captioner.errors import (
    CodecMissingError,
    MissingFileError,
    NoFramesError,
    TooLargeError,
    TruncatedFileError,
    UnsupportedFileError,
)
from captioner.media.images import load_image
from captioner.media.pillow import decoding
from tests.makers import (
    numbered_frames,
    png_chunk,
    save_empty_gif,
    save_photo,
    save_png_header,
    save_video,
    truncate,
)


@pytest.mark.parametrize("text", ["not a picture\n", "The free press", "GGG" * 200, "x"])
def test_text_named_jpg(tmp_path, text):
    path = tmp_path / "a.jpg"
    path.write_text(text)
    with pytest.raises(UnsupportedFileError, match="not a picture or clip"):
        load_image(path)


def test_tiff_cut_before_its_directory(tmp_path):
    path = truncate(save_photo(tmp_path / "a.tif", compression="tiff_lzw"))
    with pytest.raises(TruncatedFileError, match="cut short"):
        load_image(path)


def test_tiff_that_is_not_cut_may_be_raw(tmp_path):
    path = tmp_path / "a.tif"
    path.write_bytes(b"MM\x00*\x00\x00\x00\x08" + bytes(64))
    with pytest.raises(UnsupportedFileError, match="camera's raw file or a damaged TIFF"):
        load_image(path)


@pytest.mark.parametrize("length", [1, 100, 5000])
def test_zeros_are_a_file_that_was_not_written(tmp_path, length):
    path = tmp_path / "a.jpg"
    path.write_bytes(bytes(length))
    with pytest.raises(TruncatedFileError, match="cut short or damaged"):
        load_image(path)


def test_rare_variant_is_no_damage(tmp_path):
    path = save_photo(tmp_path / "a.bmp")
    data = bytearray(path.read_bytes())
    data[28] = 7  # bits a pixel
    path.write_bytes(data)
    with pytest.raises(UnsupportedFileError, match="does not read"):
        load_image(path)


def test_postscript_is_not_run(tmp_path, monkeypatch):
    path = tmp_path / "a.jpg"
    path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
    monkeypatch.setattr(Image, "open", lambda *_: pytest.fail("Pillow was asked"))
    with pytest.raises(UnsupportedFileError, match="PostScript"):
        load_image(path)


def test_png_with_too_much_text(tmp_path):
    text = png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(1 << 21)))
    path = save_photo(tmp_path / "a.png")
    data = path.read_bytes()
    path.write_bytes(data[:33] + text + data[33:])
    with pytest.raises(TooLargeError, match="without its metadata"):
        load_image(path)


@pytest.mark.parametrize("error", [IndexError("index out of range"), OSError(22, "Invalid")])
def test_words_of_pillow_stay_in_the_cause(error):
    with pytest.raises(TruncatedFileError) as caught, decoding("a"):
        raise error
    assert caught.value.reason == "is cut short or damaged"
    assert caught.value.__cause__ is error


def test_no_memory():
    with pytest.raises(TooLargeError, match="memory"), decoding("a"):
        raise MemoryError


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
    with pytest.raises(TooLargeError, match="more pixels than Pillow allows; make it smaller"):
        load_image(save_png_header(tmp_path / "a.png", 30_000, 30_000))


def test_limit_is_checked_before_decoding(tmp_path, monkeypatch):
    path = save_photo(tmp_path / "a.png")
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda _: pytest.fail("was decoded"))
    with pytest.raises(TooLargeError, match="96x64 pixels are more than the limit of 6,143"):
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
