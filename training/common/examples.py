"""A page of examples of what a model writes, beside what people wrote."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

_T = TypeVar("_T")

_STYLE = (
    "body{font:16px system-ui;margin:2rem;display:grid;gap:1.5rem;"
    "grid-template-columns:repeat(auto-fill,minmax(15rem,1fr))}figure{margin:0}"
    "img{width:100%}li{color:#666;font-size:.85rem}"
)


@dataclass(frozen=True)
class Example:
    """One of them.

    Attributes:
        kind: of the picture's file, ``jpeg`` or ``webp``.
        picture: the file.
        caption: what the model wrote.
        references: what people wrote.
    """

    kind: str
    picture: bytes
    caption: str
    references: Sequence[str]

    @property
    def figure(self) -> str:
        """As HTML, with the picture in it."""
        data = base64.b64encode(self.picture).decode()
        said = html.escape(self.caption)
        references = "".join(f"<li>{html.escape(text)}</li>" for text in self.references)
        return (
            f'<figure><img src="data:image/{self.kind};base64,{data}" alt="{said}">'
            f"<figcaption><b>{said}</b><ul>{references}</ul></figcaption></figure>"
        )


def evenly(items: Sequence[_T], captions: Sequence[str], most: int) -> list[tuple[_T, str]]:
    """At most ``most`` of the items, spread evenly, each with its caption."""
    pairs = list(zip(items, captions, strict=True))
    return pairs[:: max(1, len(items) // most)][:most]


def write_examples_page(path: Path, title: str, examples: Sequence[Example]) -> None:
    """Writes the page, which needs no other file."""
    figures = "\n".join(example.figure for example in examples)
    head = f"<!doctype html><meta charset=utf-8><title>{title}</title><style>{_STYLE}</style>"
    path.write_text(head + figures, encoding="utf-8")
