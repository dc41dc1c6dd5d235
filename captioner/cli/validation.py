"""What is wrong with a command line before any model loads, and what to do about it."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from captioner.batch.options import STANDARD_INPUT, STANDARD_OUTPUT, Options
from captioner.writers import FILE_WRITERS, SIDECARS, FileWriter


def validate(options: Options) -> str | None:
    """Why these options cannot be followed; None where they can."""
    checks: list[Callable[[Options], str | None]] = [
        _fault_of_inputs,
        _fault_of_streams,
        _fault_of_existing,
        _fault_of_retry,
        _fault_of_output,
    ]
    return next((fault for check in checks if (fault := check(options)) is not None), None)


def _fault_of_inputs(options: Options) -> str | None:
    if not options.inputs and options.files_from is None:
        return "name at least one picture, clip or folder"
    if "" in options.inputs:
        return "an input is an empty name; name a picture, clip or folder"
    if options.null and options.files_from is None:
        return "--null is about a list; add --files-from FILE"
    listed = options.files_from
    if listed is not None and listed != STANDARD_INPUT:
        if Path(listed).is_dir():
            return f"--files-from {listed}: this is a folder; name it as an input"
        if not Path(listed).exists():
            return f"--files-from {listed}: there is no such file; check the path"
    return None


def _fault_of_streams(options: Options) -> str | None:
    # Python's own sign for a stream that was closed before the start.
    if options.files_from == STANDARD_INPUT and sys.stdin is None:
        return "--files-from -: standard input is closed; name a file"
    if sys.stdout is not None:
        return None
    if options.dry_run:
        return "standard output is closed, and the counts of --dry-run go there"
    if options.output == STANDARD_OUTPUT or (options.output is None and not options.sidecars):
        return "standard output is closed, and captions go there; name a file with --output"
    return None


def _fault_of_existing(options: Options) -> str | None:
    if options.existing == "skip":
        return None
    if options.output in (None, STANDARD_OUTPUT) and not options.sidecars:
        return (
            f"--existing {options.existing} is about files; name one with --output, or add "
            "--sidecar, or leave it out"
        )
    fixed = [name for name in options.sidecars if not SIDECARS[name].appendable]
    if options.existing != "overwrite" and fixed:
        return (
            f"--existing {options.existing} cannot be done to subtitles ({', '.join(fixed)}): "
            "their captions have times; make them by a command of their own"
        )
    return None


def _fault_of_retry(options: Options) -> str | None:
    if not options.retry_failed:
        return None
    if options.output in (None, STANDARD_OUTPUT):
        return (
            "--retry-failed is about what an output file records; name it with --output (without "
            "one, what failed is tried again anyway)"
        )
    if options.existing != "skip":
        return f"--existing {options.existing} tries everything again; leave --retry-failed out"
    return None


def _fault_of_output(options: Options) -> str | None:
    if options.output is None or options.output == STANDARD_OUTPUT:
        return None
    path = Path(options.output)
    try:
        fault = _fault_of_file(path, replaced=options.existing != "skip")
    except OSError as error:  # a name too long, a folder above without permission
        fault = error.strerror or str(error)
    return None if fault is None else f"--output {options.output}: {fault}"


def _fault_of_file(path: Path, replaced: bool) -> str | None:
    if path.suffix.lower() not in FILE_WRITERS:
        known = ", ".join(FILE_WRITERS)
        return f"the suffix picks the format, one of: {known}; or - for standard output"
    if path.is_dir():
        return "this is a folder; name a file in it"
    if not path.parent.is_dir():
        return f"there is no folder {path.parent}; make it first"
    if path.exists() and not path.is_file():
        return "this is not an ordinary file; for a pipe, take - and the standard output"
    return _fault_of_permission(path, replaced) or _fault_of_format(
        FILE_WRITERS[path.suffix.lower()]
    )


def _fault_of_permission(path: Path, replaced: bool) -> str | None:
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        return "there is no permission to write here"
    if replaced and not os.access(path.parent, os.W_OK):
        return "there is no permission to write to its folder, where a journal is kept meanwhile"
    return None


def _fault_of_format(file_format: type[FileWriter]) -> str | None:
    try:
        file_format.check_installed()
    except ImportError as error:
        return str(error)
    return None
