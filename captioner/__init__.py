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
    from captioner.ask.base import Answerer
    from captioner.ask.loading import load_answerer
    from captioner.describe.base import Captioner, ClipCaptioner
    from captioner.describe.loading import load_captioner, load_clip_captioner
    from captioner.errors import (
        BudgetError,
        CodecMissingError,
        EmptyFileError,
        IndexFileError,
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
    from captioner.search.index import Hit, Index
    from captioner.search.loading import load_retriever
    from captioner.search.retriever import Retriever
    from captioner.types import Answer, Caption, ClipCaption, TimedCaption

__all__ = [
    "Answer",
    "Answerer",
    "BudgetError",
    "Caption",
    "Captioner",
    "ClipCaption",
    "ClipCaptioner",
    "CodecMissingError",
    "EmptyFileError",
    "Hit",
    "Index",
    "IndexFileError",
    "InputLostError",
    "MediaError",
    "MissingFileError",
    "ModelError",
    "NoFramesError",
    "OutputFileError",
    "Retriever",
    "TimedCaption",
    "TooLargeError",
    "TruncatedFileError",
    "UnreadableFileError",
    "UnsupportedFileError",
    "load_answerer",
    "load_captioner",
    "load_clip_captioner",
    "load_retriever",
]

_MODULES = {
    "captioner.ask.base": ("Answerer",),
    "captioner.ask.loading": ("load_answerer",),
    "captioner.describe.base": ("Captioner", "ClipCaptioner"),
    "captioner.describe.loading": ("load_captioner", "load_clip_captioner"),
    "captioner.errors": tuple(name for name in __all__ if name.endswith("Error")),
    "captioner.search.index": ("Hit", "Index"),
    "captioner.search.loading": ("load_retriever",),
    "captioner.search.retriever": ("Retriever",),
    "captioner.types": ("Answer", "Caption", "ClipCaption", "TimedCaption"),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


# Names of version 0.1 that are still good.
_OLD_NAMES = {
    "VideoCaption": ("captioner.types", "ClipCaption"),
    "VideoCaptioner": ("captioner.describe.fused", "FusedClipCaptioner"),
}


def __getattr__(name: str) -> object:
    if name in _OLD_NAMES:
        module, new = _OLD_NAMES[name]
        return getattr(import_module(module), new)
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULE_OF[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
