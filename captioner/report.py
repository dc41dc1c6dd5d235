"""What a run says on standard error: failures as they come, progress, and the sum at the end."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Never, Self

from tqdm import tqdm

from captioner.rows import Row, one_line


class Report:
    """Counts the rows of a run and tells a person about them.

    As a context manager it shows progress, where standard error is a terminal and there is more
    than one input.

    Attributes:
        captioned: how many inputs have a caption so far.
        failed: how many were tried and have none.
    """

    def __init__(self) -> None:
        self.captioned = 0
        self.failed = 0
        self._total = 0
        self._started = time.monotonic()
        self._bar: tqdm[Never] | None = None

    def expect(self, total: int) -> Self:
        """Say how many inputs there are. Returns the report itself, for a ``with`` statement."""
        self._total = total
        return self

    def __enter__(self) -> Self:
        # tqdm's None means: only where the stream is a terminal.
        self._bar = tqdm(
            total=self._total,
            unit="file",
            leave=False,
            file=sys.stderr,
            disable=None if self._total > 1 else True,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Take the progress bar off the terminal while something else writes there."""
        if self._bar is None or self._bar.disable:
            yield
        else:
            with tqdm.external_write_mode(file=sys.stderr):
                yield

    def add(self, row: Row) -> None:
        """Count a row that is written, and name it if it failed."""
        if row.error is None:
            self.captioned += 1
        else:
            self.failed += 1
            self.say(f"{row.path}: {row.error}")
        if self._bar is not None:
            self._bar.update()

    def say(self, text: str) -> None:
        """Write one line to standard error."""
        with self.quiet():
            print(f"captioner: {one_line(text)}", file=sys.stderr, flush=True)

    def sum_up(self) -> None:
        """Say what became of the inputs, where there was more than one."""
        if self._total > 1:
            self.say(f"{self._counts()}, in {time.monotonic() - self._started:.1f} s")

    def interrupted(self, kept_in: str | None) -> None:
        """Say how far the run came before Ctrl-C, and where the rows are."""
        done = self.captioned + self.failed
        kept = f"; what was done is kept in {kept_in}" if kept_in and done else ""
        self.say(f"interrupted: {self._counts()}, of {self._total}{kept}")

    @property
    def exit_code(self) -> int:
        """0: everything was captioned; 1: a part of it; 2: nothing."""
        if self.captioned == 0:
            return 2
        return 1 if self.failed else 0

    def _counts(self) -> str:
        return f"captioned {self.captioned}, failed {self.failed}"
