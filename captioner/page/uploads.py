"""Which files may be read: those that were uploaded to this server, and no others.

Gradio lets a request written by hand name any path or address where a file is due. Its own checks
stand before ours, but differ from component to component, and it fetches addresses from the web
before any component sees them. So every input of every event is looked at here first.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from captioner.page.errors import RefusalError, as_messages
from captioner.page.storage import upload_folder

if TYPE_CHECKING:
    import gradio as gr

_NOT_UPLOADED = "This file was not uploaded to this server; choose it again."
_EXPIRED = "This upload has expired, for files are kept for an hour; choose the file again."
_LONGEST = 1000  # characters of a name
_ADDRESS = "/gradio_api/file="  # in front of an upload's path, where it is served


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
    if not path.is_relative_to(upload_folder()):
        raise RefusalError(_NOT_UPLOADED)
    if not path.is_file():
        raise RefusalError(_EXPIRED)
    return path


def name_of(upload: Any, path: Path | None = None) -> str:
    """What a visitor calls a file; empty where nothing is known.

    Gradio takes quotes and other signs out of the name under which a file lies on the disk.

    Args:
        upload: the file as an event without preprocessing gets it.
        path: where it lies, if that is known.
    """
    name = upload.get("orig_name") if isinstance(upload, dict) else None
    if isinstance(name, str) and 0 < len(name) <= _LONGEST and "\0" not in name:
        return name
    return path.name if path else ""


def chosen(upload: Any) -> Path:
    """The path of an upload.

    Raises:
        RefusalError: nothing was chosen, or this is no upload.
    """
    path = path_of(upload)
    if path is None:
        raise RefusalError("Choose a file first.")
    return path


def named(uploads: Any) -> list[tuple[Path, str]]:
    """The paths of several uploads, and what the visitor calls them.

    Raises:
        RefusalError: nothing was chosen, or something of it is no upload.
    """
    if not isinstance(uploads, list) or not uploads:
        raise RefusalError("Choose some files first.")
    paths = [chosen(upload) for upload in uploads]
    return [(path, name_of(upload, path)) for path, upload in zip(paths, uploads, strict=True)]


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
