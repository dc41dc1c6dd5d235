"""Everything that a run writes: the combined file, the sidecars, standard output."""

import errno
import io
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from enum import Enum, auto
from pathlib import Path
from typing import Any, Self, TextIO

from captioner.batch.finding import Input
from captioner.batch.options import STANDARD_OUTPUT, Options
from captioner.batch.rows import Row
from captioner.errors import MediaError
from captioner.media.detect import kind_from_suffix, media_kind
from captioner.outputs.combined import CombinedFile
from captioner.outputs.joining import joined, surround, surround_frames
from captioner.outputs.locking import locked
from captioner.writers import (
    SIDECARS,
    InputLostError,
    JsonLinesWriter,
    OutputFileError,
    Sidecar,
    TextWriter,
    Writer,
)
from captioner.writers.files import sweep
from captioner.writers.neighbours import Neighbours
from captioner.writers.sidecars import may_move

# With these, the next sidecar will fare no better.
_HOPELESS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})


class State(Enum):
    """What is there for an input before a run."""

    TO_DO = auto()
    DONE = auto()  # all that was asked for
    FAILED = auto()  # a row that says so, and nobody asked to try again
    NOT_ASKED = auto()  # a still picture where only subtitles are wanted


@dataclass(frozen=True)
class Plan:
    """The inputs of a run by what is to be done.

    Attributes:
        to_do: those to caption.
        done: how many have all that was asked for.
        failed_before: how many failed in an earlier run.
        not_asked: how many are still pictures, where only subtitles are wanted.
        remarks: what a person may want to know before the run.
    """

    to_do: tuple[Input, ...]
    done: int = 0
    failed_before: int = 0
    not_asked: int = 0
    remarks: tuple[str, ...] = ()


