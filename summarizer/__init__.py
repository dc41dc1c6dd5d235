"""Stage two: the captions of a clip's frames become one sentence."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

# By this package OpenVINO reports each of its imports to its makers, unless a user forbade it.
# Nothing is to be sent from here: where it is missing, OpenVINO does without.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

if TYPE_CHECKING:
    from summarizer.base import Summarizer, SummarizerError
    from summarizer.consensus import ConsensusSummarizer
    from summarizer.loading import load_summarizer

__all__ = ["ConsensusSummarizer", "Summarizer", "SummarizerError", "load_summarizer"]

_HOMES = {
    "ConsensusSummarizer": "summarizer.consensus",
    "Summarizer": "summarizer.base",
    "SummarizerError": "summarizer.base",
    "load_summarizer": "summarizer.loading",
}


def __getattr__(name: str) -> Any:
    # Imported when first asked for, so that a module that needs none of it starts at once.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
