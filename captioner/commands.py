"""``captionloom describe|ask|search|train|evaluate|serve``: the modules under one name."""

import sys
from typing import NoReturn

from captioner.runtime.process import run

_MODULES = {
    "describe": ("captioner.cli.main", "photos, GIFs and videos -> a sentence each"),
    "ask": ("captioner.cli.ask", "a picture or clip and questions -> short answers"),
    "search": ("captioner.cli.search", "a folder and a sentence -> the photos that show it"),
    "train": ("captioner.train", "captioned photos -> a captioner"),
    "evaluate": ("captioner.evaluate", "a captioner -> its scores on captioned photos"),
    "serve": ("captioner.page.app", "the web page"),
}


def main() -> NoReturn:
    """Runs the module of the first word; the words after it are the module's own."""
    name = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if name in _MODULES:
        sys.argv = [f"captionloom {name}", *sys.argv[2:]]
        run(_MODULES[name][0])
    print("usage: captionloom COMMAND ...\n")
    for command, (_, about) in _MODULES.items():
        print(f"  {command:<10}{about}")
    print("\ncaptionloom COMMAND --help says more.")
    if name in ("-h", "--help"):
        sys.exit(0)
    print(f"captionloom: error: there is no command {name!r}", file=sys.stderr)
    sys.exit(2)