class Outputs:
    """What a command line asks for, and how much of it is there.

    Args:
        options: the command line.
    """

    def __init__(self, options: Options) -> None:
        self._existing = options.existing
        self._retry = options.retry_failed
        self._affixes = options.prefix, options.suffix
        self._sidecars = [SIDECARS[name] for name in options.sidecars]
        self._neighbours = Neighbours()
        self._stream: Writer | None = None
        self._combined: CombinedFile | None = None
        if options.output == STANDARD_OUTPUT:
            self._stream = JsonLinesWriter(_standard_output(encoding="utf-8", newline="\n"))
        elif options.output is not None:
            self._combined = CombinedFile(Path(options.output), options.existing, options.command)
        elif not self._sidecars:
            self._stream = TextWriter(_standard_output(errors="backslashreplace"))

    def plan(self, inputs: Sequence[Input]) -> Plan:
        """Find out what is to be done for each input.

        Raises:
            OutputFileError: the combined file is not one of this program, or is damaged.
            OSError: it cannot be read.
        """
        if self._combined is not None:
            self._combined.look(inputs)
        to_do = []
        counts = dict.fromkeys(State, 0)
        for item in inputs:
            state = self._state(item)
            counts[state] += 1
            if state is State.TO_DO:
                to_do.append(item)
        return Plan(
            tuple(to_do),
            done=counts[State.DONE],
            failed_before=counts[State.FAILED],
            not_asked=counts[State.NOT_ASKED],
            remarks=() if self._combined is None else tuple(self._combined.remarks(inputs)),
        )

    @property
    def name(self) -> str:
        """What the rows go to, for a message."""
        if self._combined is not None:
            return str(self._combined.target)
        return "standard output" if self._sidecars == [] else "the sidecars"

    @property
    def kept(self) -> str | None:
        """Where the captions of a run that stops half-way are."""
        if self._combined is not None:
            return f"in {self._combined.target}"
        return "beside the inputs" if self._sidecars else None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other runs away from the combined file.

        Raises:
            BusyError: another run is at it.
        """
        with nullcontext() if self._combined is None else locked(self._combined.path):
            yield

    def prepare(self, inputs: Sequence[Input]) -> None:
        """Make sure that something can be written, before hours are spent on captions.

        Args:
            inputs: those that are to be captioned.

        Raises:
            PermissionError: there is no folder that takes a sidecar.
        """
        folders = {os.path.dirname(item.path) or os.curdir for item in inputs}  # noqa: PTH120
        if self._sidecars and folders and not any(os.access(path, os.W_OK) for path in folders):
            raise PermissionError(13, "Permission denied", min(folders))
        if self._combined is not None:
            sweep(self._combined.path.parent)
        for folder in folders if self._sidecars else ():
            sweep(Path(folder))

    def __enter__(self) -> Self:
        if self._combined is not None:
            self._combined.open()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._combined is not None:
            self._combined.close()

    def write(self, row: Row) -> list[str]:
        """Write what lacks for one input.

        Returns:
            Why sidecars could not be written, a sentence for each.

        Raises:
            OSError: an output takes no more.
        """
        row = surround(row, *self._affixes)
        problems = []
        for sidecar in self._sidecars if row.text is not None else ():
            problem = self._write_sidecar(sidecar, row)
            if problem is not None:
                problems.append(problem)
        if self._combined is not None:
            try:
                self._combined.write(row)
            except InputLostError as error:  # a .tar takes the input itself
                problems.append(f"cannot be read any more ({error.strerror}); try it again")
        if self._stream is not None:
            self._stream.write(row)
        return problems

    def finish(self, inputs: Iterable[Input]) -> str | None:
        """Put the combined file together after the last row, where it could not grow by rows.

        Returns:
            What a person has to know about it, if anything.

        Raises:
            OSError: it cannot be written.
        """
        return None if self._combined is None else self._combined.finish(inputs)

    def _state(self, item: Input) -> State:
        captioned = None if self._combined is None else self._combined.is_captioned(item.file_name)
        if captioned is False and not self._retry:
            return State.FAILED
        if self._existing != "skip" and captioned:
            return State.DONE  # by this very command, before it was stopped: sidecars come first
        asked = [sidecar for sidecar in self._sidecars if _is_for(sidecar, item)]
        if self._combined is None and self._stream is None:
            if not asked:
                return State.NOT_ASKED
        elif not captioned:
            return State.TO_DO
        if self._existing != "skip":
            return State.TO_DO
        there = all(sidecar.is_there(self._path(sidecar, item.path)) for sidecar in asked)
        return State.DONE if there else State.TO_DO

    def _path(self, sidecar: type[Sidecar], path: str) -> Path:
        """Where the sidecar of an input lies."""
        return sidecar.path_for(path, self._neighbours)

    def _write_sidecar(self, sidecar: type[Sidecar], row: Row) -> str | None:
        """Write one sidecar, if it lacks. Returns why it could not be written."""
        if sidecar.clips_only:
            row = surround_frames(row, *self._affixes)
        if not sidecar.takes(row):
            return None
        path = self._path(sidecar, row.path)
        try:
            if self._existing == "skip" and sidecar.is_there(path):
                return None
            if self._existing in ("append", "prepend"):
                text = joined(sidecar.read_caption(path), row.text or "", self._existing)
                row = replace(row, text=text)
            sidecar.write(row, path)
        except OutputFileError as error:
            return f"{path.name} {error.reason}; {error.remedy}"
        except OSError as error:
            if error.errno in _HOPELESS:
                raise
            return f"{path.name} cannot be written ({error.strerror or error}); check its folder"
        return None


def _is_for(sidecar: type[Sidecar], item: Input) -> bool:
    """Whether an input can have the sidecar; it is opened only where its name does not say."""
    if not sidecar.clips_only or kind_from_suffix(item.path) == "video":
        return True
    if not may_move(item.path):
        return False
    try:
        return media_kind(item.path) != "image"
    except MediaError:
        return True  # so that it is tried, and named


def _standard_output(**settings: Any) -> TextIO:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(**settings)
    return sys.stdout
