"""From a folder to its index: only what is new or changed is read.

A run may be killed at any moment, and the next one goes on with what is left.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from captioner.batch.finding import Input
from captioner.batch.folders import search as search_folder
from captioner.batch.pipeline import WORKERS
from captioner.batch.prefetch import Loaded, read_ahead
from captioner.batch.rows import failure_reason
from captioner.describe.base import MAX_SIDE
from captioner.errors import IndexFileError
from captioner.media.budget import Budget, Limits
from captioner.media.detect import media_kind
from captioner.media.frames import sample_frames
from captioner.media.images import load_image
from captioner.models.preprocessing import resize
from captioner.outputs.locking import BusyError, locked
from captioner.search.cutoff import calibrate
from captioner.search.store import DATABASE, PLACE, Known, NewFile, Store

if TYPE_CHECKING:
    from captioner.search.index import Index
    from captioner.search.retriever import Retriever

_WHOLE = 1 << 25  # bytes; of larger files, parts tell renamed ones from others
_PART = 1 << 20
_FILES_AT_ONCE = 256  # written together
_BATCHES_AHEAD = 3  # of pictures that wait for the network


@dataclass(frozen=True)
class Changes:
    """What is different in a folder since it was indexed.

    Attributes:
        new: files to read, each with size and time of change.
        removed: numbers of files that are gone or have changed.
        renamed: of files that have another name now: number, path and time of change.
        kept: how many are as they were.
        unreadable: folders that cannot be opened, and links to nothing, with the reason.
    """

    new: list[tuple[bytes, os.stat_result]]
    removed: list[int]
    renamed: list[tuple[int, bytes, int]]
    kept: int
    unreadable: list[tuple[bytes, str]]


@dataclass(frozen=True)
class Update:
    """What bringing an index up to date did.

    Attributes:
        added: files that were read.
        removed: that are gone or had changed.
        renamed: that have another name now.
        kept: that were as they were.
        failed: names of files and folders that could not be read, with the reason.
    """

    added: int
    removed: int
    renamed: int
    kept: int
    failed: list[tuple[str, str]]


def build_index(
    retriever: Retriever,
    folder: str | Path,
    *,
    recursive: bool = True,
    hidden: bool = False,
    max_frames: int = 16,
    batch_size: int = 16,
    workers: int = WORKERS,
    max_seconds: int = 60,
    rebuild: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Index:
    """The index of a folder, brought up to date; `Index.update` says what was done.

    Args:
        retriever: embeds what is new.
        folder: with pictures and clips.
        recursive: also of the folders in it.
        hidden: also of what begins with a dot.
        max_frames: at most so many frames of a clip are looked at.
        batch_size: pictures and frames that go through the network together.
        workers: threads that read files.
        max_seconds: reading one file may take so long.
        rebuild: begin anew, whatever is there.
        progress: is told how many of how many files were read.

    Raises:
        IndexFileError: there is an index of another model or format, or a damaged one; or another
            run is writing it.
        OSError: the folder cannot be read, or its index not be written.
    """
    from captioner.search.index import Index

    folder = Path(folder)
    place = folder / PLACE
    place.mkdir(exist_ok=True)
    try:
        with locked(place / DATABASE), _opened(place, retriever, rebuild) as store:
            found = changes(store, folder, recursive, hidden)
            for number, path, mtime in found.renamed:
                store.rename(number, path, mtime)
            store.remove(found.removed)
            reader = _Reader(retriever, folder, max_frames, Limits(seconds=max_seconds))
            failed = _read_all(
                store,
                reader,
                found.new,
                batch_size=batch_size,
                workers=workers,
                progress=progress,
            )
            store.compact()
            if found.new or found.removed or "cutoff" not in store.meta():
                calibrate(store, retriever)
    except BusyError:
        raise IndexFileError(
            place, "is being written by another run", "wait for it, or stop it"
        ) from None
    unreadable = [(os.fsdecode(name), reason) for name, reason in found.unreadable]
    update = Update(
        len(found.new) - len(failed), len(found.removed), len(found.renamed), found.kept,
        failed + unreadable,
    )  # fmt: skip
    return Index(retriever, folder, update)


def _opened(place: Path, retriever: Retriever, rebuild: bool) -> Store:
    if rebuild:
        ours = "vectors-", "rows-", DATABASE, f".{DATABASE}"
        for file in place.iterdir():
            if file.name.startswith(ours) and not file.name.endswith(".lock"):
                file.unlink()
    if (place / DATABASE).is_file():
        return Store.open(place, retriever.identity, retriever.name)
    return Store.create(place, retriever.identity, retriever.dimensions)


# === What is new ===


def changes(store: Store, folder: Path, recursive: bool, hidden: bool) -> Changes:
    """Compares a folder with what its index knows; of the files only sizes and times are read."""
    known = store.known()
    new: list[tuple[bytes, os.stat_result]] = []
    unreadable: list[tuple[bytes, str]] = []
    changed: list[int] = []
    kept = 0
    base = os.path.join(os.fspath(folder), "")  # noqa: PTH118 - a Path for each file takes seconds
    for name, error in search_folder(os.fspath(folder), recursive, hidden=hidden):
        path = os.fsencode(name if os.sep == "/" else name.replace(os.sep, "/"))
        try:
            status = os.stat(base + name)  # noqa: PTH116
        except OSError as problem:
            unreadable.append((path, error or str(problem.strerror)))
            continue
        if error is not None:
            unreadable.append((path, error))
            continue
        before = known.pop(path, None)
        if before is None:
            new.append((path, status))
        elif (before.size, before.mtime) == (status.st_size, status.st_mtime_ns):
            kept += 1
        else:
            changed.append(before.id)
            new.append((path, status))
    renamed, new = _renamed(store, folder, known, new)
    gone = {one.id for one in known.values()} - {number for number, _, _ in renamed}
    return Changes(new, [*changed, *sorted(gone)], renamed, kept, unreadable)


def _renamed(
    store: Store,
    folder: Path,
    gone: dict[bytes, Known],
    new: list[tuple[bytes, os.stat_result]],
) -> tuple[list[tuple[int, bytes, int]], list[tuple[bytes, os.stat_result]]]:
    """Which of the new files are those that are gone, by size and content; and the other new."""
    sizes: dict[int, list[int]] = {}
    for one in gone.values():
        sizes.setdefault(one.size, []).append(one.id)
    renamed, others = [], []
    for path, status in new:
        candidates = sizes.get(status.st_size, [])
        digest = content_digest(folder / os.fsdecode(path)) if candidates else None
        contents = store.digests(candidates) if digest else {}
        number = next((n for n, content in contents.items() if content == digest), None)
        if number is None:
            others.append((path, status))
        else:
            candidates.remove(number)
            renamed.append((number, path, status.st_mtime_ns))
    return renamed, others


def content_digest(path: Path) -> bytes | None:
    """What tells a file's content from any other; of a large one by its size and parts of it.

    Returns:
        None where it cannot be read.
    """
    digest = hashlib.blake2b(digest_size=16)
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            digest.update(str(size).encode())
            if size <= _WHOLE:
                digest.update(file.read(_WHOLE))
            else:
                for place in (0, size // 2, size - _PART):
                    file.seek(place)
                    digest.update(file.read(_PART))
    except OSError:
        return None
    return digest.digest()


# === Reading it ===


class _Reader:
    """Reads files for a retriever; any number of threads may share it."""

    def __init__(self, retriever: Retriever, folder: Path, max_frames: int, limits: Limits):
        self.retriever = retriever.with_streams()
        self._folder = folder
        self._frames = max_frames
        self._limits = limits

    def path(self, name: bytes) -> str:
        return os.fspath(self._folder / os.fsdecode(name))

    def read(self, item: Input) -> Loaded:
        kind = None
        try:
            kind = media_kind(item.path, budget=Budget(item.path, self._limits))
            budget = Budget(item.path, self._limits)
            if kind == "image":
                image = load_image(item.path, max_side=MAX_SIDE, budget=budget)
                return Loaded(item, kind, (self._small(image),))
            clip = sample_frames(item.path, self._frames, "uniform", MAX_SIDE, budget=budget)
            images = tuple(self._small(frame.image) for frame in clip.frames)
            return Loaded(item, kind, images, clip.spans)
        except Exception as error:  # whatever one file does, the others are still to be read
            return Loaded(item, kind, error=failure_reason(error))

    def _small(self, image: np.ndarray) -> np.ndarray:
        """At twice the size that the networks see, they see the same: less waits in memory."""
        side = 2 * self.retriever.largest
        return resize(image, side) if min(image.shape[:2]) > side else image


def _read_all(
    store: Store,
    reader: _Reader,
    new: Sequence[tuple[bytes, os.stat_result]],
    *,
    batch_size: int,
    workers: int,
    progress: Callable[[int, int], None],
) -> list[tuple[str, str]]:
    """Reads, embeds and stores files; returns those that could not be read, and why."""
    failed, waiting, done = [], [], 0
    statuses = {os.fsdecode(name): (name, status) for name, status in new}
    inputs = (Input(reader.path(name), os.fsdecode(name)) for name, _ in new)
    reading = read_ahead(
        inputs, reader.read, workers=workers, room=_BATCHES_AHEAD * batch_size, overtaking=True
    )
    pictures = 0
    with closing(reading) as files, closing(_embedded(files, reader, batch_size)) as embedded:
        for loaded, vectors in embedded:
            name, status = statuses[loaded.item.file_name]
            if loaded.error is not None:
                failed.append((loaded.item.file_name, loaded.error))
            waiting.append(_new_file(name, status, loaded, vectors, reader))
            pictures += len(vectors)
            done += 1
            if len(waiting) >= _FILES_AT_ONCE or pictures >= 4 * _FILES_AT_ONCE:
                store.add(waiting)
                waiting, pictures = [], 0
                progress(done, len(new))
    store.add(waiting)
    if new:
        progress(done, len(new))
    return failed


def _new_file(
    name: bytes, status: os.stat_result, loaded: Loaded, vectors: np.ndarray, reader: _Reader
) -> NewFile:
    return NewFile(
        name,
        status.st_size,
        status.st_mtime_ns,
        content_digest(Path(loaded.item.path)),
        loaded.kind,
        vectors,
        loaded.spans or (),
        loaded.error,
    )


def _embedded(
    files: Iterable[Loaded | None], reader: _Reader, size: int
) -> Generator[tuple[Loaded, np.ndarray], None, None]:
    """Files with the embeddings of their pictures, float32 [rows, D]; the pictures are let go."""
    retriever = reader.retriever
    waiting: deque[tuple[Loaded, int]] = deque()
    vectors: deque[np.ndarray] = deque()

    def finished() -> Iterator[tuple[Loaded, np.ndarray]]:
        while waiting and waiting[0][1] <= len(vectors):
            file, count = waiting.popleft()
            rows = [vectors.popleft() for _ in range(count)]
            yield file, np.stack(rows) if rows else np.zeros((0, retriever.dimensions), np.float32)

    with ThreadPoolExecutor(retriever.streams, "embedding") as pool:
        running: deque[Future[np.ndarray]] = deque()
        try:
            for batch in _batches(files, waiting, size):
                running.append(pool.submit(retriever.embed_images, batch))
                while running and (running[0].done() or len(running) > 2 * retriever.streams):
                    vectors.extend(running.popleft().result())
                yield from finished()
            while running:
                vectors.extend(running.popleft().result())
            yield from finished()
        finally:
            pool.shutdown(cancel_futures=True)


def _batches(
    files: Iterable[Loaded | None], waiting: deque[tuple[Loaded, int]], size: int
) -> Iterator[list[np.ndarray]]:
    """The pictures of all files, ``size`` at a time, or those that there are when it has to wait.

    Each file goes on to ``waiting``, with the number of its pictures.
    """
    images: list[np.ndarray] = []
    for file in files:
        if file is not None:
            waiting.append((replace(file, images=()), len(file.images)))
            images += file.images
        while len(images) >= size:
            yield images[:size]
            images = images[size:]
        if file is None and images:
            yield images
            images = []
    if images:
        yield images


def options_of(values: Any) -> dict[str, Any]:
    """The options of `build_index` among the attributes of a command line."""
    names = ("recursive", "hidden", "max_frames", "batch_size", "max_seconds", "rebuild")
    found = {name: getattr(values, name) for name in names}
    return {**found, **({"workers": values.workers} if values.workers else {})}
