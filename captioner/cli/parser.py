"""The words of the command line, and their parser."""

import argparse
from collections.abc import Callable, Sequence
from typing import Any, get_args

from captioner.batch.options import Options
from captioner.media.budget import DEFAULT_LIMITS
from captioner.ranges import BATCH_SIZE, BEAMS, MAX_FRAMES
from captioner.types import Precision

CLIP_CUT = "clip-cut"  # a way of choosing frames that needs a model; see search/clip_cut.py
_MOST_DIGITS = 18  # of a number; what is longer is out of all bounds

_EXAMPLES = """\
examples:
  python -m captioner dog.jpg clip.gif               one line for each: path: caption
  python -m captioner -r photos -o captions.csv      a folder and all below it, to a table;
                                                     the same again goes on where it stopped
  python -m captioner -r photos --sidecar txt,xmp    photo.txt and photo.jpg.xmp beside photo.jpg
  python -m captioner -r photos -o - | jq .text      JSON Lines on standard output
  python -m captioner -r "photos/**/*.jpg"           a pattern
  python -m captioner --files-from list.txt          a list of files
  python -m captioner -- -odd-name.jpg               a name that begins with a dash

exit codes: 0 every input has its caption, from this run or an earlier one; 1 some have none and are
named on standard error; 2 wrong use, or no input has one; 130 interrupted, 143 terminated, and what
was done is kept.
"""


def captioner_settings(options: Any) -> dict[str, Any]:
    """What ``load_captioner`` is told beside the model's name: the beams, and what was asked for.

    Args:
        options: what has the attributes that `add_model_options` brings.
    """
    asked = {"prompt": options.prompt, "precision": options.precision}
    given = {name: value for name, value in asked.items() if value is not None}
    return {"beams": options.beams, **given}


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
    parsed.inputs = (*parsed.inputs, *words[end + 1 :])
    options = Options(**vars(parsed))
    from captioner.cli.validation import validate

    fault = validate(options)
    if fault is not None:
        parser.error(fault)
    return options


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
    add("inputs", nargs="*", metavar="INPUT", help="pictures, GIFs, videos, folders, patterns")
    _add_finding(parser.add_argument_group("what is captioned"))
    _add_output(parser.add_argument_group("where captions go"))
    add_model_options(parser.add_argument_group("how captions are made"))
    about = "show the version and exit"
    add("--version", action=_Version, nargs=0, default=argparse.SUPPRESS, help=about)
    return parser


def _add_finding(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("-r", "--recursive", action="store_true", help="go into sub-folders")
    add(
        "--files-from",
        metavar="FILE",
        help="also caption the files and folders that this file lists, one a line; - is standard "
        "input",
    )
    add("--null", action="store_true", help="the names in the list end in zero bytes, not lines")
    add("--hidden", action="store_true", help="in folders, also take what begins with a dot")
    add(
        "--dry-run",
        action="store_true",
        help="only count what would be captioned; no model is loaded, nothing is written",
    )


def _add_output(group: argparse._ArgumentGroup) -> None:
    from captioner.writers import FILE_WRITERS, SIDECARS

    add = group.add_argument
    add(
        "-o",
        "--output",
        metavar="FILE",
        help=f"one file for all captions, {', '.join(FILE_WRITERS)}; - is JSON Lines on standard "
        "output",
    )
    add(
        "--sidecar",
        dest="sidecars",
        type=_sidecars,
        default=(),
        metavar="NAMES",
        help=f"files beside each input; of {', '.join(SIDECARS)}, with commas between",
    )
    add(
        "--existing",
        choices=["skip", "overwrite", "append", "prepend"],
        default="skip",
        help="where a caption is already: leave it, and so go on with a run that was stopped "
        "(skip, the default); replace it; put the new one after it; or before it",
    )
    add(
        "--retry-failed",
        action="store_true",
        help="take up again what the output file records as failed",
    )
    add("--prefix", default="", metavar="TEXT", help="put this before each caption")
    add("--suffix", default="", metavar="TEXT", help="put this after each caption")


def add_model_options(group: argparse._ArgumentGroup) -> None:
    """Add the options that say how captions are made; other commands have them, too."""
    add = group.add_argument
    add(
        "--model",
        metavar="NAME",
        help="the captioner: a name that ships, a folder, or a hub name (default: the one that "
        "ships)",
    )
    add("--prompt", metavar="TEXT", help="what a captioner of the hub is asked or given to go on")
    add(
        "--summarizer",
        metavar="NAME",
        help="makes a clip's sentence of its frames' captions, where a network of the whole clip "
        "otherwise does: a name that ships, a folder, a hub name, or consensus (the caption that "
        "the others agree with most)",
    )
    _add_numbers(group)
    _add_pace(group)


def _add_numbers(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(
        "--frames",
        type=_selector,
        default="uniform",
        metavar="HOW",
        help="how a clip's frames are chosen: uniform (evenly over its time; the default), or "
        "clip-cut:TEXT (those that TEXT is about; clip-cut alone: that its first caption is about)",
    )
    add(
        "--max-frames",
        type=whole_number(*MAX_FRAMES),
        default=16,
        metavar="N",
        help="caption at most N frames of a clip (default: 16)",
    )
    add(
        "--beams",
        type=whole_number(*BEAMS),
        metavar="N",
        help="captions followed side by side in the search (default: the model's own choice)",
    )
    add(
        "--precision",
        choices=get_args(Precision),
        help="what the captioner computes with (default: bfloat16 where the processor multiplies "
        "it, else float32)",
    )


def _add_pace(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(
        "--batch-size",
        type=whole_number(*BATCH_SIZE),
        default=16,
        metavar="N",
        help="caption N pictures or frames at a time (default: 16)",
    )
    add(
        "--workers",
        type=whole_number(1, 64),
        metavar="N",
        help="read N files at a time (default: by the number of cores)",
    )
    add(
        "--max-seconds",
        type=whole_number(1, 86_400),
        default=int(DEFAULT_LIMITS.seconds),
        metavar="N",
        help="give up a file that takes more than N seconds to read (default: %(default)s)",
    )


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """The type of an option that is a whole number in these bounds, in the digits 0 to 9 alone."""

    def parse(text: str) -> int:
        # Python's int also takes signs, spaces, underscores, and the digits of every script.
        digits = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
        if not digits or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {low} to {high}")
        return int(text)

    return parse


def _selector(text: str) -> str:
    from captioner.media.frames import SELECTORS

    name, colon, about = text.partition(":")
    if name == CLIP_CUT and (about.strip() or not colon):
        return text
    if text not in SELECTORS:
        known = ", ".join([*sorted(SELECTORS), CLIP_CUT, f"{CLIP_CUT}:TEXT"])
        raise argparse.ArgumentTypeError(f"{text!r} is unknown; choose one of: {known}")
    return text


def _sidecars(text: str) -> tuple[str, ...]:
    from captioner.writers import SIDECARS

    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in names:
        if name not in SIDECARS:
            known = ", ".join(SIDECARS)
            raise argparse.ArgumentTypeError(f"{name!r} is unknown; choose of: {known}")
    return names


class _Version(argparse.Action):
    """Looks the version up only when it is asked for, so that other runs start faster."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        try:
            print(f"captionloom {_version()}", flush=True)
        except BrokenPipeError:
            raise
        except OSError as error:
            parser.error(f"cannot write standard output: {error.strerror}")
        parser.exit()


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("captionloom")
    except PackageNotFoundError:
        return "of a source tree that is not installed (pip install -e . gives it a number)"
