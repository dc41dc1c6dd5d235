"""Names that are not UTF-8, and names that look like their escapes."""

import os

import pytest

from captioner.batch.rows import plain_text
from captioner.writers import FILE_WRITERS
from tests.cli.program import BLUE, RED, Saying
from tests.fakes import Loaders, caption_of, save_color

BYTE, LITERAL = "lit\udcff.png", "lit\\xff.png"
NAMES = {BYTE: "lit\\xff.png", LITERAL: "lit\\x5cxff.png"}  # in rows
SUFFIXES = [".jsonl", ".csv", ".parquet", ".tar"]


@pytest.fixture
def both(tmp_path):
    """A folder with both files, or a skip where the file system takes no such names."""
    folder = tmp_path / "both"
    save_color(folder / "a.png", RED)
    try:
        os.rename(os.fsencode(folder / "a.png"), os.fsencode(folder / BYTE))  # noqa: PTH104
    except OSError:
        pytest.skip("names must be UTF-8 here")
    save_color(folder / LITERAL, BLUE)
    return folder


def rows(output):
    return {row["file_name"]: row["text"] for row in FILE_WRITERS[output.suffix].read(output)}


def write_as_earlier(path):
    """Let an output with the row of the literal name say what earlier versions said."""
    (row,) = FILE_WRITERS[path.suffix].read(path)
    with FILE_WRITERS[path.suffix].open(path, "w") as writer:
        writer.write_values({**row, "file_name": plain_text(LITERAL)})


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_each_has_a_row_of_its_own(run, both, tmp_path, suffix):
    output = tmp_path / f"out{suffix}"
    code, _, err = run(both, "-o", output)
    assert (code, "captioned 2, failed 0" in err) == (0, True)
    assert rows(output) == {NAMES[BYTE]: caption_of(RED), NAMES[LITERAL]: caption_of(BLUE)}
    assert "nothing to do: 2 files already captioned" in run(both, "-o", output)[2]
    load = Loaders(Saying("new"))
    assert run(both, "-o", output, "--existing", "append", load=load)[0] == 0
    assert rows(output) == {
        NAMES[BYTE]: f"{caption_of(RED)} new {caption_of(RED)}",
        NAMES[LITERAL]: f"{caption_of(BLUE)} new {caption_of(BLUE)}",
    }


def test_lines_tell_them_apart(run, both):
    _, out, _ = run(both)
    assert f"{both}/{NAMES[LITERAL]}: {caption_of(BLUE)}\n" in out
    assert f"{both}/{NAMES[BYTE]}: {caption_of(RED)}\n" in out


@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
def test_rows_of_earlier_versions_are_found_again(run, both, tmp_path, suffix):
    os.unlink(os.fsencode(both / BYTE))  # noqa: PTH108
    output = tmp_path / f"out{suffix}"
    assert run(both, "-o", output)[0] == 0
    write_as_earlier(output)
    assert "nothing to do: 1 file already captioned" in run(both, "-o", output)[2]
    load = Loaders(Saying("new"))
    assert run(both, "-o", output, "--existing", "append", load=load)[0] == 0
    assert rows(output) == {NAMES[LITERAL]: f"{caption_of(BLUE)} new {caption_of(BLUE)}"}


def test_a_failure_of_an_earlier_version_is_taken_up_again(run, both, tmp_path):
    os.unlink(os.fsencode(both / BYTE))  # noqa: PTH108
    output = tmp_path / "out.csv"
    content = (both / LITERAL).read_bytes()
    (both / LITERAL).write_bytes(b"")
    run(both, "-o", output)
    write_as_earlier(output)
    (both / LITERAL).write_bytes(content)
    assert run(both, "-o", output, "--retry-failed")[0] == 0
    assert rows(output) == {NAMES[LITERAL]: caption_of(BLUE)}


def test_a_name_that_two_files_had_is_of_the_one_that_keeps_it(run, both, tmp_path):
    output = tmp_path / "out.jsonl"
    run(both, "-o", output)
    lines = output.read_text().splitlines(keepends=True)
    output.write_text(next(line for line in lines if "x5c" not in line))
    assert "captioned 1, failed 0, skipped 1" in run(both, "-o", output)[2]
    assert rows(output) == {NAMES[BYTE]: caption_of(RED), NAMES[LITERAL]: caption_of(BLUE)}
