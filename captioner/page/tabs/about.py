"""What the page says about its models: read from their model cards."""

import re
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

from captioner.describe.loading import CLIP_NETWORKS
from captioner.models.folder import PRETRAINED as CAPTIONERS
from captioner.page.storage import KEPT
from captioner.page.words import Confidence
from summarizer.loading import DEFAULT
from summarizer.loading import PRETRAINED as SUMMARIZERS

_HOUR = 3600
_SECTIONS = ("Scores", "Limits and bias")


def about(captioners: Sequence[str], clip_models: Sequence[str], confidence: Confidence) -> str:
    """What is known about the models of a server, as Markdown.

    Args:
        captioners: names that ship, or folders.
        clip_models: the same of what makes the sentences of clips.
        confidence: how sure the captioners are.
    """
    parts = []
    for name in captioners:
        parts.append(_summary(name, _card(name)))
        if known := confidence.sentences(name):
            parts.append(f"### How sure\n\n{known}")
    parts += [_summary(name, _card(name)) for name in clip_models]
    return "\n\n".join(parts)


def imprint() -> str:
    """One line: which version this is, which licence, and what becomes of files."""
    try:
        known = metadata("captionloom")
        name = f"Captionloom {known['Version']} · {known['License-Expression']}"
    except PackageNotFoundError:  # a copy of the sources that was not installed
        name = "Captionloom"
    kept = "an hour" if KEPT == _HOUR else f"{KEPT / 60:g} minutes"
    return f"{name} · Your files stay on the machine of this page, and are deleted after {kept}."


def clip_models(captioners: Sequence[str], summarizer: str | None) -> list[str]:
    """Names of what makes the sentences of clips.

    Args:
        captioners: names of the captioners of a server.
        summarizer: the one that was named, or None.
    """
    if summarizer is not None:
        return [summarizer]
    return list(dict.fromkeys(CLIP_NETWORKS.get(name, DEFAULT) for name in captioners))


def _card(name: str) -> str | None:
    for folder in (CAPTIONERS / name, SUMMARIZERS / name, Path(name)):
        try:
            return (folder / "README.md").read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
    return None


def _summary(name: str, card: str | None) -> str:
    """The introduction of a model card, its scores, its limits."""
    if card is None:
        return f"## {Path(name).name}\n\nThis model came without a model card."
    text = re.sub(r"\A---\n.*?\n---\n", "", card, flags=re.DOTALL)  # for machines
    text = re.sub(r"!\[.*?\]\(.*?\)|^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    introduction, *sections = re.split(r"^## ", text, flags=re.MULTILINE)
    wanted = [section for section in sections if section.startswith(_SECTIONS)]
    heading = re.sub(r"\A\s*# .*$", "", introduction, count=1, flags=re.MULTILINE).strip()
    parts = [f"## {Path(name).name}", heading, *(f"### {section.strip()}" for section in wanted)]
    return "\n\n".join(parts)
