"""How long it takes to find a great many files, and to pass by those that are captioned.

Makes the files in a temporary folder, runs the command line on them in processes of their own, and
prints a table: ``python benchmarks/finding.py``. No model is loaded, for there is nothing to
caption.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from captioner.batch.rows import Row
from captioner.writers import FILE_WRITERS

ROOT = Path(__file__).parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=250_000)
    parser.add_argument("--folders", type=int, default=255)
    parser.add_argument("--within", type=Path, help="make the temporary folder in this one")
    options = parser.parse_args()
    with TemporaryDirectory(dir=options.within) as folder:
        photos = Path(folder) / "photos"
        names = make_files(photos, options.files, options.folders)
        print("| job | files | seconds | of CPU | peak memory, MB |")
        print("|---|---|---|---|---|")
        measure(len(names), "count them (--dry-run)", "-r", photos, "--dry-run")
        pattern = f"{photos}/**/*.jpg"
        measure(len(names), "count what a pattern names", "-r", pattern, "--dry-run")
        listed = Path(folder) / "list.txt"
        listed.write_text("".join(f"{photos}/{name}\n" for name in names))
        measure(len(names), "count a list", "--files-from", listed, "--dry-run")
        listed.unlink()
        for suffix in (".jsonl", ".csv", ".parquet"):
            output = Path(folder) / f"captions{suffix}"
            write_rows(output, names)
            measure(len(names), f"skip those with a row ({suffix})", "-r", photos, "-o", output)
            output.unlink()
        for name in names:
            (photos / name).with_suffix(".txt").write_text("a dog runs\n")
        measure(len(names), "skip those with a sidecar (.txt)", "-r", photos, "--sidecar", "txt")


def make_files(photos: Path, files: int, folders: int) -> list[str]:
    """Make files of a byte, evenly in folders; returns their names, relative to ``photos``."""
    for number in range(folders):
        (photos / f"folder {number:03}").mkdir(parents=True)
    names = [f"folder {number % folders:03}/IMG_{number:06}.jpg" for number in range(files)]
    for name in names:
        (photos / name).write_bytes(b"x")
    return names


def write_rows(output: Path, names: list[str]) -> None:
    text = "a brown dog is running through the snow"
    with FILE_WRITERS[output.suffix].open(output, "x") as writer:
        for name in names:
            writer.write(Row(name, name, "image", text, -0.41, model="flickr8k-xception-lstm"))


def measure(files: int, job: str, *arguments: str | Path) -> None:
    """Run a command line in a process of its own, and print a line about it."""
    command = [sys.executable, "-m", "captioner", *map(str, arguments)]
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = process.stdout.read().decode() if process.stdout else ""
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    if os.waitstatus_to_exitcode(status) != 0 or f"{files:,}" not in said:
        sys.exit(f"{job}: {json.dumps(command)} failed:\n{said}")
    memory = used.ru_maxrss / 1024  # Linux counts in KiB
    cpu = used.ru_utime + used.ru_stime
    print(f"| {job} | {files:,} | {seconds:.1f} | {cpu:.1f} | {memory:.0f} |", flush=True)


if __name__ == "__main__":
    main()
