"""``training.csv``: a row of numbers for each epoch that is over."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path


def add_to_history(path: Path, row: Mapping[str, float]) -> None:
    """Adds a row; the first one also says what the columns are."""
    new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(row))
        if new:
            writer.writeheader()
        writer.writerow({key: f"{value:.6g}" for key, value in row.items()})


def read_history(path: Path) -> list[dict[str, str]]:
    """The rows; none where there is no file."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
