"""From a name or a folder to a summarizer."""

from __future__ import annotations

from pathlib import Path

from captioner.runtime.hub import is_path
from summarizer.base import Summarizer, SummarizerError

PRETRAINED = Path(__file__).parent / "pretrained"
DEFAULT = "fusion-bart"
CONSENSUS = "consensus"


def shipped_models() -> list[str]:
    """Names of the models that ship with the package, and of the one that needs no model."""
    folders = PRETRAINED.iterdir() if PRETRAINED.is_dir() else ()
    return [CONSENSUS, *sorted(folder.name for folder in folders if folder.is_dir())]


def load_summarizer(model: str | Path | None = None) -> Summarizer:
    """Loads a summarizer.

    Args:
        model: None for the one that ships; the name of a shipped one; ``"consensus"`` for the
            choice of the caption that the others agree with most, which needs no model; a folder;
            or the name of any sequence-to-sequence model of the Hugging Face hub, which is then
            downloaded through transformers.

    Raises:
        SummarizerError: it cannot be loaded; says what was tried and what to do.
    """
    if model == CONSENSUS:
        from summarizer.consensus import ConsensusSummarizer

        return ConsensusSummarizer()
    from summarizer.bart import BartSummarizer

    name = DEFAULT if model is None else str(model)
    if not name.strip():
        raise SummarizerError(f"the summarizer's name is empty; {_known()}")
    shipped = PRETRAINED / name
    if name in shipped_models():
        return BartSummarizer.from_folder(shipped, name)
    if model is None:
        raise SummarizerError(
            f"{shipped}: the summarizer that ships is missing; install the package again, or ask "
            f"for {CONSENSUS!r}"
        )
    if Path(name).is_dir():
        return BartSummarizer.from_folder(Path(name))
    if isinstance(model, Path) or is_path(name):
        raise SummarizerError(f"{name}: there is no such folder; {_known()}")
    return BartSummarizer.from_hub(name)


def _known() -> str:
    return (
        f"give a folder, a hub name such as facebook/bart-large-cnn, or one of {shipped_models()}"
    )
