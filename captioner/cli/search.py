"""``python -m captioner.search``: the words of a command line → hits → an exit code.

Exit codes: 0, something was found, or the index is up to date; 1, nothing shows what was looked
for, or files could not be read; 2, wrong use, or the search is not possible; 130, 143 and 141 as
of captioning.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from captioner.cli.parser import whole_number
from captioner.ranges import BATCH_SIZE, MAX_FRAMES
from captioner.runtime.process import READER_GONE, exit_code_of

if TYPE_CHECKING:
    from captioner.search.building import Update
    from captioner.search.index import Hit, Index

_FOUND, _NOTHING, _WRONG = 0, 1, 2
_REASONS_SHOWN = 10

_EXAMPLES = """\
examples:
  python -m captioner.search photos "a dog in the snow"        the best ten, scores beside them
  python -m captioner.search photos --index                    index what is new or has changed
  python -m captioner.search photos "a dog" + snow - people    sums; 2:snow counts twice
  python -m captioner.search photos @dog.jpg -t 20             pictures like this one
  python -m captioner.search photos "a red car" -f | xargs ls  paths alone
  python -m captioner.search photos --captions captions.csv    captions count in searches, too

exit codes: 0 found, or indexed; 1 nothing shows that, or files could not be read; 2 wrong use, or
the search is not possible.
"""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(
        prog="python -m captioner.search",
        usage="python -m captioner.search FOLDER [QUERY...] [options]",
        description="Finds the photos of a folder, and the moments of its clips, that show what a "
        "sentence says or what a picture shows.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = result.add_argument
    add("folder", metavar="FOLDER", help="with photos and clips; its index lies in .captionloom")
    add("query", nargs="*", metavar="QUERY", help="a sentence; @picture; + and - between parts")
    _add_hits(result.add_argument_group("what is shown"))
    _add_index(result.add_argument_group("the index"))
    return result


def _add_hits(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(
        "-t",
        "--top",
        type=whole_number(1, 100_000),
        default=10,
        metavar="N",
        help="show N hits at most (default: %(default)s)",
    )
    add(
        "--min-score",
        type=_score,
        metavar="S",
        help="the least score, -1 to 1 (default: what a query reaches by chance in this folder)",
    )
    add("--kind", choices=["image", "clip"], help="only pictures, or only GIFs and videos")
    add("--no-words", action="store_true", help="leave names of files and captions out of it")
    add("--json", action="store_true", help="a JSON object for each hit, one a line")
    add("-f", "--files", action="store_true", help="paths only, for pipes")


def _add_index(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(
        "--index",
        action="store_true",
        help="first index what is new or has changed; done by itself where there is no index yet",
    )
    add("--rebuild", action="store_true", help="index all of it anew")
    add(
        "--model",
        metavar="NAME",
        help="a name that ships, a folder, or a CLIP or SigLIP of the hub (default: the one that "
        "ships)",
    )
    add(
        "--captions",
        metavar="FILE",
        help="keep the captions that python -m captioner wrote with -o FILE for this folder",
    )
    add("--hidden", action="store_true", help="also index what begins with a dot")
    add(
        "--max-frames",
        type=whole_number(*MAX_FRAMES),
        default=16,
        metavar="N",
        help="look at N frames of a clip at most (default: %(default)s)",
    )
    add("--batch-size", type=whole_number(*BATCH_SIZE), default=16, metavar="N")
    add("--workers", type=whole_number(1, 64), metavar="N", help="read N files at a time")
    add(
        "--max-seconds",
        type=whole_number(1, 86_400),
        default=60,
        metavar="N",
        help="give up a file that takes more than N seconds to read (default: %(default)s)",
    )


def _score(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 2.0
    if not -1 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from -1 to 1")
    return value


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code.

    Raises:
        SystemExit: where the command line is wrong (code 2), or only asks for help (0).
    """
    commands = parser()
    options = commands.parse_intermixed_args(argv)
    if fault := _fault_of(options):
        commands.error(fault)
    try:
        return _run(options)
    except KeyboardInterrupt as stop:
        _say("stopped; what was indexed is kept, and the same command goes on")
        return exit_code_of(stop)
    except BrokenPipeError:
        return READER_GONE


