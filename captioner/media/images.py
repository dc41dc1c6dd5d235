"""One still picture: a file, a Pillow picture or an array, as upright RGB."""

import io
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from captioner.errors import MediaError, TruncatedFileError, UnsupportedFileError
from captioner.media import tiff
from captioner.media.budget import Budget
from captioner.media.files import open_media
from captioner.media.memory import room_for
from captioner.media.pillow import MAX_PIXELS, check_pixels, decoding, open_picture
from captioner.media.pixels import RGBArray, array_to_picture, picture_to_rgb

_IN_MEMORY = "<image>"

_START_OF_JPEG, _END_OF_JPEG = b"\xff\xd8", b"\xff\xd9"
_START_OF_SCAN = b"\xff\xda"  # in a JPEG; in its coded pixels, 0 follows each 255
_BLOCK = 1 << 20


def load_image(
    source: str | Path | Image.Image | NDArray[Any],
    *,
    max_pixels: int = MAX_PIXELS,
    max_side: int | None = None,
    budget: Budget | None = None,
) -> RGBArray:
    """Read one picture as an upright array, uint8 [H, W, 3], red first.

    EXIF orientation is applied, transparency lies on white, and every mode that Pillow reads is
    turned into 8-bit RGB. Of an animation it gives the first frame.

    Args:
        source: a file of any still format that Pillow reads; a Pillow picture; or an array,
            [H, W] or [H, W, 1|3|4], of bool, uint8, uint16, or floats from 0 to 1.
        max_pixels: a picture with more pixels is refused before it is decoded. Pillow refuses
            files of more than twice ``PIL.Image.MAX_IMAGE_PIXELS`` whatever is given here.
        max_side: scale the picture down until neither side is longer (in pixels). A JPEG is then
            decoded at a fraction of its size, which is several times as fast.
        budget: what reading a file may cost; by default the usual limits.

    Raises:
        MediaError: the subclass says what is wrong; see ``captioner.errors``.
        ValueError: ``max_side`` is below 1.
        TypeError: ``source`` is none of these.
    """
    check_max_side(max_side)
    if isinstance(source, (str, Path)):
        return _load_file(str(source), max_pixels, max_side, budget or Budget(source))
    name = _IN_MEMORY
    if isinstance(source, np.ndarray):
        if source.ndim >= 2:
            check_pixels(name, source.shape[1], source.shape[0], max_pixels)
        if _is_finished(source, max_side):
            return np.array(source)
        source = _picture_from(source)
    elif isinstance(source, Image.Image):
        name = str(getattr(source, "filename", "") or _IN_MEMORY)
        _check_open(source, name)
    else:
        raise TypeError(f"source must be a path, a Pillow picture or an array, not {type(source)}")
    check_pixels(name, *source.size, max_pixels)
    with decoding(name):
        return picture_to_rgb(source, max_side)


def check_max_side(max_side: int | None) -> None:
    """Raise ``ValueError`` unless ``max_side`` is None or at least 1 pixel."""
    if max_side is not None and max_side < 1:
        raise ValueError(f"max_side must be at least 1, not {max_side}")


def _load_file(path: str, max_pixels: int, max_side: int | None, budget: Budget) -> RGBArray:
    try:
        return _decode(path, max_pixels, max_side, budget)
    except TruncatedFileError as error:
        return _completed(path, max_side, budget, error)


def _completed(
    path: str, max_side: int | None, budget: Budget, error: TruncatedFileError
) -> RGBArray:
    """Return a JPEG that only its end marker is missing from; else raise what is wrong.

    Its picture is whole where it is the same whatever follows: Pillow tells no more.
    """
    with open_media(path) as file:
        if file.read(2) != _START_OF_JPEG:
            if rare := tiff.describe(budget.metered(file)):
                raise UnsupportedFileError(path, *rare) from error
            raise error
        file.seek(0)
        data = budget.metered(file).read().removesuffix(b"\xff")
    pictures = []
    for rest in (b"", b"\x5a\x33\x96" * 99):
        with decoding(path, budget), Image.open(io.BytesIO(data + rest + _END_OF_JPEG)) as image:
            budget.spend_frame(*image.size)
            with room_for(image, budget):
                pictures.append(picture_to_rgb(image, max_side))
    if not np.array_equal(pictures[0], pictures[1]):
        raise error
    return pictures[0]


def _decode(path: str, max_pixels: int, max_side: int | None, budget: Budget) -> RGBArray:
    with (
        open_media(path) as file,
        open_picture(file, path, max_pixels, budget) as image,
        decoding(path, budget),
    ):
        budget.spend_frame(*image.size, count=_passes(image, budget.metered(file)))
        if max_side is not None:
            _draft(image, max_side)
        with room_for(image, budget):
            return picture_to_rgb(image, max_side)


def _passes(image: Image.Image, file: BinaryIO) -> int:
    """How often the decoder goes over all pixels: a progressive JPEG may have thousands of scans.

    They are decoded within one call, so they are counted before.
    """
    if not image.info.get("progressive"):
        return 1
    place, count, last = file.tell(), 0, b""
    file.seek(0)
    while block := file.read(_BLOCK):
        count += (last + block).count(_START_OF_SCAN)
        last = block[-1:]
    file.seek(place)
    return max(1, count)


def _check_open(image: Image.Image, name: str) -> None:
    if 0 in image.size:
        reason = f"is an empty picture ({image.width}x{image.height} pixels)"
        raise UnsupportedFileError(name, reason, "give one with pixels")
    try:
        with decoding(name):
            image.load()
    except MediaError as error:
        # A picture without a file is in memory whole, unless it was closed.
        if getattr(image, "fp", None) is None:
            remedy = "give it before it is closed, or give its path"
            raise UnsupportedFileError(name, "is a closed picture", remedy) from error
        raise


def _draft(image: Image.Image, max_side: int) -> None:
    """Let the decoder itself halve the picture, as long as it stays twice as large as wanted."""
    scale = 2 * max_side / max(image.size)
    if scale < 1:
        # The JPEG decoder works in steps of 1/2, 1/4 and 1/8; other formats ignore this.
        image.draft(None, (max(1, int(image.width * scale)), max(1, int(image.height * scale))))


def _is_finished(array: NDArray[Any], max_side: int | None) -> bool:
    """Tell whether an array is a result already, as frames of clips are: Pillow is left out."""
    return (
        array.dtype == np.uint8
        and array.ndim == 3
        and array.shape[2] == 3
        and array.size > 0
        and (max_side is None or max(array.shape[:2]) <= max_side)
    )


def _picture_from(array: NDArray[Any]) -> Image.Image:
    try:
        return array_to_picture(array)
    except ValueError as error:
        remedy = "give [H, W] or [H, W, 3] of uint8, or floats from 0 to 1"
        raise UnsupportedFileError(_IN_MEMORY, f"the array {error}", remedy) from error
