"""Standard streams that are closed, or take nothing."""

import os
import subprocess

import pytest

from tests.cli.program import BLUE, ROOT, command, read_rows
from tests.fakes import caption_of


@pytest.fixture
def shell(photos):
    """Run a command line in a shell, with redirections; gives exit code, output and errors."""

    def shell(redirections, *arguments):
        words = command(photos, photos / "none.png", *arguments)
        done = subprocess.run(
            ["/bin/sh", "-c", f'"$@" {redirections}', "sh", *words],
            cwd=ROOT,
            env={name: os.environ[name] for name in os.environ if name != "PYTHONUNBUFFERED"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return done.returncode, done.stdout, done.stderr

    return shell


@pytest.mark.parametrize("redirections", ["2>&-", "2>/dev/full", "<&- 2>&-"])
def test_a_broken_standard_error_costs_no_caption(shell, photos, redirections):
    code, out, err = shell(redirections)
    assert (code, out.count("\n"), err) == (1, 3, "")
    assert f"{photos}/blue.png: {caption_of(BLUE)}\n" in out


@pytest.mark.parametrize("redirections", [">&- 2>&- <&-", ">/dev/full 2>/dev/full", "<&- >&-"])
def test_an_output_file_needs_no_stream(shell, tmp_path, redirections):
    output = tmp_path / "out.jsonl"
    code, out, err = shell(redirections, "-o", output)
    assert (code, out) == (1, "")
    assert "Traceback" not in err
    assert sorted(row["status"] for row in read_rows(output)) == ["error", "ok", "ok", "ok"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "standard output is closed, and captions go there; name a file with --output"),
        (["-o", "-"], "standard output is closed, and captions go there"),
        (["--dry-run"], "standard output is closed, and the counts"),
    ],
)
def test_a_closed_standard_output_is_refused_before_the_work(shell, arguments, words):
    code, out, err = shell(">&-", *arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert "none.png" not in err


@pytest.mark.parametrize(
    ("arguments", "code"), [([], 2), (["--dry-run"], 2), (["--help"], 1), (["--version"], 2)]
)
def test_a_full_standard_output_is_named(shell, arguments, code):
    found, _, err = shell(">/dev/full", *arguments)
    assert found == code
    assert err.count("cannot write standard output: No space left on device") == 1
    assert "Traceback" not in err
    assert "Exception ignored" not in err


def test_sidecars_are_kept_where_standard_output_is_full(shell, photos):
    assert shell(">/dev/full", "-o", "-", "--sidecar", "txt")[0] in (1, 2)
    assert (photos / "blue.txt").read_text() == f"{caption_of(BLUE)}\n"


def test_a_list_from_a_closed_standard_input_is_refused(shell):
    code, _, err = shell("<&-", "--files-from", "-")
    assert code == 2
    assert "standard input is closed; name a file" in err


def test_what_reads_the_help_may_go_away(shell):
    code, _, err = shell("| true", "--help")
    assert (code, err) == (0, "")  # of true
