"""``python -m captioner``: the words of a command line → a run → an exit code.

Exit codes: 0, every input has its caption, from this run or an earlier one; 1, some have none and
are named, the rest is done; 2, wrong use, or no input has one; 130, interrupted (Ctrl-C); 143,
terminated (SIGTERM); 141, the reader of standard output went away.
"""

import functools
import logging
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from captioner.batch.options import Options
from captioner.cli import models
from captioner.cli.parser import CLIP_CUT, captioner_settings, parse_options
from captioner.runtime.process import READER_GONE, exit_code_of

if TYPE_CHECKING:
    from captioner.batch.finding import Input
    from captioner.batch.rows import Row
    from captioner.cli.report import Report
    from captioner.describe.base import Captioner, ClipCaptioner
    from captioner.outputs.run import Outputs, Plan
    from summarizer import Summarizer

_NOTHING_DONE = 2


class _StopError(Exception):
    """The run cannot go on; the message says why."""


class _RefusalError(_StopError):
    """The run cannot even begin."""


def main(
    argv: Sequence[str] | None = None,
    *,
    load_captioner: "Callable[..., Captioner] | None" = None,
    load_summarizer: "Callable[..., Summarizer] | None" = None,
) -> int:
    """Run a command line.

    Args:
        argv: its words, without the program; by default this process's.
        load_captioner: instead of ``captioner.load_captioner``; called as
            ``load_captioner(model, beams=beams)``, with ``prompt`` and ``precision`` where given.
        load_summarizer: instead of ``summarizer.load_summarizer``; called as
            ``load_summarizer(model)``, and only where there is a clip.

    Returns:
        The exit code.

    Raises:
        SystemExit: where the command line is wrong (code 2), or only asks for help (0).
    """
    options = parse_options(sys.argv[1:] if argv is None else argv)
    from captioner.cli.report import Report
    from captioner.outputs.run import Outputs

    report, outputs = Report(), Outputs(options)
    load = load_captioner or models.load_captioner, load_summarizer or models.load_summarizer
    try:
        with _remarks_to(report):
            return _run(options, outputs, report, *load)
    except _StopError as error:
        report.say(f"error: {error}")
        return _NOTHING_DONE if isinstance(error, _RefusalError) else max(1, report.exit_code)
    except KeyboardInterrupt as stop:
        report.interrupted(outputs.kept)
        return exit_code_of(stop)
    except BrokenPipeError:
        return READER_GONE


def _run(
    options: Options,
    outputs: "Outputs",
    report: "Report",
    load_captioner: "Callable[..., Captioner]",
    load_summarizer: "Callable[..., Summarizer]",
) -> int:
    from captioner.outputs.locking import BusyError

    inputs = _find(options, report)
    if not inputs:
        return _NOTHING_DONE
    if options.dry_run:
        plan = _plan(inputs, outputs)
        with _failing_writes("standard output"):
            report.dry_run(inputs, plan)
        return 0
    try:
        with outputs.locked():
            plan = _plan(inputs, outputs)
            report.expect(plan)
            _prepare(plan, outputs)
            rows = _start(plan.to_do, options, report, load_captioner, load_summarizer)
            _write(rows, inputs, outputs, report)
    except BusyError as error:
        raise _RefusalError(error) from None
    report.sum_up()
    return report.exit_code


class _Remarks(logging.Handler):
    """Says what the models find worth a remark; they know of no command line."""

    def __init__(self, report: "Report") -> None:
        super().__init__()
        self._report = report

    def emit(self, record: logging.LogRecord) -> None:
        self._report.say(record.getMessage())


@contextmanager
def _remarks_to(report: "Report") -> Iterator[None]:
    handler = _Remarks(report)
    logger = logging.getLogger("captionloom")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def _find(options: Options, report: "Report") -> "Sequence[Input]":
    from captioner.batch.finding import find_inputs
    from captioner.batch.listing import read_list

    listed = []
    if options.files_from is not None:
        try:
            listed = read_list(options.files_from, null=options.null)
        except OSError as error:
            raise _RefusalError(f"cannot read {options.files_from}: {error.strerror}") from None
        if not listed:
            report.say(f"{options.files_from}: the list names no file")
    found = find_inputs(options.inputs, options.recursive, listed=listed, hidden=options.hidden)
    for folder in found.empty:
        hint = "" if options.recursive else "; add -r to look into its sub-folders"
        report.say(f"{folder}: no picture and no clip in this folder{hint}")
    return found.inputs


