"""Pictures become sentences: captions for photos, GIFs and short videos.

The public names load their modules when they are first used, so that ``import captioner`` is
quick and imports neither Keras, PyTorch, TensorFlow nor OpenCV.
"""

from importlib import import_module
from typing import TYPE_CHECKING

import summarizer  # noqa: F401 - keeps OpenVINO from reporting to its makers

if TYPE_CHECKING:
    from captioner.captioner import Caption, Captioner, load_captioner
    from captioner.media.errors import (
        BudgetError,
        CodecMissingError,
        EmptyFileError,
        MediaError,
        MissingFileError,
        NoFramesError,
        TooLargeError,
        TruncatedFileError,
        UnreadableFileError,
        UnsupportedFileError,
    )
    from captioner.models.errors import ModelError
    from captioner.video import TimedCaption, VideoCaption, VideoCaptioner

__all__ = [
    "BudgetError",
    "Caption",
    "Captioner",
    "CodecMissingError",
    "EmptyFileError",
    "MediaError",
    "MissingFileError",
    "ModelError",
    "NoFramesError",
    "TimedCaption",
    "TooLargeError",
    "TruncatedFileError",
    "UnreadableFileError",
    "UnsupportedFileError",
    "VideoCaption",
    "VideoCaptioner",
    "load_captioner",
]

_MODULES = {
    "captioner.captioner": ("Caption", "Captioner", "load_captioner"),
    "captioner.media.errors": (
        "BudgetError",
        "CodecMissingError",
        "EmptyFileError",
        "MediaError",
        "MissingFileError",
        "NoFramesError",
        "TooLargeError",
        "TruncatedFileError",
        "UnreadableFileError",
        "UnsupportedFileError",
    ),
    "captioner.models.errors": ("ModelError",),
    "captioner.video": ("TimedCaption", "VideoCaption", "VideoCaptioner"),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULE_OF[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
