"""Stage two: the captions of a clip's frames become one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import captioner  # noqa: F401 - keeps OpenVINO from reporting to its makers

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
