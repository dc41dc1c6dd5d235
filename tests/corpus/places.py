"""Names and places: what the file system can put in the way of a picture."""

import os
import stat
import sys

from captioner.errors import MissingFileError, UnreadableFileError
from tests.corpus.entries import Box, kind
from tests.corpus.photos import encoded, textured

_PICTURE = encoded(textured(), ".png")


@kind("names")
def _names(box: Box) -> None:
    names = [
        "with space.png",
        " leading space.png",
        "-r.png",
        "--help.png",
        "UPPER.PNG",
        "many.dots.in.it.jpg.png",
        "%03d.png",
        "it's.png",
        "日本語 é ñ.png",
        "e\u0301 as two characters.png",
        "🐕 on a 🛹.png",
        "right-to-left \u202egnp.png",
        "no-break\u00a0space.png",
        "x" * 246 + ".png",
        "$HOME `ls` ; # & !.png",
        "[a-z]{1,2}.png",
    ]
    if os.name != "nt":
        names += ["new\nline.png", "tab\t.png", "escape\x1b[31m.png", "a:b*c?.png", 'quotes".png']
        names += ["back\\slash.png", "trailing space .png", "bell\a.png", "é" * 123 + ".png"]
    for name in names:
        box.good(name, _PICTURE)
    for name in ("no-suffix", "trailing space.png ", "trailing dot.png."):
        box.good(name, _PICTURE, found=False)
    if sys.platform == "linux":  # elsewhere names are Unicode
        for name in (b"latin-1 \xe9.png", b"\xff\xfe.png", b"half \xf0\x9f.png"):
            box.good(os.fsdecode(name), _PICTURE)


@kind("folders-named-as-files")
def _folders(box: Box) -> None:
    for name in ("folder.jpg", "folder.mp4"):
        (box.folder / name).mkdir(exist_ok=True)
        box.good(f"{name}/inside.png", _PICTURE)
    (box.folder / "empty.gif").mkdir(exist_ok=True)


@kind("links")
def _links(box: Box) -> None:
    if os.name == "nt":  # links need a privilege there
        return
    box.good("target.png", _PICTURE)
    links = {
        "to-a-picture.png": "target.png",
        "to-nothing.jpg": "gone.jpg",
        "to-itself.jpg": "to-itself.jpg",
        "to-a-device.jpg": "/dev/zero",
        "back": "..",
    }
    for name, target in links.items():
        if not (box.folder / name).is_symlink():
            (box.folder / name).symlink_to(target)
    box.good("to-a-picture.png")
    box.bad("to-nothing.jpg", None, MissingFileError)
    box.bad("to-itself.jpg", None, MissingFileError)
    box.bad("to-a-device.jpg", None, UnreadableFileError)
    box.bad("not-there.jpg", None, MissingFileError, found=False)
    box.bad("target.png/below.jpg", None, MissingFileError, found=False)


@kind("no-ordinary-files")
def _not_ordinary(box: Box) -> None:
    if not hasattr(os, "mkfifo"):
        return
    pipe = box.folder / "pipe.jpg"
    if not pipe.exists():
        os.mkfifo(pipe)
    box.bad("pipe.jpg", None, UnreadableFileError, found=False)
    if sys.platform == "linux":  # elsewhere only the administrator may make one like this
        address = box.folder / "socket.jpg"
        if not address.exists():
            os.mknod(address, stat.S_IFSOCK | 0o600)
        box.bad("socket.jpg", None, UnreadableFileError, found=False)


@kind("permissions")
def _permissions(box: Box) -> None:
    path = box.folder / "none.png"
    if path.exists():
        path.chmod(0o600)
    path.write_bytes(_PICTURE)
    path.chmod(0)
    if os.access(path, os.R_OK):  # for the administrator there are no permissions
        box.good("none.png")
    else:
        box.bad("none.png", None, UnreadableFileError)
