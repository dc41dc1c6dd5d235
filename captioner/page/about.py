"""What the page says about its models: read from their model cards."""

import re
from pathlib import Path

from captioner.captioner import PRETRAINED as CAPTIONERS
from summarizer.loading import PRETRAINED as SUMMARIZERS

_SECTIONS = ("Scores", "Limits and bias")


def about(captioners: tuple[str, ...], summarizer: str) -> str:
    """What is known about the models of a server, as Markdown.

    Args:
        captioners: names that ship, or folders.
        summarizer: the same of the summarizer.
    """
    cards = [(name, _card(CAPTIONERS, name)) for name in captioners]
    cards.append((summarizer, _card(SUMMARIZERS, summarizer)))
    return "\n\n".join(_summary(name, card) for name, card in cards)


def _card(shipped: Path, name: str) -> str | None:
    for folder in (shipped / name, Path(name)):
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
