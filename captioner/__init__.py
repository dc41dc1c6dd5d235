"""Pictures become sentences: captions for photos, GIFs and short videos.

The public names load their modules when they are first used, so that ``import captioner`` is
quick and imports neither Keras, PyTorch, TensorFlow nor OpenCV.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING

# By this package OpenVINO reports each of its imports to its makers, unless a user forbade it.
# Nothing is to be sent from here: where it is missing, OpenVINO does without.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

if TYPE_CHECKING:
    from captioner.describe.base import Captioner
    from captioner.describe.fused import VideoCaptioner
    from captioner.describe.loading import load_captioner
    from captioner.errors import (
        BudgetError,
        CodecMissingError,
        EmptyFileError,
        InputLostError,
        MediaError,
        MissingFileError,
        ModelError,
        NoFramesError,
        OutputFileError,
        TooLargeError,
        TruncatedFileError,
        UnreadableFileError,
        UnsupportedFileError,
    )
    from captioner.types import Caption, TimedCaption, VideoCaption

__all__ = [
    "BudgetError",
    "Caption",
    "Captioner",
    "CodecMissingError",
    "EmptyFileError",
    "InputLostError",
    "MediaError",
    "MissingFileError",
    "ModelError",
    "NoFramesError",
    "OutputFileError",
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
    "captioner.describe.base": ("Captioner",),
    "captioner.describe.fused": ("VideoCaptioner",),
    "captioner.describe.loading": ("load_captioner",),
    "captioner.errors": tuple(name for name in __all__ if name.endswith("Error")),
    "captioner.types": ("Caption", "TimedCaption", "VideoCaption"),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULE_OF[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
