"""Where uploads lie, and what is made from them, until an hour has passed or the server ends.

Nothing here imports Gradio, which notes the folder when it is imported itself.
"""

import atexit
import os
import shutil
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

KEPT = 3600  # seconds that uploads, and what was made from them, stay on the disk
_EVERY = 600.0  # seconds between two looks for what is left over


def use_private_folder() -> Path:
    """Makes the folder that uploads go to, for this process alone, and deletes it at its end.

    By default all Gradio servers of a machine share one, so that each could be asked for the
    uploads of the others. Call this before Gradio is imported.
    """
    parent = os.environ.get("GRADIO_TEMP_DIR") or None
    if parent:
        Path(parent).mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="captionloom-", dir=parent)).resolve()
    os.environ["GRADIO_TEMP_DIR"] = str(folder)
    os.environ["GRADIO_EXAMPLES_CACHE"] = str(folder / "examples")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def upload_folder() -> Path:
    """The folder that uploads go to."""
    from gradio.utils import get_upload_folder

    return Path(get_upload_folder()).resolve()


def new_folder() -> Path:
    """A new folder for files made for a visitor; it goes the way of the uploads."""
    made = upload_folder() / "made"
    made.mkdir(parents=True, exist_ok=True)
    _sweep(made, time.time() - KEPT)
    return Path(tempfile.mkdtemp(dir=made))


def keep_swept(folder: Path) -> None:
    """Deletes, again and again for as long as the process lives, what is left over in a folder.

    Gradio deletes the files that it knows of once they are `KEPT` seconds old; this is for all
    others, twice as old. Nothing that the page needs for longer may lie there.
    """

    def look() -> None:
        while True:
            sweep(folder, time.time() - 2 * KEPT)
            time.sleep(_EVERY)

    threading.Thread(target=look, name="sweeping", daemon=True).start()


def sweep(folder: Path, before: float) -> None:
    """Deletes the files below a folder that are older, and folders of which nothing is left.

    Args:
        folder: it stays, and so do the folders in it that have no files yet.
        before: seconds since 1970.
    """
    for place, _, names in os.walk(folder, topdown=False):
        for name in names:
            with suppress(OSError):  # Gradio was quicker
                path = Path(place, name)
                if path.lstat().st_mtime < before:
                    path.unlink()
        with suppress(OSError):
            if Path(place) != folder and Path(place).stat().st_mtime < before:
                Path(place).rmdir()


def _sweep(folder: Path, before: float) -> None:
    """Deletes what is older: what a stopped request left, and folders that Gradio has emptied."""
    for old in folder.iterdir():
        try:
            if old.stat().st_mtime < before:
                shutil.rmtree(old)
        except OSError:  # another request was quicker
            continue
