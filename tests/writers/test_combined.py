"""What every combined file does, whatever its format."""

import signal
import subprocess
import sys

import pytest

from captioner.batch.rows import Row
from captioner.writers import FILE_WRITERS
from tests.writers.makers import rows_of_files

SUFFIXES = list(FILE_WRITERS)


@pytest.fixture(params=SUFFIXES)
def path(request, tmp_path):
    return tmp_path / f"out{request.param}"


def write(path, mode, rows):
    with FILE_WRITERS[path.suffix].open(path, mode) as writer:
        for row in rows:
            writer.write(row)


def read(path):
    return list(FILE_WRITERS[path.suffix].read(path))


def dicts(rows):
    return [row.as_dict() for row in rows]


def test_what_was_written_is_read_again(path, tmp_path):
    rows = rows_of_files(tmp_path)
    write(path, "x", rows)
    assert read(path) == dicts(rows)
    assert [Row.from_dict(values).as_dict() for values in read(path)] == dicts(rows)


def test_rows_are_there_before_the_file_is_closed(path, tmp_path):
    rows = rows_of_files(tmp_path)
    with FILE_WRITERS[path.suffix].open(path, "x") as writer:
        writer.write(rows[0])
        assert read(path) == dicts(rows[:1])
        writer.write(rows[1])
        assert read(path) == dicts(rows[:2])


def test_a_file_that_is_there_is_only_replaced_on_purpose(path, tmp_path):
    rows = rows_of_files(tmp_path)
    path.write_text("precious")
    with pytest.raises(FileExistsError, match=path.name):
        FILE_WRITERS[path.suffix].open(path, "x")
    with pytest.raises(ValueError, match="name another file"):
        FILE_WRITERS[path.suffix].open(path, "a")
    assert path.read_text() == "precious"
    write(path, "w", rows)
    assert read(path) == dicts(rows)


def test_going_on_with_a_file_adds_to_it(path, tmp_path):
    rows = rows_of_files(tmp_path)
    for row in rows:
        write(path, "a", [row])
    assert read(path) == dicts(rows)
    at_once = path.with_name("at-once" + path.suffix)
    write(at_once, "x", rows)
    if path.suffix != ".parquet":  # whose row groups differ
        assert path.read_bytes() == at_once.read_bytes()


def test_going_on_with_nothing_to_add_changes_nothing(path, tmp_path):
    write(path, "x", rows_of_files(tmp_path))
    before = path.read_bytes()
    write(path, "a", [])
    assert path.read_bytes() == before


def test_a_run_without_rows_leaves_a_file_without_rows(path):
    write(path, "x", [])
    assert path.exists()
    assert read(path) == []
    write(path, "a", [])
    assert read(path) == []


def test_nothing_is_read_where_there_is_no_file(path):
    assert read(path) == []
    assert not FILE_WRITERS[path.suffix].exists(path)


def test_only_wanted_rows_are_kept(path, tmp_path):
    rows = rows_of_files(tmp_path)
    write(path, "x", rows)
    FILE_WRITERS[path.suffix].keep(path, lambda row: row["file_name"] != "b.gif")
    assert read(path) == dicts([rows[0], rows[2]])
    write(path, "a", [rows[1]])
    assert read(path) == dicts([rows[0], rows[2], rows[1]])


def test_a_failed_keep_changes_nothing(path, tmp_path):
    write(path, "x", rows_of_files(tmp_path))
    before, names = path.read_bytes(), sorted(tmp_path.iterdir())
    with pytest.raises(ZeroDivisionError):
        FILE_WRITERS[path.suffix].keep(path, lambda _: 1 / 0)
    assert path.read_bytes() == before
    assert sorted(tmp_path.iterdir()) == names


def test_a_renewed_file_has_the_new_rows_alone(path, tmp_path):
    rows = rows_of_files(tmp_path)
    write(path, "x", rows[:2])
    FILE_WRITERS[path.suffix].renew(path, rows[1:])
    assert read(path) == dicts(rows[1:])
    assert not list(tmp_path.glob("*.part"))


def test_a_failed_renewal_changes_nothing(path, tmp_path):
    rows = rows_of_files(tmp_path)
    write(path, "x", rows[:2])
    before, names = path.read_bytes(), sorted(tmp_path.iterdir())
    with pytest.raises(ZeroDivisionError):
        FILE_WRITERS[path.suffix].renew(path, (1 / 0 for _ in rows))
    assert path.read_bytes() == before
    assert sorted(tmp_path.iterdir()) == names


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".tar"])
def test_every_torn_end_is_cut_off_and_written_again(tmp_path, suffix):
    path, rows = tmp_path / f"out{suffix}", rows_of_files(tmp_path)
    write(path, "x", rows)
    whole = path.read_bytes()
    for size in range(0, len(whole), 1 if len(whole) < 3000 else 61):
        path.write_bytes(whole[:size])
        there = read(path)
        assert there == dicts(rows)[: len(there)]
        write(path, "a", rows[len(there) :])
        assert path.read_bytes() == whole, size


KILLED = """
import os, sys, signal
from pathlib import Path
from captioner.writers import FILE_WRITERS
from tests.writers.makers import rows_of_files
path, count = Path(sys.argv[1]), int(sys.argv[2])
writer = FILE_WRITERS[path.suffix].open(path, "a")
for row in rows_of_files(path.parent)[:count]:
    writer.write(row)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_run_loses_no_row_that_was_written(path, tmp_path):
    rows = rows_of_files(tmp_path)
    done = subprocess.run([sys.executable, "-c", KILLED, path, "2"], check=False)
    assert done.returncode == -signal.SIGKILL
    assert FILE_WRITERS[path.suffix].exists(path)
    assert read(path) == dicts(rows[:2])
    write(path, "a", rows[2:])
    assert read(path) == dicts(rows)


def test_a_folder_that_is_not_there_is_an_os_error(path):
    with pytest.raises(FileNotFoundError):
        FILE_WRITERS[path.suffix].open(path.parent / "missing" / path.name, "x")


def test_closing_twice_is_closing_once(path, tmp_path):
    writer = FILE_WRITERS[path.suffix].open(path, "x")
    writer.write(rows_of_files(tmp_path)[0])
    writer.close()
    size = path.stat().st_size
    writer.close()
    assert path.stat().st_size == size
