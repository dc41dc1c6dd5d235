"""Pixels of any kind to upright RGB: modes, bit depths, transparency, orientation, size."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms

RGBArray: TypeAlias = NDArray[np.uint8]

_WHITE = (255, 255, 255, 255)

# How many pixels of a picture are turned into RGB at a time.
_STRIP = 1 << 22

# What undoes each EXIF orientation. Source: CIPA DC-008 (Exif 2.32), tag 0x0112.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def picture_to_rgb(image: Image.Image, max_side: int | None = None) -> RGBArray:
    """Turn a Pillow picture of any mode into an upright array, uint8 [H, W, 3].

    Transparency lies on white. ``max_side`` scales the picture down until neither side is longer.
    Beside the picture and the result, memory holds a strip of it at a time.

    Raises whatever Pillow raises for damaged data: call it inside ``pillow.decoding``.
    """
    image.load()  # some formats carry their EXIF data behind the pixels
    turn = _UPRIGHT.get(_orientation(image))
    rgb = _to_rgb(image, _whole_part(max(image.size), max_side))
    if max_side is not None and max(rgb.size) > max_side:
        rgb.thumbnail((max_side, max_side), reducing_gap=None)
    if turn is not None:
        rgb = rgb.transpose(turn)
    return np.array(rgb, np.uint8)


def array_to_picture(array: NDArray[Any]) -> Image.Image:
    """Turn an array [H, W] or [H, W, 1|3|4] into a Pillow picture (grey, RGB or RGBA).

    Integers are 8- or 16-bit by their dtype, floats run from 0 to 1, booleans are black and white.

    Raises:
        ValueError: another shape or dtype, no pixels, or floats outside 0 to 1.
    """
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        raise ValueError(f"has shape {array.shape}")
    if array.size == 0:
        raise ValueError(f"has no pixels (shape {array.shape})")
    if array.dtype == np.uint16:
        array = _scale(array, 65535)
    elif array.dtype == np.bool_:
        array = array.astype(np.uint8) * np.uint8(255)
    elif np.issubdtype(array.dtype, np.floating):
        if not (array.min() >= 0 and array.max() <= 1):  # also refuses NaN
            raise ValueError("holds floats outside 0 to 1")
        array = _scale(array, 1)
    elif array.dtype != np.uint8:
        raise ValueError(f"has dtype {array.dtype}")
    return Image.fromarray(np.ascontiguousarray(array))


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # EXIF data is a side note: damage to it must not lose the picture
        return 1


def _whole_part(side: int, max_side: int | None) -> int:
    """By which whole number to divide first: the result stays twice as large as wanted."""
    return 1 if max_side is None else max(1, side // (2 * max_side))


def _to_rgb(image: Image.Image, divisor: int) -> Image.Image:
    """Return the picture as RGB, each block of ``divisor`` x ``divisor`` pixels as one."""
    width, height = image.size
    rows = divisor * max(1, _STRIP // (width * divisor))
    if rows >= height and divisor == 1 and not _is_deep(image):
        return _to_rgb_mode(image)
    low, high = _extent(image) if _is_deep(image) else (0.0, 0.0)
    whole = Image.new("RGB", (-(-width // divisor), -(-height // divisor)))
    for top in range(0, height, rows):
        strip = image.crop((0, top, width, min(top + rows, height)))
        strip = _deep_to_rgb(strip, low, high) if _is_deep(image) else _to_rgb_mode(strip)
        whole.paste(strip.reduce(divisor), (0, top // divisor))
    return whole


def _to_rgb_mode(image: Image.Image) -> Image.Image:
    if image.mode == "La":  # premultiplied: Pillow has no direct way to RGBA
        image = image.convert("LA")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        paper = Image.new("RGBA", layer.size, _WHITE)
        return Image.alpha_composite(paper, layer).convert("RGB")
    if image.mode == "LAB":
        profiles = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        turned = ImageCms.profileToProfile(image, *profiles, outputMode="RGB")
        assert turned is not None  # None only with inPlace=True
        return turned
    return image.convert("RGB")


def _is_deep(image: Image.Image) -> bool:
    """Tell whether a picture holds 16-bit, 32-bit or float greys."""
    return image.mode.startswith("I") or image.mode == "F"


def _extent(image: Image.Image) -> tuple[float, float]:
    """Return a deep picture's lowest and highest value."""
    rows = max(1, _STRIP // image.width)
    strips = (_values(image, top, rows) for top in range(0, image.height, rows))
    extents = [(float(strip.min()), float(strip.max())) for strip in strips]
    return min(low for low, _ in extents), max(high for _, high in extents)


def _values(image: Image.Image, top: int, rows: int) -> NDArray[Any]:
    """Return a strip of a deep picture; what is not finite counts as 0."""
    values = np.asarray(image.crop((0, top, image.width, min(top + rows, image.height))))
    return np.nan_to_num(values, posinf=0, neginf=0) if image.mode == "F" else values


def _deep_to_rgb(strip: Image.Image, low: float, high: float) -> Image.Image:
    """Scale a strip of 16-bit, 32-bit or float greys, in a picture from low to high, to 8 bits.

    Integers fill 16 bits (Pillow scales deep PGM files so). Floats fill the smallest of 0..1,
    0..255 and 0..65535 that holds them. What fits none is stretched from its lowest to its
    highest value.
    """
    values = _values(strip, 0, strip.height)
    if low < 0 or high > 65535:
        grey = _scale(values.astype(np.float64) - low, max(high - low, 1e-12))
    else:
        tops = (1, 255, 65535) if strip.mode == "F" else (65535,)
        grey = _scale(values, next(top for top in tops if high <= top))
    return Image.fromarray(grey).convert("RGB")


def _scale(values: NDArray[Any], top: float) -> RGBArray:
    """Map 0..``top`` to 0..255, rounding to the nearest."""
    return (values * (255.0 / top) + 0.5).astype(np.uint8)
