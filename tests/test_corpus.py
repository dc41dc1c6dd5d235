"""The command line over the corpus of broken and odd inputs: see `tests.corpus`."""

import json
import os
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from captioner.batch.rows import failure_reason, one_line, plain_text
from captioner.errors import MediaError
from captioner.media.frames import sample_frames
from tests import corpus
from tests.corpus import Entry
from tests.corpus.animations import moving
from tests.corpus.videos import FORMATS, clip

pytest.importorskip("resource", reason="measures memory as Unix does")

ROOT = Path(__file__).parent.parent
MOST_MEMORY = 1.5e9  # bytes, with the interpreter and all libraries but the model's

# The models are stand-ins, so that this measures decoding and takes seconds.
PROGRAM = """
import re, resource, sys
from pathlib import Path
from captioner.cli.main import main
from tests.fakes import Loaders
loaders = Loaders()
code = main(
    sys.argv[2:],
    load_captioner=loaders.load_captioner,
    load_summarizer=loaders.load_summarizer,
)
unit = 1 if sys.platform == "darwin" else 1024
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
status = Path("/proc/self/status")
# On Linux that number includes the process that started this one; this one does not.
own = re.search(r"VmHWM:\\s+(\\d+) kB", status.read_text()) if status.exists() else None
Path(sys.argv[1]).write_text(str(int(own[1]) * 1024 if own else peak))
sys.exit(code)
"""


@dataclass(frozen=True)
class Run:
    """What a run over the whole corpus left behind."""

    code: int
    rows: list[dict]
    pairs: list[tuple[Entry, dict]]
    lines: list[str]
    memory: int


def name_of(entry: Entry, folder: Path) -> str:
    """How rows call a file of the corpus, which is given as one folder, the rest by name."""
    path = entry.path.relative_to(folder) if entry.found else entry.path
    return plain_text(path.as_posix())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("corpus")


@pytest.fixture(scope="module")
def entries(folder):
    return corpus.make(folder)


@pytest.fixture(scope="module")
def run(folder, entries, tmp_path_factory):
    results = tmp_path_factory.mktemp("results")
    named = [os.fspath(entry.path) for entry in entries if not entry.found]
    arguments = ["-r", os.fspath(folder), *named, "-o", os.fspath(results / "rows.jsonl")]
    settings = {key: value for key, value in os.environ.items() if not key.startswith("OPENCV_")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, os.fspath(results / "memory"), *arguments],
        cwd=ROOT,
        env=settings,
        capture_output=True,
        timeout=300,  # seconds; a run takes five to ten: this only finds what hangs
        check=False,
    )
    assert done.stdout == b""
    rows = [json.loads(line) for line in (results / "rows.jsonl").read_text().splitlines()]
    by_name = {row["file_name"]: row for row in rows}
    pairs = [(entry, by_name[name_of(entry, folder)]) for entry in entries]
    lines = done.stderr.decode().splitlines()
    return Run(done.returncode, rows, pairs, lines, int((results / "memory").read_text()))


def test_it_is_large_and_of_many_kinds(entries):
    assert len(entries) >= 150
    assert len({entry.kind for entry in entries}) >= 30
    assert len({entry.path for entry in entries}) == len(entries)
    expected = Counter(entry.captioned for entry in entries)
    assert min(expected[True], expected[False], expected[None]) >= 100


@pytest.mark.parametrize("suffix", FORMATS)
def test_videos_come_out_the_same_each_time(suffix):
    assert clip.__wrapped__(suffix) == clip(suffix)


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png", ".avif"])
def test_animations_come_out_the_same_each_time(suffix):
    assert moving.__wrapped__(suffix) == moving(suffix)


def test_the_script_says_what_it_made(folder, entries, monkeypatch, capsys):
    from tests.corpus import __main__ as script

    monkeypatch.setattr(sys, "argv", ["corpus", os.fspath(folder)])
    monkeypatch.setattr(script, "make", lambda given: entries if given == folder else [])
    script.main()
    assert f"{len(entries)} files of " in capsys.readouterr().out


def test_every_file_has_one_row(run, folder, entries):
    names = Counter(row["file_name"] for row in run.rows)
    assert names == Counter(name_of(entry, folder) for entry in entries)


def test_some_failed_and_the_rest_is_done(run):
    assert run.code == 1


def test_all_good_files_are_captioned(run):
    good = [row for entry, row in run.pairs if entry.captioned is True]
    assert [(row["file_name"], row["error"]) for row in good if row["status"] != "ok"] == []
    assert all(row["text"].startswith("a colour of") for row in good)


def test_no_bad_file_is_captioned(run):
    bad = [row for entry, row in run.pairs if entry.captioned is False]
    assert [row["file_name"] for row in bad if row["status"] != "error"] == []


def test_every_failure_is_a_typed_error_that_is_expected(run):
    for entry, row in failures(run):
        with pytest.raises(MediaError) as caught:
            sample_frames(entry.path)
        assert isinstance(caught.value, entry.errors), caught.value
        assert row["error"] == plain_text(failure_reason(caught.value)), caught.value


def test_each_failure_is_said_once_with_the_name_of_its_file(run):
    said = Counter(run.lines)
    for entry, row in failures(run):
        assert said[one_line(f"captioner: {entry.path}: {row['error']}")] == 1


def test_nothing_of_libraries_is_on_the_screen(run, folder):
    assert [line for line in run.lines if not line.startswith("captioner: ")] == []
    failed = len(failures(run))
    others = [line for line in run.lines if os.fspath(folder) not in line]
    assert len(run.lines) == failed + len(others)
    assert f"captioned {len(run.rows) - failed}, failed {failed}" in "\n".join(others)


def test_threads_change_nothing(entries, capfd):
    small = [entry for entry in entries if "bombs" not in entry.kind]
    alone = [outcome(entry) for entry in small]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(outcome, small)) == alone
    assert capfd.readouterr() == ("", "")


def outcome(entry: Entry) -> list[str]:
    """What reading a file gives: the times and sums of its frames, or the error."""
    try:
        clip = sample_frames(entry.path, max_frames=4, max_side=64)
    except MediaError as error:
        return [type(error).__name__, str(error)]
    if not entry.captioned:
        # FFmpeg decodes several frames at a time, and repairs damaged ones by those that are ready.
        return ["can be read"]
    return [f"{frame.time} {frame.image.sum()}" for frame in clip.frames]


def test_memory_is_bounded(run):
    assert run.memory < MOST_MEMORY


def failures(run: Run) -> list[tuple[Entry, dict]]:
    return [(entry, row) for entry, row in run.pairs if row["status"] == "error"]
