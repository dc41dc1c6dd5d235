"""What every training run leaves for people: curves, and a model card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from training.common.history import read_history


def draw_curves(log: Path, path: Path, x: str, panels: Sequence[Mapping[str, str]]) -> None:
    """Columns of a run's log beside each other, as a PNG.

    Args:
        log: as `read_history` reads it.
        path: where the picture goes.
        x: the column that all are drawn over.
        panels: for each of the graphs the columns that it shows, each with its name for people.
            Rows that have no such number are left out.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = read_history(log)
    figure, graphs = pyplot.subplots(1, len(panels), figsize=(9, 3.5), layout="constrained")
    for axes, columns in zip(graphs, panels, strict=True):
        for key, label in columns.items():
            points = [(int(row[x]), float(row[key])) for row in rows if row[key]]
            axes.plot(*zip(*points, strict=True), marker=".", label=label)
        axes.set(xlabel=x)
        axes.grid(alpha=0.3)
        axes.legend()
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def write_card(
    folder: Path, header: Mapping[str, Any], name: str, about: str, sections: Mapping[str, str]
) -> None:
    """``README.md`` of a model folder.

    Args:
        folder: the model folder.
        header: what Hugging Face reads of a card, besides its language, which is English.
        name: what the model is called.
        about: what it is, in a sentence or two.
        sections: Markdown by title.
    """
    yaml_header = yaml.safe_dump({"language": "en", **header}, sort_keys=False)
    parts = [f"---\n{yaml_header}---", f"# {name}", about.strip()]
    for title, text in sections.items():
        parts += [f"## {title}", text.strip()]
    (folder / "README.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")
