"""``python -m captioner``: the words of a command line → a run → an exit code.

Exit codes: 0, everything was captioned; 1, some inputs failed and are named, the rest is done;
2, wrong use, or nothing was captioned at all; 130, interrupted (Ctrl-C); 141, the reader of
standard output went away.
"""

import functools
import io
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from captioner.options import STANDARD_OUTPUT, Options, parse_options

if TYPE_CHECKING:
    from captioner.captioner import Captioner
    from captioner.finding import Input
    from captioner.report import Report
    from captioner.rows import Row
    from captioner.video import VideoCaptioner
    from captioner.writers import Writer
    from summarizer import Summarizer

_NOTHING_DONE = 2
_INTERRUPTED = 128 + 2  # as a shell counts SIGINT
_READER_GONE = 128 + 13  # and SIGPIPE


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
            ``load_captioner(model, beams=beams)``.
        load_summarizer: instead of ``summarizer.load_summarizer``; called as
            ``load_summarizer(model)``, and only where there is a clip.

    Returns:
        The exit code.

    Raises:
        SystemExit: where the command line is wrong (code 2), or only asks for help (0).
    """
    options = parse_options(sys.argv[1:] if argv is None else argv)
    from captioner.report import Report

    report = Report()
    try:
        return _run(
            options, load_captioner or _load_captioner, load_summarizer or _load_summarizer, report
        )
    except KeyboardInterrupt:
        report.interrupted(None if options.output == STANDARD_OUTPUT else options.output)
        return _INTERRUPTED
    except BrokenPipeError:
        return _READER_GONE


def _run(
    options: Options,
    load_captioner: "Callable[..., Captioner]",
    load_summarizer: "Callable[..., Summarizer]",
    report: "Report",
) -> int:
    from captioner.finding import find_inputs

    found = find_inputs(options.inputs, options.recursive)
    for folder in found.empty:
        hint = "" if options.recursive else "; add -r to look into its sub-folders"
        report.say(f"{folder}: no picture and no clip in this folder{hint}")
    if not found.inputs:
        return _NOTHING_DONE
    try:
        rows = _start(found.inputs, options, load_captioner, load_summarizer)
    except (ImportError, OSError, ValueError) as error:  # of which ModelError, SummarizerError
        report.say(f"error: the model cannot be loaded: {error}")
        return _NOTHING_DONE
    with report.expect(len(found.inputs)):
        written = _write(rows, options, report)
    report.sum_up()
    return report.exit_code if written else max(1, report.exit_code)


def _start(
    inputs: "Sequence[Input]",
    options: Options,
    load_captioner: "Callable[..., Captioner]",
    load_summarizer: "Callable[..., Summarizer]",
) -> "Iterator[Row]":
    """Load what these inputs need, now; the rows are then made one by one as they are taken."""
    from captioner.batch import caption_inputs, failed_row
    from captioner.media.kinds import promised_kind

    if all(item.error is not None for item in inputs):
        return (failed_row(item, item.error) for item in inputs)
    captioner = load_captioner(options.model, beams=options.beams)

    @functools.cache
    def video_captioner() -> "VideoCaptioner":
        from captioner.video import VideoCaptioner

        return VideoCaptioner(
            captioner,
            load_summarizer(options.summarizer),
            max_frames=options.max_frames,
            selector=options.frames,
            batch_size=options.batch_size,
        )

    if any(promised_kind(item.path) in ("animation", "video") for item in inputs):
        video_captioner()  # a summarizer that is wrong is refused now, not after a day's work
    return caption_inputs(inputs, captioner, video_captioner, batch_size=options.batch_size)


def _write(rows: "Iterator[Row]", options: Options, report: "Report") -> bool:
    """Write the rows as they come. False where the output took no more of them."""
    try:
        with _open_writer(options) as writer:
            for row in rows:
                with report.quiet():
                    writer.write(row)
                report.add(row)
    except BrokenPipeError:
        raise
    except OSError as error:  # an input's own errors are in its row
        target = options.output or STANDARD_OUTPUT
        name = "standard output" if target == STANDARD_OUTPUT else target
        report.say(f"error: cannot write {name}: {error.strerror or error}; stopped here")
        return False
    return True


def _open_writer(options: Options) -> "AbstractContextManager[Writer]":
    from captioner.writers import FILE_WRITERS, JsonLinesWriter, TextWriter

    if options.output is None:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")  # a terminal that is not UTF-8
        return nullcontext(TextWriter(sys.stdout))
    if options.output == STANDARD_OUTPUT:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8", newline="\n")
        return nullcontext(JsonLinesWriter(sys.stdout))
    path = Path(options.output)
    # "x" also keeps a file that somebody else made while the model loaded.
    return FILE_WRITERS[path.suffix.lower()].open(path, "w" if options.overwrite else "x")


def _load_captioner(model: str | None, *, beams: int | None) -> "Captioner":
    from captioner.backend import choose_backend

    choose_backend()
    from captioner.captioner import load_captioner

    return load_captioner(model, beams=beams)


def _load_summarizer(model: str | None) -> "Summarizer":
    from summarizer import load_summarizer

    return load_summarizer(model)
