"""What a run says on standard error: failures as they come, progress, and the sum at the end."""

import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Never, Self

from tqdm import tqdm

from captioner.batch.rows import Row, one_line, plain_name
from captioner.media.detect import kind_from_suffix
from captioner.types import MediaKind

if TYPE_CHECKING:
    from captioner.batch.finding import Input
    from captioner.outputs.run import Plan

_REASONS_SHOWN = 10
_NAME_SHOWN = 30  # characters, the last of them: the line has no room for a folder, too
_NAMES: tuple[tuple[MediaKind | None, str], ...] = (
    ("image", "picture"),
    ("animation", "animation"),
    ("video", "video"),
    (None, "other"),
)


class Report:
    """Counts what becomes of the inputs of a run and tells a person about them.

    As a context manager it shows progress, where standard error is a terminal and there is more
    than one input to caption.

    Attributes:
        captioned: how many inputs have got a caption.
        failed: how many were tried in vain.
    """

    def __init__(self) -> None:
        self.captioned = 0
        self.failed = 0
        self._done = 0
        self._failed_before = 0
        self._not_asked = 0
        self._to_do = 0
        self._reasons: Counter[str] = Counter()
        self._started = time.monotonic()
        self._bar: tqdm[Never] | None = None

    def expect(self, plan: "Plan") -> None:
        """Know what is to be done, and say what is odd about it."""
        for remark in plan.remarks:
            self.say(remark)
        self._to_do = len(plan.to_do)
        self._done = plan.done
        self._failed_before = plan.failed_before
        self._not_asked = plan.not_asked

    def __enter__(self) -> Self:
        self._started = time.monotonic()
        # tqdm's None means: only where the stream is a terminal.
        self._bar = tqdm(
            total=self._to_do,
            unit="file",
            leave=False,
            file=sys.stderr,
            disable=None if self._to_do > 1 else True,
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

    def add(self, row: Row, problems: Sequence[str] = ()) -> None:
        """Count a row that is written, and name it if something is wrong.

        Args:
            row: what became of the input.
            problems: why its sidecars could not be written.
        """
        errors = [row.error] if row.error is not None else list(problems)
        self.captioned += not errors
        self.failed += bool(errors)
        for error in errors:
            self.say(f"{row.path}: {error}")
        if errors:
            self._reasons[_reason(errors[0])] += 1
        if self._bar is not None:
            self._bar.update()

    def waiting_for(self, item: "Input | None") -> None:
        """Show the file that is slow to read beside the progress; None: there is none any more."""
        if self._bar is None:
            return
        name = "" if item is None else one_line(plain_name(item.file_name))
        if len(name) > _NAME_SHOWN:
            name = f"…{name[1 - _NAME_SHOWN :]}"
        self._bar.set_postfix_str(name and f"waiting for {name}")

    def say(self, text: str) -> None:
        """Write one line to standard error."""
        with self.quiet():
            print(f"captioner: {one_line(text)}", file=sys.stderr, flush=True)

    def sum_up(self) -> None:
        """Say what became of the inputs, where there was more than one."""
        if self._to_do == 0:
            self.say(f"nothing to do: {self._before()}")
        elif self._to_do + self._done + self._failed_before + self._not_asked > 1:
            seconds = time.monotonic() - self._started
            rate = (self.captioned + self.failed) / max(seconds, 1e-3)
            self.say(f"{self._counts()}, in {seconds:.1f} s ({rate:.1f} files a second)")
            self._sum_up_failures()
        if self._failed_before:
            self.say(
                f"{_files(self._failed_before)} failed in an earlier run; --retry-failed takes "
                "up what failed"
            )

    def dry_run(self, inputs: "Sequence[Input]", plan: "Plan") -> None:
        """Say on standard output what a run would do."""
        self.expect(plan)
        kinds = Counter(kind_from_suffix(item.path) for item in inputs)
        found = ", ".join(_many(kinds[kind], name) for kind, name in _NAMES if kinds[kind])
        print(f"found {_files(len(inputs))}, by their names {found}")
        print(f"to caption: {len(plan.to_do):,}")
        print(f"already captioned: {plan.done:,}")
        if plan.failed_before:
            remedy = "--retry-failed takes them up"
            print(f"failed in an earlier run: {plan.failed_before:,} ({remedy})")
        if plan.not_asked:
            print(f"not moving, and so without subtitles: {plan.not_asked:,}")
        sys.stdout.flush()

    def interrupted(self, kept: str | None) -> None:
        """Say how far the run came before Ctrl-C, and where the captions are."""
        if not self.captioned + self.failed:
            self.say("interrupted before anything was captioned")
            return
        kept = f"; what was done is kept {kept}, and the same command goes on" if kept else ""
        self.say(f"interrupted: {self._counts()}, of {self._to_do:,}{kept}")

    @property
    def exit_code(self) -> int:
        """0: all inputs have what was asked for; 1: a part of them; 2: none."""
        if self.captioned + self._done == 0:
            return 2
        return 1 if self.failed + self._failed_before else 0

    def _sum_up_failures(self) -> None:
        if self.failed > 1:
            for reason, count in self._reasons.most_common(_REASONS_SHOWN):
                self.say(f"  {_files(count)}: {reason}")
            others = len(self._reasons) - _REASONS_SHOWN
            if others > 0:
                self.say(f"  and {others:,} other reason{'s' * (others > 1)}")

    def _counts(self) -> str:
        skipped = self._done + self._failed_before + self._not_asked
        words = f"captioned {self.captioned:,}, failed {self.failed:,}"
        return f"{words}, skipped {skipped:,}" if skipped else words

    def _before(self) -> str:
        parts = []
        if self._done:
            parts.append(f"{_files(self._done)} already captioned")
        if self._failed_before:
            parts.append(f"{_files(self._failed_before)} failed before")
        if self._not_asked:
            parts.append(f"{_files(self._not_asked)} not moving, and subtitles are for clips")
        return ", ".join(parts)


def _reason(error: str) -> str:
    """What is wrong, without the remedy: the same for many files."""
    return error.partition("; ")[0]


def _many(count: int, name: str) -> str:
    return f"1 {name}" if count == 1 else f"{count:,} {name}s"


def _files(count: int) -> str:
    return _many(count, "file")
