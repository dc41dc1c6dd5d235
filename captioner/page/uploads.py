"""Which files may be read: those that were uploaded to this server, and no others.

Gradio lets a request written by hand name any path or address where a file is due. Its own checks
stand before ours, but differ from component to component, and it fetches addresses from the web
before any component sees them. So every input of every event is looked at here first.
"""

import atexit
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from captioner.page.faults import RefusalError, as_messages

if TYPE_CHECKING:
    import gradio as gr

KEPT = 3600  # seconds that uploads, and what was made from them, stay on the disk
_NOT_UPLOADED = "This file was not uploaded to this server; choose it again."
_ADDRESS = "/gradio_api/file="  # in front of an upload's path, where it is served


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


def path_of(upload: Any) -> Path | None:
    """The path of an upload; None where nothing was chosen.

    Args:
        upload: a file as an event without preprocessing gets it, or an upload's address here.

    Raises:
        RefusalError: this is no upload.
    """
    if upload is None:
        return None
    name = upload.get("path") if isinstance(upload, dict) else upload
    if not isinstance(name, str) or not name or "\0" in name:
        raise RefusalError(_NOT_UPLOADED)
    if name.startswith(("http://", "https://")):
        # The Model Context Protocol knows an upload by its address; nothing is fetched from it.
        name = unquote(name.partition(_ADDRESS)[2])
    path = Path(name).resolve()
    if not path.is_relative_to(upload_folder()) or not path.is_file():
        raise RefusalError(_NOT_UPLOADED)
    return path


def chosen(upload: Any) -> Path:
    """The path of an upload.

    Raises:
        RefusalError: nothing was chosen, or this is no upload.
    """
    path = path_of(upload)
    if path is None:
        raise RefusalError("Choose a file first.")
    return path


def all_chosen(uploads: Any) -> list[Path]:
    """The paths of several uploads.

    Raises:
        RefusalError: nothing was chosen, or something of it is no upload.
    """
    if not isinstance(uploads, list) or not uploads:
        raise RefusalError("Choose some files first.")
    return [chosen(upload) for upload in uploads]


def guard(blocks: "gr.Blocks") -> None:
    """Makes every event of a page refuse files that were not uploaded, before it reads anything."""
    read = blocks.preprocess_data

    async def read_uploads(fn: Any, inputs: list[Any], *args: Any, **options: Any) -> Any:
        with as_messages():
            for file in _files_in(inputs):
                # Without an address, nothing is left that could be fetched.
                file.update(path=str(path_of(file)), url=None)
        return await read(fn, inputs, *args, **options)

    blocks.preprocess_data = read_uploads


def _files_in(value: Any) -> Iterator[dict[str, Any]]:
    """Whatever in a request names a path or an address."""
    if isinstance(value, dict):
        if isinstance(value.get("path"), str) or isinstance(value.get("url"), str):
            yield value
        for inner in value.values():
            yield from _files_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _files_in(inner)


def _sweep(folder: Path, before: float) -> None:
    """Deletes what is older: what a stopped request left, and folders that Gradio has emptied."""
    for old in folder.iterdir():
        try:
            if old.stat().st_mtime < before:
                shutil.rmtree(old)
        except OSError:  # another request was quicker
            continue
