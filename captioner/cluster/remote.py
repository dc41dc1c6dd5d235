"""Files in object stores (``s3://``, ``gs://`` and what else pyarrow opens): found and fetched."""

import functools
import shutil
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from captioner.batch.finding import Input
from captioner.batch.folders import has_media_suffix, natural

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem


def is_remote(path: str) -> bool:
    """Whether this is the address of something in an object store, not a path."""
    return "://" in path


def open_store(address: str) -> "tuple[FileSystem, str]":
    """The file system of an address or a local path, and the path in it.

    Args:
        address: with the parameters that pyarrow takes, as in
            ``s3://bucket/photos?region=eu-west-1``; or a local path.

    Raises:
        OSError: the store cannot be reached.
        ValueError: there is no such kind of store, or the address is none.
    """
    if not is_remote(address):
        from pyarrow.fs import LocalFileSystem

        return LocalFileSystem(), str(Path(address).absolute())
    parts = urlsplit(address)
    system, root = _open_root(urlunsplit(parts._replace(path="/")))
    return system, f"{root.rstrip('/')}{unquote(parts.path)}"


@functools.cache
def _open_root(address: str) -> "tuple[FileSystem, str]":
    """The file system of a whole bucket, made once: it may ask the network for its region."""
    from pyarrow.fs import FileSystem

    system, path = FileSystem.from_uri(address)
    return system, path


def find_remote(address: str, recursive: bool, relative: bool = True) -> list[Input]:
    """Find the files that an address names, as ``find_inputs`` finds those of a path.

    What cannot be found or opened is an input that says so.

    Args:
        address: a file or a folder.
        recursive: also take the files of the folders in the folder.
        relative: name files in rows relative to the folder; otherwise by their address.
    """
    from pyarrow.fs import FileSelector, FileType

    try:
        system, path = open_store(address)
        kind = system.get_file_info(path).type
        if kind == FileType.Directory:
            listing = system.get_file_info(FileSelector(path, recursive=recursive))
    except (OSError, ValueError) as error:
        return [Input(address, address, f"cannot be opened ({error}); check the address")]
    if kind == FileType.NotFound:
        return [Input(address, address, "there is no such file; check the address")]
    if kind != FileType.Directory:
        return [Input(address, address)]
    names = [
        str(PurePosixPath(info.path).relative_to(PurePosixPath(path)))
        for info in listing
        if info.type == FileType.File
    ]
    wanted = sorted(filter(_is_wanted, names), key=_order)
    addresses = [_address_in(address, name) for name in wanted]
    shown = wanted if relative else addresses
    return [Input(*pair) for pair in zip(addresses, shown, strict=True)]


def fetch(address: str, target: Path) -> None:
    """Copy a file from an object store.

    Raises:
        OSError: it cannot be read or written.
        ValueError: the address is none.
    """
    system, path = open_store(address)
    with system.open_input_stream(path) as source, target.open("wb") as copy:
        shutil.copyfileobj(source, copy)


def _is_wanted(name: str) -> bool:
    parts = name.split("/")
    return has_media_suffix(parts[-1]) and not any(part.startswith(".") for part in parts)


def _order(name: str) -> Any:
    """Natural order, the files of each folder before its sub-folders."""
    *folders, last = name.split("/")
    return [*((1, natural(folder)) for folder in folders), (0, natural(last))]


def _address_in(folder: str, name: str) -> str:
    parts = urlsplit(folder)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{quote(name)}"))