def _fault_of(options: Any) -> str | None:
    from captioner.search.query import parse_query

    if not options.folder or not Path(options.folder).is_dir():
        return f"{options.folder}: there is no such folder; name one with photos or clips"
    if options.json and options.files:
        return "--json and --files are two ways to write hits; choose one"
    if options.query:
        try:
            parse_query(options.query)
        except ValueError as error:
            return str(error)
    elif not (options.index or options.rebuild or options.captions):
        return "say what to look for, or --index to bring the index up to date"
    return None


def _run(options: Any) -> int:
    from captioner.errors import MediaError
    from captioner.runtime.backend import choose_backend

    choose_backend()
    from captioner.search.captions import take_captions
    from captioner.search.loading import load_retriever

    try:
        retriever = load_retriever(options.model)
        index = _index(options, retriever)
        failed = _report(index.update) if index.update is not None else False
        if options.captions:
            done = take_captions(index, Path(options.captions))
            _say(f"{done} captions kept")
        if not options.query:
            return _NOTHING if failed else _FOUND
        hits = index.search(
            options.query,
            limit=options.top,
            min_score=options.min_score,
            kind=options.kind,
            words=not options.no_words,
        )
    except (MediaError, ImportError, ValueError) as error:  # of which IndexFileError, ModelError
        _say(f"error: {error}")
        return _WRONG
    except BrokenPipeError:
        raise
    except OSError as error:
        _say(f"error: {error.filename or options.folder}: {error.strerror or error}")
        return _WRONG
    return _show(hits, options)


def _index(options: Any, retriever: Any) -> "Index":
    from captioner.search.building import options_of
    from captioner.search.index import Index
    from captioner.search.store import DATABASE, PLACE

    there = (Path(options.folder) / PLACE / DATABASE).is_file()
    if there and not (options.index or options.rebuild):
        return Index(retriever, options.folder)
    from tqdm import tqdm

    with tqdm(unit="file", leave=False, file=sys.stderr, disable=None) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        options.recursive = True
        index: Index = retriever.index(options.folder, progress=progress, **options_of(options))
    return index


def _report(update: "Update") -> bool:
    """Says what indexing did; returns whether something could not be read."""
    from captioner.batch.rows import one_line

    for name, reason in update.failed[:_REASONS_SHOWN]:
        _say(f"{one_line(name)}: {reason}")
    if (more := len(update.failed) - _REASONS_SHOWN) > 0:
        _say(f"and {more} more that could not be read")
    counts = {
        "indexed": update.added,
        "unchanged": update.kept,
        "renamed": update.renamed,
        "gone or changed": update.removed,
        "unreadable": len(update.failed),
    }
    said = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    _say(said or "no picture and no clip in this folder")
    return bool(update.failed)


def _show(hits: "Sequence[Hit]", options: Any) -> int:
    from captioner.batch.rows import one_line

    if sys.stdout is None:
        _say("error: standard output is closed, and hits go there")
        return _WRONG
    for hit in hits:
        if options.json:
            print(json.dumps(hit.as_dict(), ensure_ascii=True))
        elif options.files:
            _write_path(hit.path)
        else:
            print(f"{hit.score:5.2f}  {one_line(hit.location)}")
    if not hits:
        _say("nothing shows that")
    elif changed := sum(hit.changed for hit in hits):
        _say(f"{changed} of these have changed since; bring the index up to date with --index")
    return _FOUND if hits else _NOTHING


def _write_path(path: str) -> None:
    """A path as it is, whatever bytes it has."""
    sys.stdout.flush()
    sys.stdout.buffer.write(path.encode(errors="surrogateescape") + b"\n")
    sys.stdout.buffer.flush()


def _say(text: str) -> None:
    print(text, file=sys.stderr)
