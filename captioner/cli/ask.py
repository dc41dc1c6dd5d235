"""``python -m captioner.ask``: questions about pictures and clips → answers.

Exit codes: 0, every file has its answers; 1, some have none and are named; 2, wrong use, or nothing
could be done; 130, interrupted; 143, terminated; 141, the reader of standard output went away.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from captioner.cli.parser import whole_number
from captioner.errors import MediaError, ModelError
from captioner.ranges import FRAMES_ASKED, MAX_FRAMES
from captioner.types import Answer, Precision

if TYPE_CHECKING:
    from captioner.ask.base import Answerer

_EXAMPLES = """\
examples:
  python -m captioner.ask clip.gif "what is the man holding?"
  python -m captioner.ask photo.jpg "how many dogs are there?" "what color is the car?"
  python -m captioner.ask clip.mp4 --questions questions.txt --json
  python -m captioner.ask --batch photos "is there a person?" --output answers.csv
"""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(
        prog="python -m captioner.ask",
        description="Answers questions about a picture, GIF or video in a few words, and says how "
        "sure it is and which frames the answer rests on.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = result.add_argument
    add("file", metavar="FILE", help="a picture, GIF or video; with --batch a folder of them, too")
    add("asked", nargs="*", metavar="QUESTION", help="in English, in quotation marks")
    add("--questions", type=Path, metavar="TEXT_FILE", help="more questions, one a line")
    add("--json", action="store_true", help="a JSON object for each answer, one a line")
    add(
        "--batch",
        action="store_true",
        help="FILE is a folder or a pattern; each file is asked, and a row is written for each "
        "answer; what OUTPUT holds already is not asked again",
    )
    add("-r", "--recursive", action="store_true", help="with --batch: go into sub-folders")
    add("-o", "--output", type=Path, metavar="FILE", help="with --batch: a .csv or .jsonl file")
    add(
        "--model",
        metavar="NAME",
        help="the answerer: a name that ships, a folder, or a chat-style model of the hub "
        "(default: the one that ships)",
    )
    add(
        "--max-frames",
        type=whole_number(*MAX_FRAMES),
        default=16,
        metavar="N",
        help="look through at most N frames of a clip (default: 16)",
    )
    add(
        "--frames",
        choices=FRAMES_ASKED,
        default=FRAMES_ASKED[0],
        help="which of them are looked at closely: evenly, or those that the question is about "
        "(default: %(default)s)",
    )
    add("--precision", choices=get_args(Precision), help="what the networks compute with")
    return result


def main(argv: Sequence[str] | None = None, *, load: Callable[..., Answerer] | None = None) -> int:
    """Runs a command line.

    Args:
        argv: its words; by default this process's.
        load: instead of ``captioner.load_answerer``.

    Returns:
        The exit code.

    Raises:
        SystemExit: where the command line is wrong (code 2), or only asks for help (0).
    """
    words = parser()
    options = words.parse_args(argv)
    try:
        questions = [*options.asked, *_listed(options.questions)]
    except (OSError, UnicodeDecodeError) as error:
        words.error(f"--questions {options.questions}: cannot be read ({error})")
    fault = _fault_of(options, questions)
    if fault is not None:
        words.error(fault)
    try:
        answerer = _load(load, options)
    except (ImportError, ModelError, ValueError, OSError) as error:
        print(f"error: the model cannot be loaded: {error}", file=sys.stderr)
        return 2
    if options.batch:
        from captioner.cli.ask_batch import ask_folder

        return ask_folder(answerer, options, questions)
    try:
        answers = answerer.ask_many(options.file, questions)
    except MediaError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for answer in answers:
        if options.json:
            print(json.dumps(as_dict(answer), ensure_ascii=False))
        else:
            print(spoken(answer, named=len(answers) > 1))
    return 0


def _load(load: Callable[..., Answerer] | None, options: Any) -> Answerer:
    if load is None:
        from captioner.ask.loading import load_answerer
        from captioner.runtime.backend import choose_backend

        choose_backend()
        load = load_answerer
    return load(
        options.model,
        max_frames=options.max_frames,
        frames=options.frames,
        precision=options.precision,
    )


def _listed(path: Path | None) -> Iterator[str]:
    if path is not None:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        yield from (line.strip() for line in lines if line.strip())


def _fault_of(options: Any, questions: Sequence[str]) -> str | None:
    """Why a command line cannot be followed; None where it can."""
    if not questions:
        return "ask at least one question, in quotation marks"
    for question in questions:
        if not any(character.isalnum() for character in question):
            return f"the question {question!r} has no word; ask in English words"
    return _fault_of_output(options) if options.batch else _fault_of_file(options)


def _fault_of_file(options: Any) -> str | None:
    if options.output is not None or options.recursive:
        return "--output and --recursive are about many files; add --batch"
    if Path(options.file).is_dir():
        return f"{options.file} is a folder; add --batch to ask each file in it"
    return None


def _fault_of_output(options: Any) -> str | None:
    output = options.output
    if output is not None and output.suffix.lower() not in (".csv", ".jsonl"):
        return f"--output {output}: the suffix picks the format, .csv or .jsonl"
    if output is not None and not output.parent.is_dir():
        return f"--output {output}: there is no folder {output.parent}; make it first"
    return None


def as_dict(answer: Answer) -> dict[str, Any]:
    """An answer as JSON has it."""
    return {
        "question": answer.question,
        "answer": answer.text,
        "told": answer.told,
        "score": _number(answer.score),
        "right": _number(answer.right),
        "frames": [
            {
                "start": round(frame.start, 3),
                "end": round(frame.end, 3),
                "share": round(frame.share, 3),
            }
            for frame in answer.frames
        ],
        "alternatives": [
            {"answer": text, "score": _number(score)} for text, score in answer.alternatives
        ],
    }


def _number(value: float | None) -> float | None:
    # JSON has no NaN.
    return None if value is None or math.isnan(value) else round(value, 4)


def spoken(answer: Answer, named: bool = False) -> str:
    """An answer as a line for people."""
    start = f"{answer.question} " if named else ""
    sure = "" if math.isnan(answer.score) else f"{100 * answer.score:.0f} %"
    if answer.right is not None:
        sure = f"right in {100 * answer.right:.0f} of 100 such cases"
    guess = (
        f"; a guess: {answer.alternatives[0][0]}" if not answer.told and answer.alternatives else ""
    )
    notes = ", ".join(filter(None, [f"{sure}{guess}", _moments(answer)]))
    return f"{start}{answer.text} ({notes})" if notes else f"{start}{answer.text}"


def _moments(answer: Answer) -> str:
    """When the frames are that an answer rests on most; nothing of a picture."""
    if not answer.frames or answer.frames[-1].end <= 0:
        return ""
    most = sorted(answer.frames, key=lambda frame: -frame.share)[:3]
    times = sorted((frame.start, frame.end) for frame in most)
    return "from " + ", ".join(f"{start:.1f} to {end:.1f} s" for start, end in times)
