"""Searching: one query over many vectors, a folder that has not changed, indexing a folder.

    python benchmarks/search.py vectors --count 1000000
    python benchmarks/search.py files --count 250000
    python benchmarks/search.py folder FOLDER

The vectors are random, the files empty of sense: of what is unchanged nothing but names, sizes and
times is read. Folders are made in the system's temporary folder, and removed.
"""

import argparse
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from captioner.describe.base import ClipCaptioner
from captioner.search.building import build_index
from captioner.search.index import Index
from captioner.search.query import Term
from captioner.search.retriever import Retriever
from captioner.search.store import PLACE, NewFile, Store

_AT_ONCE = 10_000
_DIMENSIONS = 256
_QUERIES = 20
_FRAMES = 1000


class Stand(Retriever):
    """Random embeddings: the network is not what is measured."""

    name = "random"
    identity = "random 1"
    dimensions = _DIMENSIONS
    largest = 32

    def embed_images(self, images: Sequence[np.ndarray]) -> np.ndarray:
        """Random, whatever is seen."""
        return _random(len(images), len(images))

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Random, by the length of the text."""
        return np.concatenate([_random(1, len(text)) for text in texts])


def _random(count: int, seed: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).standard_normal((count, _DIMENSIONS)).astype(np.float32)
    unit: np.ndarray = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def _memory() -> int:
    """Resident memory that is no file, in MB (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) // 1024


def vectors(count: int) -> None:
    """One query over so many vectors, frames of clips of a thousand each."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = Store.create(folder / PLACE, Stand.identity, _DIMENSIONS)
        spans = [(float(second), second + 1.0) for second in range(_FRAMES)]
        for number in range(count // _FRAMES):
            path = f"{number}.mp4"
            (folder / path).write_bytes(b"")
            rows = _random(_FRAMES, number)
            store.add([NewFile(path.encode(), 0, 0, None, "video", rows, spans)])
        store.set_meta(cutoff=-1.0)
        store.database.commit()
        store.close()
        before = _memory()
        index = Index(Stand(), folder)
        seconds = []
        for number in range(_QUERIES + 2):
            begun = time.perf_counter()
            index.search([Term("x" * (number + 1))], limit=10, words=False)
            seconds.append(time.perf_counter() - begun)
        warm = seconds[2:]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(
            f"{count} vectors: first {seconds[0]:.3f} s; warm, median of {len(warm)} "
            f"{statistics.median(warm) * 1000:.0f} ms, best {min(warm) * 1000:.0f} ms; "
            f"memory beyond the file {_memory() - before} MB (peak of the process {peak} MB)"
        )


def files(count: int) -> None:
    """A second index run over so many files, none of which has changed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = Store.create(folder / PLACE, Stand.identity, _DIMENSIONS)
        zeros = np.zeros((1, _DIMENSIONS), np.float32)
        made: list[NewFile] = []
        for number in range(count):
            path = f"{number // 1000:04}/{number % 1000:03}.jpg"
            file = folder / path
            if number % 1000 == 0:
                file.parent.mkdir()
            file.write_bytes(b"x")
            status = file.stat()
            made.append(NewFile(path.encode(), 1, status.st_mtime_ns, b"digest", "image", zeros))
            if len(made) == _AT_ONCE or number == count - 1:
                store.add(made)
                made = []
        store.set_meta(cutoff=0)
        store.database.commit()
        store.close()
        begun, work = time.perf_counter(), time.process_time()
        update = build_index(Stand(), folder).update
        assert update is not None
        print(
            f"{update.kept} files unchanged: {time.perf_counter() - begun:.1f} s "
            f"({time.process_time() - work:.1f} s of one core)"
        )


def folder(path: Path) -> None:
    """Indexing a folder of photos, and captioning it, in photos a second."""
    from captioner import load_captioner, load_retriever
    from captioner.batch.finding import find_inputs
    from captioner.batch.pipeline import caption_inputs

    retriever = load_retriever()
    inputs = find_inputs([os.fspath(path)], recursive=True).inputs
    captioner = load_captioner()
    for round_ in range(2):  # the first compiles
        begun, work = time.perf_counter(), time.process_time()
        index = retriever.index(path, rebuild=True)
        indexing = time.perf_counter() - begun, time.process_time() - work
        begun, work = time.perf_counter(), time.process_time()
        rows = list(caption_inputs(inputs, captioner, _no_clips))
        captioning = time.perf_counter() - begun, time.process_time() - work
        if round_:
            print(
                f"{len(index)} pictures: indexing {len(index) / indexing[0]:.2f} a second "
                f"({indexing[1]:.1f} s of one core), captioning {len(rows) / captioning[0]:.2f} "
                f"({captioning[1]:.1f} s): {captioning[0] / indexing[0]:.2f} times as fast, "
                f"{captioning[1] / indexing[1]:.2f} times by the cores' time"
            )


def _no_clips() -> ClipCaptioner:
    raise ValueError("a folder of photos alone is measured")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="what", required=True)
    for name, count in (("vectors", 1_000_000), ("files", 250_000)):
        commands.add_parser(name).add_argument("--count", type=int, default=count)
    commands.add_parser("folder").add_argument("path", type=Path)
    options = parser.parse_args()
    if options.what == "folder":
        folder(options.path)
    else:
        {"vectors": vectors, "files": files}[options.what](options.count)


if __name__ == "__main__":
    main()
