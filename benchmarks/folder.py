"""How much of the encoder's speed a folder gets, end to end, and how much memory.

``python benchmarks/folder.py`` makes 1,000 photos and 200 GIFs, or takes the files of ``--photos``
and ``--clips``. In one process, in turn, it runs the bare encoder of the model that ships on arrays
at its best batch, and the command line (``captioner.cli.main``) on the folder, models loaded, to
a file of rows; medians of several rounds go into a table. Then each folder goes through
``python -m captioner`` in a process of its own, whose memory is read at every 100th row.
"""

import argparse
import gc
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import psutil
from inputs import make_gifs, make_photos

from captioner.cli.main import main as caption
from captioner.runtime.backend import choose_backend

WANTED = 0.85  # of the encoder's speed
MOST_MEMORY = 1500  # MB
IMAGES = 96  # that the encoder takes in a round


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, metavar="DIR", help="take the photos of this folder")
    parser.add_argument("--clips", type=Path, metavar="DIR", help="take the clips of this folder")
    parser.add_argument("--count", type=int, default=1000, help="photos to make (1000)")
    parser.add_argument("--gifs", type=int, default=200, help="GIFs to make (200)")
    parser.add_argument("--rounds", type=int, default=3, help="of speed; 0 for none (3)")
    parser.add_argument("--no-memory", action="store_true", help="leave the memory out")
    options = parser.parse_args()
    with TemporaryDirectory() as temporary:
        work = Path(temporary)
        folders = [
            options.photos or _made(work / "photos", make_photos, options.count),
            options.clips or _made(work / "gifs", make_gifs, options.gifs),
        ]
        if options.rounds:
            measure_speed(folders, work, options.rounds)
        if not options.no_memory:
            for folder in folders:
                measure_memory(folder, work / f"{folder.name}.jsonl")


def _made(folder: Path, make: Callable[[Path, int], list[Path]], count: int) -> Path:
    folder.mkdir()
    make(folder, count)
    return folder


# Speed


def measure_speed(folders: list[Path], work: Path, rounds: int) -> None:
    """Prints images a second of the encoder, and of each folder, and their ratio."""
    choose_backend()
    from captioner import load_captioner

    captioner = load_captioner()
    encoders = make_encoders()
    speeds = {name: encode() for name, encode in encoders.items()}
    best = max(speeds, key=speeds.__getitem__)
    for name, speed in speeds.items():
        print(f"encoder, {name}: {speed:.1f} images/s", flush=True)
    load = {"load_captioner": lambda *_, **__: captioner}
    run = partial(caption_folder, work / "speed.jsonl", load)
    for folder in folders:
        run(folder, most=48)  # compiles
    found: dict[Path, list[tuple[float, float]]] = {folder: [] for folder in folders}
    for number in range(rounds):
        for folder in folders:
            before = encoders[best]()
            speed, images = run(folder)
            # Others use this machine too: the encoder is measured on both sides.
            encoder = statistics.mean([before, encoders[best]()])
            found[folder].append((encoder, speed))
            print(
                f"round {number + 1}: {images} images of {folder.name}, {speed:.1f}/s; "
                f"encoder {encoder:.1f}/s; ratio {speed / encoder:.2f}",
                flush=True,
            )
    print(f"\n| folder | encoder ({best}), images/s | end to end, images/s | ratio |")
    print("|---|---|---|---|")
    for folder, pairs in found.items():
        encoder, speed = (statistics.median(values) for values in zip(*pairs, strict=True))
        ratio = statistics.median(speed / encoder for encoder, speed in pairs)
        verdict = "" if ratio >= WANTED else f" (wanted: {WANTED})"
        print(f"| {folder.name} | {encoder:.1f} | {speed:.1f} | {ratio:.2f}{verdict} |")


def make_encoders() -> dict[str, Callable[[], float]]:
    """The encoder at several batches, alone and in streams: each gives its images a second."""
    from captioner.describe.loading import DEFAULT_MODEL
    from captioner.models.caption_model import CaptionModel
    from captioner.models.folder import PRETRAINED
    from captioner.runtime.keras_graphs import compiled

    model = CaptionModel.load(PRETRAINED / DEFAULT_MODEL)
    size = model.config.encoder.image_size
    images = np.random.default_rng(0).integers(0, 256, (16, size, size, 3), np.uint8)
    encoders: dict[str, Callable[[], float]] = {}
    for streams in sorted({1, model.useful_streams}):
        encode = compiled(model.encoder.model, streams)
        for batch in (1, 2, 4, 8, 16):
            work = partial(encode, images[:batch])
            work()  # the first call takes longer
            name = f"batch {batch}" if streams == 1 else f"{streams} batches of {batch} at once"
            encoders[name] = partial(_speed, work, streams, batch)
    return encoders


def _speed(work: Callable[[], object], streams: int, batch: int) -> float:
    times = IMAGES // batch
    with ThreadPoolExecutor(streams) as pool:
        start = time.perf_counter()
        list(pool.map(lambda _: work(), range(times)))
        return times * batch / (time.perf_counter() - start)


def caption_folder(
    output: Path, load: dict[str, Callable[..., Any]], folder: Path, most: int | None = None
) -> tuple[float, int]:
    """Runs the command line on a folder; images (of clips: frames) a second, and how many."""
    inputs = sorted(map(str, folder.iterdir()))[:most] if most else [str(folder)]
    gc.collect()
    start = time.perf_counter()
    code = caption([*inputs, "-o", str(output), "--existing", "overwrite"], **load)
    seconds = time.perf_counter() - start
    rows = [json.loads(line) for line in output.open(encoding="utf-8")]
    if code:
        raise SystemExit(f"{folder}: ended with code {code}")
    images = sum(len(row["frames"] or [0]) for row in rows)
    return images / seconds, images


# Memory


def measure_memory(folder: Path, output: Path) -> None:
    """Prints the memory of ``python -m captioner FOLDER`` at every 100th row."""
    total = sum(1 for _ in folder.iterdir())
    step = min(100, max(1, total // 10))
    command = [sys.executable, "-m", "captioner", str(folder), "-o", str(output)]
    memory: dict[int, int] = {}
    with subprocess.Popen(command, cwd=Path(__file__).parent.parent) as process:
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            rows = output.read_bytes().count(b"\n") if output.exists() else 0
            if rows >= step * (len(memory) + 1):
                memory[rows] = watched.memory_info().rss // 2**20
            time.sleep(0.05)
    print(f"\nmemory with {total} files of {folder.name}, MB, at so many rows:")
    print(", ".join(f"{rows}: {megabytes}" for rows, megabytes in memory.items()))
    first, *_, last = memory.values()
    most, growth = max(memory.values()), last / first - 1
    print(f"most {most} MB (wanted: under {MOST_MEMORY}); growth {growth:+.1%}", flush=True)


if __name__ == "__main__":
    main()
