"""Pixels of any kind to upright RGB: modes, bit depths, transparency, orientation, size."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms

RGBArray: TypeAlias = NDArray[np.uint8]

_WHITE = (255, 255, 255, 255)

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

    Raises whatever Pillow raises for damaged data: call it inside ``pillow.decoding``.
    """
    image.load()  # some formats carry their EXIF data behind the pixels
    turn = _UPRIGHT.get(_orientation(image))
    rgb = _to_rgb_mode(image)
    if max_side is not None and max(rgb.size) > max_side:
        rgb = rgb.copy() if rgb is image else rgb
        rgb.thumbnail((max_side, max_side), reducing_gap=2.0)
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


def _to_rgb_mode(image: Image.Image) -> Image.Image:
    if image.mode == "RGB" and not image.has_transparency_data:
        return image
    if image.mode.startswith("I") or image.mode == "F":
        return Image.fromarray(_deep_to_grey(image)).convert("RGB")
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


def _deep_to_grey(image: Image.Image) -> RGBArray:
    """Scale 16-bit, 32-bit and float greys to 8 bits.

    Integers fill 16 bits (Pillow scales deep PGM files so). Floats fill the smallest of 0..1,
    0..255 and 0..65535 that holds them. What fits none is stretched from its lowest to its
    highest value.
    """
    values = np.asarray(image)
    if image.mode == "F":
        values = np.nan_to_num(values, posinf=0, neginf=0)
    low, high = float(values.min()), float(values.max())
    if low < 0 or high > 65535:
        return _scale(values.astype(np.float64) - low, max(high - low, 1e-12))
    tops = (1, 255, 65535) if image.mode == "F" else (65535,)
    return _scale(values, next(top for top in tops if high <= top))


def _scale(values: NDArray[Any], top: float) -> RGBArray:
    """Map 0..``top`` to 0..255, rounding to the nearest."""
    return (values * (255.0 / top) + 0.5).astype(np.uint8)
