"""Disks that are full, files that may not grow, folders that take nothing."""

import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from captioner.writers import FILE_WRITERS
from tests.cli.killing import Killing
from tests.fakes import caption_of, save_color

COLORS = {f"{number}.png": (2 * number, 0, 0) for number in range(60)}
TEXTS = {name: caption_of(color) for name, color in COLORS.items()}
FORMATS = [".jsonl", ".csv", ".parquet", ".tar"]
PREFIX = "long " * 60
FULL = "No space left on device; stopped here"


class Disk:
    """A disk in memory, of so many KB."""

    def __init__(self, folder, size):
        self.folder = folder
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}k,mode=755", "tmpfs", str(folder)]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("this user may not mount a disk")

    def remount(self, options):
        command = ["mount", "-o", f"remount,{options}", str(self.folder)]
        subprocess.run(command, check=True, capture_output=True)

    def remove(self):
        subprocess.run(["umount", "-l", str(self.folder)], check=True, capture_output=True)


@pytest.fixture
def disk(tmp_path):
    made = []

    def make(size):
        made.append(Disk(tmp_path / "disk", size))
        return made[-1]

    yield make
    for each in made:
        each.remove()


@pytest.fixture
def many(tmp_path):
    return save_many(tmp_path / "many")


def save_many(folder):
    for name, color in COLORS.items():
        save_color(folder / name, color)
    return folder


def read(output):
    """The captions in a file, failures too; each must be there once."""
    rows = list(FILE_WRITERS[output.suffix].read(output))
    captions = {row["file_name"]: row["text"] for row in rows}
    assert len(captions) == len(rows)
    return captions


@pytest.mark.parametrize("suffix", FORMATS)
def test_what_a_full_disk_took_is_kept_and_gone_on_with(run, many, disk, suffix):
    small = disk(size=12)
    output = small.folder / f"out{suffix}"
    words = many, "-o", output, "--batch-size", "4", "--prefix", PREFIX
    code, _, err = run(*words)
    assert code == 1
    assert f"error: cannot write {output}" in err
    assert err.count(FULL) == 1
    done = read(output)
    assert 0 < len(done) < len(TEXTS)
    small.remount("size=10m")
    code, _, err = run(*words)
    assert (code, f"skipped {len(done)}" in err) == (0, True)
    assert read(output) == {name: PREFIX + text for name, text in TEXTS.items()}


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("existing", ["overwrite", "append"])
def test_a_full_disk_loses_nothing_of_what_is_there(run, many, disk, suffix, existing):
    small = disk(size=10_000)
    output = small.folder / f"out{suffix}"
    assert run(many, "-o", output)[0] == 0
    used = sum(-(-path.stat().st_size // 4096) * 4 for path in small.folder.iterdir())
    small.remount(f"size={used + 12}k")
    code, _, err = run(many, "-o", output, "--existing", existing, "--suffix", ".")
    assert (code, err.count(FULL)) == (1, 1)
    there = {row["file_name"]: row["text"] for row in FILE_WRITERS[suffix].read(output)}
    assert set(there) == set(TEXTS)
    assert all(text.startswith(TEXTS[name]) for name, text in there.items())
    small.remount("size=10m")
    assert run(many, "-o", output, "--existing", existing, "--suffix", ".")[0] == 0
    form = "{0}." if existing == "overwrite" else "{0} {0}."
    assert read(output) == {name: form.format(text) for name, text in TEXTS.items()}


def test_sidecars_on_a_full_disk(run, disk):
    small = disk(size=10_000)
    folder = save_many(small.folder / "many")
    small.remount(f"size={4 * (len(COLORS) + 20)}k")
    code, _, err = run(folder, "--sidecar", "txt")
    assert (code, err.count(FULL)) == (1, 1)
    small.remount("size=10m")
    assert run(folder, "--sidecar", "txt")[0] == 0
    texts = {path.with_suffix(".png").name: path.read_text() for path in folder.glob("*.txt")}
    assert texts == {name: f"{text}\n" for name, text in TEXTS.items()}
    assert len(list(folder.iterdir())) == 2 * len(COLORS)


@pytest.mark.parametrize("arguments", [("-o", "{}/out.jsonl"), ("--sidecar", "txt")])
def test_a_read_only_disk_is_refused_before_the_model_loads(run, loaders, disk, arguments):
    small = disk(size=10_000)
    folder = save_many(small.folder / "many")
    small.remount("ro")
    code, _, err = run(folder, *(word.format(folder) for word in arguments))
    assert (code, loaders.calls) == (2, [])
    assert "permission" in err


# === Without a disk of its own ===


@pytest.fixture(scope="module")
def killing():
    with Killing() as killing:
        yield killing


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_file_that_may_not_grow_is_gone_on_with(killing, many, tmp_path, suffix):
    output = tmp_path / f"out{suffix}"
    arguments = many, "-o", output, "--batch-size", "4"
    code, _, _ = killing.run(
        arguments, "new", moment=None, room=(1, -20_000 if suffix == ".tar" else -2500)
    )
    assert code in (1, 2)
    assert 0 < len(read(output)) < len(TEXTS)
    assert killing.run(arguments, "new", moment=None)[0] == 0
    assert read(output) == {name: f"new {text}" for name, text in TEXTS.items()}


@pytest.mark.parametrize("arguments", [("-o", "{}/out.csv"), ("--sidecar", "txt,xmp")])
def test_a_folder_of_another_user_is_refused(killing, arguments):
    with tempfile.TemporaryDirectory() as name:
        folder = save_many(Path(name, "many"))
        Path(name).chmod(0o755)
        folder.chmod(0o555)
        before = sorted(folder.iterdir())
        user = 65534 if os.geteuid() == 0 else None  # root may do everything
        words = folder, *(word.format(folder) for word in arguments)
        assert killing.run(words, "new", moment=None, user=user)[0] == 2
        assert sorted(folder.iterdir()) == before
        folder.chmod(0o755)
        assert killing.run(words, "new", moment=None)[0] == 0
        made = {path.suffix for path in set(folder.iterdir()) - set(before)}
        assert made == ({".txt", ".xmp"} if "--sidecar" in words else {".csv"})
