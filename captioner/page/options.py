"""The words of the page's command line, and the refusals that need no model."""

import argparse
import math
import re
from collections.abc import Sequence
from pathlib import Path

from captioner.cli.parser import whole_number

_UNITS = ("b", "kb", "mb", "gb", "tb")
_HUB_NAME = re.compile(r"[\w-][\w.-]*/[\w.-]+")


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """What a command line asks for.

    Raises:
        SystemExit: it is wrong (code 2), or only asks for help (0).
    """
    words = parser()
    options = words.parse_args(argv)
    if options.mcp_fetch and not options.mcp:
        words.error("--mcp-fetch is for the tools of --mcp; give both")
    return options


def parser() -> argparse.ArgumentParser:
    """Understands the command line of ``app.py``; says what is wrong with it, and exits."""
    words = argparse.ArgumentParser(
        prog="python app.py",
        description="Serves the web page: captions for photos, GIFs and videos.",
        allow_abbrev=False,
    )
    add = words.add_argument
    add(
        "--host",
        default="127.0.0.1",
        help="the address to serve (default: %(default)s, which "
        "only this machine reaches; 0.0.0.0 opens it to the network)",
    )
    add(
        "--port",
        type=whole_number(1, 65535),
        metavar="N",
        help="the port to serve (default: the first free one from 7860)",
    )
    add(
        "--allowed-host",
        action="append",
        default=[],
        type=_host_name,
        metavar="NAME",
        help="a name under which this server may be asked, beside localhost, --host, the name of "
        "this machine and addresses in digits; for a server behind a proxy; again for more of them",
    )
    add(
        "--share",
        action="store_true",
        help="also make a public link to this server, through gradio.live",
    )
    add(
        "--auth",
        action="append",
        type=_user,
        metavar="USER:PASS",
        help="ask visitors for this name and password; again for more of them",
    )
    add(
        "--model",
        action="append",
        type=_captioner,
        metavar="NAME",
        help="the captioner: a name that ships, a folder, or owner/model on the Hugging Face hub; "
        "again to let visitors choose, the first is the default",
    )
    add(
        "--answerer",
        metavar="NAME",
        help="answers questions: a folder that training.answering.train wrote, or a chat-style "
        "model of the hub (default: the one that ships)",
    )
    add(
        "--summarizer",
        type=_summarizer,
        metavar="NAME",
        help="makes a clip's sentence of its frames' captions, where a network of the whole clip "
        "otherwise does: a name that ships, a folder, a hub name, or consensus",
    )
    add(
        "--library",
        type=_folder,
        metavar="FOLDER",
        help="let visitors search the photos and clips of this folder, which is indexed behind the "
        "page",
    )
    _add_limits(words)
    add(
        "--mcp",
        action="store_true",
        help="also serve the endpoints as tools of the Model Context Protocol",
    )
    add(
        "--mcp-fetch",
        action="store_true",
        help="let these tools fetch files from http and https addresses of the open internet",
    )
    return words


def _add_limits(words: argparse.ArgumentParser) -> None:
    add = words.add_argument
    add(
        "--max-file-size",
        type=_size,
        default="200mb",
        metavar="SIZE",
        help="refuse larger uploads, such as 500kb or 1gb (default: %(default)s)",
    )
    add(
        "--max-megapixels",
        type=whole_number(1, 170),
        default=100,
        metavar="N",
        help="refuse larger pictures and frames, in millions of pixels (default: %(default)s)",
    )
    add(
        "--max-minutes",
        type=_minutes,
        default=10,
        metavar="N",
        help="refuse longer clips (default: %(default)s)",
    )
    add(
        "--max-files",
        type=whole_number(1, 10_000),
        default=200,
        metavar="N",
        help="refuse more files in one folder job (default: %(default)s)",
    )
    add(
        "--queue-size",
        type=whole_number(1, 10_000),
        default=32,
        metavar="N",
        help="refuse requests while so many wait (default: %(default)s)",
    )


def _minutes(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = math.nan
    if not 0 < minutes < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return minutes


def _size(text: str) -> str:
    number = text.lower().removesuffix("b").rstrip("kmgt")
    if not (number.isdecimal() and int(number) > 0 and text.lower()[len(number) :] in _UNITS):
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write it like 500kb, 200mb or 1gb")
    return text.lower()


def bytes_of(size: str) -> int:
    """The number of bytes of a size such as 200mb, as Gradio counts them."""
    number = size.removesuffix("b").rstrip("kmgt")
    power: int = 1024 ** _UNITS.index(size[len(number) :])
    return int(number) * power


def _host_name(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?", text.lower()):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no host name; write it like captions.example.org, without a port"
        )
    return text.lower()


def _folder(text: str) -> Path:
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"{text}: there is no such folder")
    return Path(text)


def _user(text: str) -> tuple[str, str]:
    user, _, password = text.partition(":")
    if not (user and password):
        raise argparse.ArgumentTypeError("write it as USER:PASS, with neither of the two empty")
    return user, password


def _captioner(name: str) -> str:
    """A name that can be meant; whether the model loads shows when it is loaded."""
    from captioner.models.folder import shipped_models

    shipped = shipped_models("caption", "clip")
    if name in shipped or Path(name).is_dir() or _HUB_NAME.fullmatch(name):
        return name
    raise argparse.ArgumentTypeError(
        f"no model {name!r}: it is no folder and no name on the Hugging Face hub (owner/model); "
        f"what ships is: {', '.join(shipped)}"
    )


def _summarizer(name: str) -> str:
    from summarizer.loading import shipped_models

    shipped = shipped_models()
    if name in shipped or Path(name).is_dir() or re.fullmatch(r"[\w-][\w.-]*(/[\w.-]+)?", name):
        return name
    raise argparse.ArgumentTypeError(
        f"no summarizer {name!r}: it is no folder and no name on the Hugging Face hub; what ships "
        f"is: {', '.join(shipped)}"
    )
