"""What a run is asked to do: a command line that was understood."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

from captioner.types import Precision

STANDARD_INPUT = STANDARD_OUTPUT = "-"

Existing: TypeAlias = Literal["skip", "overwrite", "append", "prepend"]


@dataclass(frozen=True)
class Options:
    """A command line that was understood. See ``--help`` for the meaning of each."""

    inputs: tuple[str, ...]
    recursive: bool
    hidden: bool
    files_from: str | None
    null: bool
    output: str | None
    sidecars: tuple[str, ...]
    existing: Existing
    retry_failed: bool
    prefix: str
    suffix: str
    dry_run: bool
    model: str | None
    prompt: str | None
    summarizer: str | None
    frames: str
    max_frames: int
    beams: int | None
    precision: Precision | None
    batch_size: int
    workers: int | None
    max_seconds: int

    @property
    def command(self) -> str:
        """What is the same for two command lines that ask for the same, from the same folder."""
        fields = replace(self, dry_run=False, batch_size=1, workers=None, max_seconds=60)
        return f"{Path.cwd()} {fields}"
