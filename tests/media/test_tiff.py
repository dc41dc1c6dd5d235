import io
import struct

import numpy as np
import pytest

from captioner.errors import TruncatedFileError, UnsupportedFileError
from captioner.media.detect import media_kind
from captioner.media.images import load_image
from captioner.media.tiff import describe
from tests.corpus.photos import encoded, textured, tiff_of_numbers, tiff_with
from tests.makers import truncate

tifffile = pytest.importorskip("tifffile")


def written(numbers, **options):
    file = io.BytesIO()
    tifffile.imwrite(file, numbers, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (tiff_with(259, 34887), "with LERC inside"),
        (tiff_with(259, 34933), "with PNG inside"),
        (tiff_with(259, 50001), "with WebP inside"),
        (tiff_with(259, 50002), "with JPEG XL inside"),
        (tiff_with(259, 52546), "with JPEG XL inside"),
        (tiff_of_numbers(64, 3), r"of 64-bit floating-point numbers \(1 a pixel\)"),
        (written(np.zeros((9, 9), "f2")), "of 16-bit floating-point numbers"),
        (
            written(np.zeros((9, 9, 3), "f4"), photometric="rgb"),
            r"of 32-bit floating-point numbers \(3 a pixel\)",
        ),
        (written(np.zeros((9, 9, 3), "u8"), photometric="rgb"), "of 64-bit whole numbers"),
        (written(np.zeros((9, 9), "c8")), "of 64-bit complex numbers"),
        (written(np.zeros((9, 9), "f8"), byteorder=">"), "of 64-bit floating-point numbers"),
        (written(np.zeros((9, 9), "f8"), bigtiff=True), "of 64-bit floating-point numbers"),
    ],
)
def test_what_pillow_does_not_read_is_named(tmp_path, data, words):
    path = tmp_path / "a.tif"
    path.write_bytes(data)
    with pytest.raises(UnsupportedFileError, match=f"is a TIFF {words}.*, which .*save it as PNG"):
        load_image(path)


@pytest.mark.parametrize("kind", ["u1", "u2", "i2", "i4", "u4", "f4"])
@pytest.mark.parametrize("bigtiff", [False, True])
def test_what_pillow_reads_is_not_named(tmp_path, kind, bigtiff):
    path = tmp_path / "a.tif"
    path.write_bytes(written(np.zeros((9, 9), kind), bigtiff=bigtiff))
    assert load_image(path).shape == (9, 9, 3)
    with path.open("rb") as file:
        assert describe(file) is None


def test_one_that_is_cut_short_stays_that(tmp_path):
    path = tmp_path / "a.tif"
    path.write_bytes(encoded(textured(), ".tif", compression="tiff_lzw"))
    with pytest.raises(TruncatedFileError):
        load_image(truncate(path, 0.9))


def test_a_raw_file_of_a_camera_stays_that(tmp_path):
    path = tmp_path / "a.tif"
    path.write_bytes(tiff_with(259, 34713))  # Nikon's
    with pytest.raises(UnsupportedFileError, match="camera's raw file"):
        media_kind(path)


@pytest.mark.parametrize("length", range(0, 40, 3))
def test_a_directory_that_is_none(length):
    whole = tiff_of_numbers(64, 3)
    assert describe(io.BytesIO(whole[:length])) is None
    far = struct.pack("<2sHHHQ", b"II", 43, 8, 0, 2**64 - 1 - length)
    assert describe(io.BytesIO(far)) is None
