"""The models as a command loads them: on the best backend there is, unless the user chose one."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from captioner.describe.base import Captioner, ClipCaptioner
    from summarizer import Summarizer


def load_captioner(model: str | None, **settings: Any) -> "Captioner":
    """See `captioner.load_captioner`."""
    from captioner.runtime.backend import choose_backend

    choose_backend()
    from captioner.describe.loading import load_captioner

    return load_captioner(model, **settings)


def load_summarizer(model: str | None) -> "Summarizer":
    """See `summarizer.load_summarizer`."""
    from summarizer import load_summarizer

    return load_summarizer(model)


def cut_clips(clips: "ClipCaptioner", text: str | None) -> "ClipCaptioner":
    """See `captioner.search.clip_cut.ClipCutCaptioner`."""
    from captioner.search.clip_cut import ClipCutCaptioner
    from captioner.search.loading import load_retriever

    return ClipCutCaptioner(clips, load_retriever(), text)
