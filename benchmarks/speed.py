"""This project beside other ways to caption, and beside the bare encoder, which is its limit.

``python benchmarks/speed.py`` makes photos, a 10 s video of 720p and a GIF of 60 frames, and lets
each method of ``baselines.py`` caption them, in turn, for several rounds; medians go into a table,
with the peak memory. Cold is a fresh process that captions one photo, the disk's cache warm.
``python benchmarks/speed.py --growth`` measures ``python -m captioner`` on more and more photos,
and on longer and longer videos.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from baselines import METHODS
from inputs import make_animation, make_photos, make_video

ROOT = Path(__file__).parent.parent
HERE = "this project"
INPUTS = ("photo", "folder", "video", "GIF")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--photos", type=int, default=1000, help="in the folder (1000)")
    parser.add_argument("--methods", nargs="*", choices=METHODS, default=list(METHODS))
    parser.add_argument("--growth", action="store_true", help="how cost grows, instead")
    parser.add_argument("--most-photos", type=int, default=10_000, help="of --growth (10000)")
    parser.add_argument("--longest", type=int, default=3600, help="video of --growth, s (3600)")
    options = parser.parse_args()
    with TemporaryDirectory() as temporary:
        work = Path(temporary)
        if options.growth:
            measure_growth(work, options.most_photos, options.longest)
            return
        (work / "photos").mkdir()
        make_photos(work / "photos", options.photos)
        make_video(work / "video.mp4", seconds=10)
        make_animation(work / "animation.gif", frames=60)
        compare(work, options.methods, options.rounds)


# Side by side


def compare(work: Path, methods: Sequence[str], rounds: int) -> None:
    """Prints seconds and memory of each method, and how many times as long as here they are."""
    found: dict[str, list[dict[str, float]]] = {method: [] for method in methods}
    for number in range(rounds):
        for method in methods:
            seconds = run_warm(method, work)
            if not method.startswith("encoder"):
                seconds |= run_cold(method, work)
            found[method].append(seconds)
            print(f"round {number + 1}, {method}: {_short(seconds)}", file=sys.stderr, flush=True)
    medians = {method: _medians(rows) for method, rows in found.items()}
    columns = [*INPUTS, "memory", "cold", "cold memory"]
    print(f"| | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    for method, row in medians.items():
        cells = (_cell(row.get(column), column) for column in columns)
        print(f"| {method} | {' | '.join(cells)} |")
    if HERE not in medians:
        return
    print("\nTimes as long as here:\n")
    columns = [*INPUTS, "cold"]
    print(f"| | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    for method, row in medians.items():
        ratios = (
            f"{row[column] / medians[HERE][column]:.2f}" if column in row else "-"
            for column in columns
        )
        print(f"| {method} | {' | '.join(ratios)} |")


def run_warm(method: str, work: Path) -> dict[str, float]:
    """Seconds of each input, and the peak memory in MB."""
    printed, memory, _ = _run([sys.executable, "benchmarks/baselines.py", method, str(work)])
    return {**json.loads(printed.splitlines()[-1]), "memory": memory}


def run_cold(method: str, work: Path) -> dict[str, float]:
    """Seconds and peak memory of a process that captions one photo."""
    command = [sys.executable, "benchmarks/baselines.py", method, str(work), "--cold"]
    if method.startswith(HERE):
        _, precision = METHODS[method]
        command = [sys.executable, "-m", "captioner", str(work / "photos" / "00000.jpg")]
        command += ["--precision", precision] if precision else []
    _, memory, seconds = _run(command)
    return {"cold": seconds, "cold memory": memory}


def _run(command: Sequence[str]) -> tuple[str, float, float]:
    """What a command prints, its peak memory in MB, and its seconds."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    start = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stderr is not None
    printed, complaint = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed:\n{complaint}")
    unit = 2**20 if sys.platform == "darwin" else 2**10  # macOS counts bytes
    return printed, usage.ru_maxrss / unit, time.perf_counter() - start


def _medians(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(row[name] for row in rows) for name in rows[0]}


def _short(seconds: dict[str, float]) -> str:
    return ", ".join(f"{name} {_cell(value, name)}" for name, value in seconds.items())


def _cell(value: float | None, column: str) -> str:
    if value is None:
        return "-"
    if "memory" in column:
        return f"{value:.0f} MB"
    if column == "folder":
        return f"{1 / value:.1f}/s"
    return f"{1000 * value:.0f} ms" if value < 1 else f"{value:.2f} s"


# Growth


def measure_growth(work: Path, most_photos: int, longest: int) -> None:
    """Prints seconds and peak memory of the command line, as inputs grow."""
    print("| input | seconds | memory |\n|---|---|---|", flush=True)
    (work / "photos").mkdir()
    photos = make_photos(work / "photos", most_photos)
    for count in (1, 10, 100, 1000, 10_000):
        if count <= most_photos:
            listed = work / "list.txt"
            listed.write_text("\n".join(map(str, photos[:count])))
            _grow(f"{count:,} photos", ["--files-from", str(listed), "-o", str(work / "o.jsonl")])
    for seconds in (1, 10, 60, 600, 3600):
        if seconds <= longest:
            video = make_video(work / f"{seconds}.mp4", seconds, size=(640, 360))
            _grow(f"{seconds} s of video", [str(video)])


def _grow(name: str, arguments: Sequence[str]) -> None:
    command = [sys.executable, "-m", "captioner", *arguments, "--existing", "overwrite"]
    if "-o" not in arguments:
        command = command[:-2]
    _, memory, seconds = _run(command)
    print(f"| {name} | {seconds:.2f} | {memory:.0f} MB |", flush=True)


if __name__ == "__main__":
    main()
