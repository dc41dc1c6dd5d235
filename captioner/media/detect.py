"""Which kind of media a file is, and which files a folder search picks up."""

from pathlib import Path

from PIL.ImageFile import ImageFile

from captioner.errors import DAMAGE
from captioner.media.budget import Budget
from captioner.media.containers import HEAD_BYTES, is_video
from captioner.media.files import open_media
from captioner.media.pillow import MAX_PIXELS, decoding, open_picture
from captioner.types import MediaKind

# fmt: off
IMAGE_SUFFIXES = frozenset({
    ".apng", ".avif", ".avifs", ".bmp", ".dib", ".gif", ".heic", ".heif", ".hif", ".j2k", ".jfif",
    ".jp2", ".jpe", ".jpeg", ".jpg", ".jpx", ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".psd", ".qoi",
    ".tga", ".tif", ".tiff", ".webp",
})
VIDEO_SUFFIXES = frozenset({
    ".3gp", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts",
    ".ogv", ".webm", ".wmv",
})
# fmt: on
# What they promise; .webp, .png and .avif can move too, and seldom do.
_ANIMATION_SUFFIXES = frozenset({".apng", ".avifs", ".gif"})
# Lower-case, with the dot. A search reads other files only where they are named one by one.
MEDIA_SUFFIXES = IMAGE_SUFFIXES | VIDEO_SUFFIXES

# Other formats hold several pictures too, but pages (TIFF), sizes (ICO), layers (PSD) or views
# (MPO, as many phones write) are not moments in time.
_ANIMATED_FORMATS = frozenset({"AVIF", "FLI", "GIF", "PNG", "WEBP"})


def kind_from_suffix(name: str) -> MediaKind | None:
    """What a file should be by the suffix of its name, unopened; None where that says nothing."""
    suffix = name[name.rfind(".") :].lower()
    if suffix in VIDEO_SUFFIXES:
        return "video"
    if suffix in _ANIMATION_SUFFIXES:
        return "animation"
    return "image" if suffix in IMAGE_SUFFIXES else None


def media_kind(
    path: str | Path, *, max_pixels: int = MAX_PIXELS, budget: Budget | None = None
) -> MediaKind:
    """Tell by its content what a file is; its suffix plays no part.

    A GIF, WebP, PNG or AVIF of one frame is an ``"image"``, of more an ``"animation"``.

    Raises:
        MediaError: not readable, or neither a picture nor a clip; see ``captioner.errors``.
    """
    budget = budget or Budget(path)
    with open_media(path) as file:
        head = file.read(HEAD_BYTES)
        if is_video(head):
            return "video"
        file.seek(0)
        with open_picture(file, str(path), max_pixels, budget) as image:
            return "animation" if _is_animated(image, str(path), budget) else "image"


def _is_animated(image: ImageFile, path: str, budget: Budget) -> bool:
    try:
        with decoding(path, budget):
            return image.format in _ANIMATED_FORMATS and getattr(image, "is_animated", False)
    except DAMAGE:  # a second frame begins, and is damaged: the first may still be whole
        return True