def _plan(inputs: "Sequence[Input]", outputs: "Outputs") -> "Plan":
    from captioner.writers import OutputFileError

    try:
        return outputs.plan(inputs)
    except OutputFileError as error:
        raise _RefusalError(error) from None
    except OSError as error:
        raise _RefusalError(f"cannot read {error.filename}: {error.strerror}") from None


def _prepare(plan: "Plan", outputs: "Outputs") -> None:
    try:
        outputs.prepare(plan.to_do)
    except PermissionError as error:
        raise _RefusalError(
            f"no sidecar can be written into {error.filename}: permission was refused; "
            "make the folder writable, or take --output instead"
        ) from None


def _start(
    inputs: "Sequence[Input]",
    options: Options,
    report: "Report",
    load_captioner: "Callable[..., Captioner]",
    load_summarizer: "Callable[..., Summarizer]",
) -> "Generator[Row, None, None]":
    """Load what these inputs need, now; the rows are then made one by one as they are taken."""
    from captioner.batch.pipeline import WORKERS, caption_inputs, failed_row
    from captioner.describe.loading import load_clip_captioner, needs_summarizer
    from captioner.media.detect import kind_from_suffix

    if all(item.error is not None for item in inputs):
        return (failed_row(item, item.error) for item in inputs)
    try:
        captioner = load_captioner(options.model, **captioner_settings(options))
        summarizer = functools.cache(functools.partial(load_summarizer, options.summarizer))
        clips = any(kind_from_suffix(item.path) in ("animation", "video") for item in inputs)
        named = options.summarizer is not None
        if clips and needs_summarizer(captioner, named):
            summarizer()  # a wrong one is refused now, not after a day's work
    except (ImportError, OSError, ValueError) as error:  # of which ModelError, SummarizerError
        raise _RefusalError(f"the model cannot be loaded: {error}") from None

    def clip_captioner() -> "ClipCaptioner":
        selector, _, about = options.frames.partition(":")
        clips = load_clip_captioner(
            captioner,
            summarizer() if needs_summarizer(captioner, named) else None,
            max_frames=options.max_frames,
            frame_selector="uniform" if selector == CLIP_CUT else options.frames,
            batch_size=options.batch_size,
        )
        return clips if selector != CLIP_CUT else models.cut_clips(clips, about or None)

    return caption_inputs(
        inputs,
        captioner,
        clip_captioner,
        batch_size=options.batch_size,
        workers=options.workers or WORKERS,
        overtaking=True,
        waiting_for=report.waiting_for,
        max_seconds=options.max_seconds,
    )


def _write(
    rows: "Generator[Row, None, None]",
    inputs: "Sequence[Input]",
    outputs: "Outputs",
    report: "Report",
) -> None:
    """Write the rows as they come."""
    from captioner.writers import OutputFileError
    from summarizer.base import SummarizerError

    try:
        with _failing_writes(outputs.name):
            with closing(rows), outputs, report:
                for row in rows:
                    with report.quiet():
                        problems = outputs.write(row)
                    report.add(row, problems)
            remark = outputs.finish(inputs)
    except OutputFileError as error:  # somebody else made the file while the model loaded
        raise _RefusalError(error) from None
    except SummarizerError as error:  # of a clip that has the name of a picture
        raise _StopError(f"the model cannot be loaded: {error}; stopped here") from None
    if remark is not None:
        report.say(remark)


@contextmanager
def _failing_writes(name: str) -> Iterator[None]:
    """Stop the run where an output takes no more; ``name`` says which, where the error does not."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:  # an input's own errors are in its row
        reason = error.strerror or error
        raise _StopError(f"cannot write {error.filename or name}: {reason}; stopped here") from None
