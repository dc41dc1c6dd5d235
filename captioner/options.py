"""The words of the command line: the parser, and the refusals that need no model."""

import argparse
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

STANDARD_OUTPUT = "-"

_EXAMPLES = """\
examples:
  python -m captioner dog.jpg clip.gif              one line for each: path: caption
  python -m captioner -r photos -o captions.csv     a folder and all below it, to a table
  python -m captioner -r photos -o - | jq .text     JSON Lines on standard output
  python -m captioner -- -odd-name.jpg              a name that begins with a dash

exit codes: 0 everything was captioned; 1 some inputs failed and are named on standard error, the
rest is done; 2 wrong use, or nothing was captioned at all; 130 interrupted, and what was done is
kept.
"""


@dataclass(frozen=True)
class Options:
    """A command line that was understood. See ``--help`` for the meaning of each."""

    inputs: tuple[str, ...]
    recursive: bool
    output: str | None
    overwrite: bool
    model: str | None
    summarizer: str | None
    frames: str
    max_frames: int
    beams: int | None
    batch_size: int


def parse_options(arguments: Sequence[str]) -> Options:
    """Understand a command line, or say what is wrong with it.

    Raises:
        SystemExit: with code 2 and the reason on standard error for wrong use; with 0 after
            ``--help`` and ``--version``.
    """
    parser = _parser()
    words = list(arguments)
    # After a lone -- everything is a name. argparse cannot be left to do this: mixed with
    # options, it loses track of the names that begin with a dash.
    end = words.index("--") if "--" in words else len(words)
    parsed = parser.parse_intermixed_args(words[:end])
    inputs = (*parsed.inputs, *words[end + 1 :])
    if not inputs:
        parser.error("name at least one picture, clip or folder")
    if "" in inputs:
        parser.error("an input is an empty name; name a picture, clip or folder")
    _check_output(parser.error, parsed.output, overwrite=parsed.existing == "overwrite")
    return Options(
        inputs=inputs,
        recursive=parsed.recursive,
        output=parsed.output,
        overwrite=parsed.existing == "overwrite",
        model=parsed.model,
        summarizer=parsed.summarizer,
        frames=parsed.frames,
        max_frames=parsed.max_frames,
        beams=parsed.beams,
        batch_size=parsed.batch_size,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m captioner",
        usage="python -m captioner INPUT... [options]",
        description="Say in a sentence what a picture, GIF or video shows.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("inputs", nargs="*", metavar="INPUT", help="pictures, GIFs, videos, folders, in any mix")
    add("-r", "--recursive", action="store_true", help="go into sub-folders")
    add(
        "-o",
        "--output",
        metavar="FILE",
        help="one file for all captions, .jsonl or .csv; - is JSON Lines on standard output",
    )
    add(
        "--existing",
        choices=["overwrite"],
        help="replace an output file that is already there; without this it is refused",
    )
    add(
        "--model",
        metavar="NAME",
        help="the captioner: a name that ships, or a folder (default: the one that ships)",
    )
    add(
        "--summarizer",
        metavar="NAME",
        help="makes one sentence for a clip: a name that ships, a folder, a hub name, or consensus "
        "(the caption that the others agree with most)",
    )
    _add_numbers(parser)
    add("--version", action=_Version, nargs=0, help="show the version and exit")
    return parser


def _add_numbers(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--frames",
        type=_selector,
        default="uniform",
        metavar="HOW",
        help="how a clip's frames are chosen: uniform (evenly over its time; the default)",
    )
    add(
        "--max-frames",
        type=_whole_number(1, 1000),
        default=16,
        metavar="N",
        help="caption at most N frames of a clip (default: 16)",
    )
    add(
        "--beams",
        type=_whole_number(1, 100),
        metavar="N",
        help="captions followed side by side in the search (default: the model's own choice)",
    )
    add(
        "--batch-size",
        type=_whole_number(1, 1024),
        default=16,
        metavar="N",
        help="caption N pictures or frames at a time (default: 16)",
    )


def _whole_number(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {low} to {high}")
        return number

    return parse


def _selector(text: str) -> str:
    from captioner.media.frames import SELECTORS

    if text not in SELECTORS:
        known = ", ".join(sorted(SELECTORS))
        raise argparse.ArgumentTypeError(f"{text!r} is unknown; choose one of: {known}")
    return text


def _check_output(refuse: Callable[[str], NoReturn], output: str | None, overwrite: bool) -> None:
    if output is None or output == STANDARD_OUTPUT:
        return
    try:
        fault = _fault_of_output(Path(output), overwrite)
    except OSError as error:  # a name too long, a folder above without permission
        fault = error.strerror or str(error)
    if fault is not None:
        refuse(f"--output {output}: {fault}")


def _fault_of_output(path: Path, overwrite: bool) -> str | None:
    from captioner.writers import FILE_WRITERS

    if path.suffix.lower() not in FILE_WRITERS:
        known = ", ".join(sorted(FILE_WRITERS))
        return f"the suffix picks the format, one of: {known}; or - for standard output"
    if path.is_dir():
        return "this is a folder; name a file in it"
    if not path.parent.is_dir():
        return f"there is no folder {path.parent}; make it first"
    exists = path.exists()
    if exists and not overwrite:
        return (
            "the file is already there and is left as it is; name another one, "
            "or add --existing overwrite to replace it"
        )
    if not os.access(path if exists else path.parent, os.W_OK):
        return "there is no permission to write here"
    return None


class _Version(argparse.Action):
    """Looks the version up only when it is asked for, so that other runs start faster."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        print(f"captionloom {_version()}")
        parser.exit()


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("captionloom")
    except PackageNotFoundError:
        return "of a source tree that is not installed (pip install -e . gives it a number)"
