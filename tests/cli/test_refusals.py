import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.program import ROOT
from tests.fakes import Loaders


@pytest.mark.parametrize("arguments", ["", "-r", "-o -", "--"])
def test_no_input_is_wrong_use(run, arguments):
    code, out, err = run(*arguments.split())
    assert (code, out) == (2, "")
    assert "usage: python -m captioner INPUT" in err
    assert "name at least one" in err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--max-frames 0", "'0' is not a whole number from 1"),
        ("--max-frames many", "'many' is not a whole number"),
        ("--max-frames 2.5", "'2.5' is not"),
        ("--beams 0", "'0' is not"),
        ("--beams -3", "'-3' is not"),
        ("--beams 100000", "from 1 to 100"),
        ("--batch-size \u0663", "'\u0663' is not a whole number from 1 to 1024"),
        ("--batch-size 1_6", "'1_6' is not"),
        ("--batch-size +3", "'+3' is not"),
        (f"--batch-size {'1' * 5000}", "is not a whole number"),
        ("--batch-size 0", "'0' is not"),
        ("--frames every", "'every' is unknown; choose one of: uniform"),
        ("--existing maybe", "overwrite"),
        ("--sidecar txt,doc", "'doc' is unknown; choose of: txt, json, xmp"),
        ("--sidecar txt,", "'' is unknown"),
        ("--max-fr 3", "unrecognized arguments"),
        ("--output", "expected one argument"),
        ("-o captions.txt", "one of: .csv, .jsonl, .parquet, .tar; or -"),
        ("-o captions", "one of: .csv, .jsonl"),
        ("-o nowhere/captions.csv", "there is no folder nowhere"),
        ("-o folder.csv", "this is a folder"),
        ("-o pipe.csv", "this is not an ordinary file; for a pipe, take -"),
        ("-o there.csv", "there.csv: its columns are not file_name,"),
        ("-o there.csv", "or replace this one with --existing overwrite"),
        ("-o there.csv --existing append", "its columns are not"),
        ("--existing overwrite", "name one with --output, or add --sidecar, or leave it out"),
        ("--existing append -o -", "name one with --output"),
        ("--existing append --sidecar txt,vtt", "cannot be done to subtitles (vtt)"),
        ("--existing prepend --sidecar srt", "cannot be done to subtitles (srt)"),
        ("--retry-failed", "name it with --output"),
        ("--retry-failed --sidecar txt", "what failed is tried again anyway"),
        ("--retry-failed -o -", "name it with --output"),
        ("--retry-failed -o a.csv --existing overwrite", "leave --retry-failed out"),
        ("--null", "add --files-from FILE"),
        ("--files-from none.txt", "--files-from none.txt: there is no such file"),
        ("--files-from photos", "this is a folder; name it as an input"),
        ("--dry-run -o captions.txt", "one of: .csv"),
        (f"-o {'long' * 100}.csv", "long.csv: File name too long"),
    ],
)
def test_wrong_use_is_refused_before_the_model_loads(  # noqa: PLR0917
    run, loaders, photos, tmp_path, monkeypatch, options, message
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "there.csv").write_text("precious")
    code, out, err = run(photos, *options.split())
    assert (code, out, loaders.calls) == (2, "", [])
    assert message in err
    assert (tmp_path / "there.csv").read_text() == "precious"


def test_an_output_folder_without_permission_is_refused(run, loaders, photos, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    code, _, err = run(photos, "-o", photos / "out.csv")
    assert (code, loaders.calls) == (2, [])
    assert "no permission" in err


def test_an_empty_name_is_wrong_use(run, photos):
    code, _, err = run(photos, "")
    assert code == 2
    assert "empty name" in err


def test_a_folder_without_permission_takes_no_journal(run, loaders, photos, monkeypatch):
    output = photos / "out.csv"
    output.touch()
    monkeypatch.setattr(os, "access", lambda path, mode: path == output)
    code, _, err = run(photos, "-o", output, "--existing", "append")
    assert (code, loaders.calls) == (2, [])
    assert "no permission to write to its folder" in err


@pytest.mark.parametrize("suffix", [".parquet", ".PARQUET"])
def test_a_format_whose_package_is_missing_is_refused(run, loaders, photos, monkeypatch, suffix):
    monkeypatch.setattr("captioner.writers.parquet.find_spec", lambda name: None)
    code, _, err = run(photos, "-o", photos / f"out{suffix}")
    assert (code, loaders.calls) == (2, [])
    assert "pip install" in err


def test_an_output_that_appears_meanwhile_is_kept(run, photos, tmp_path):
    output = tmp_path / "out.jsonl"

    class Meanwhile(Loaders):
        def load_captioner(self, model, **settings):
            output.write_text("precious")
            return super().load_captioner(model, **settings)

    code, _, err = run(photos, "-o", output, load=Meanwhile())
    assert code == 2
    assert f"{output}: line 1 is not JSON; name another file" in err
    assert output.read_text() == "precious"


def test_an_output_that_cannot_be_read_is_refused(run, loaders, photos, tmp_path, monkeypatch):
    output = tmp_path / "out.jsonl"
    output.touch()
    opened = Path.open

    def refuse(path, *arguments, **settings):
        if path == output:
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *arguments, **settings)

    monkeypatch.setattr(Path, "open", refuse)
    code, _, err = run(photos, "-o", output)
    assert (code, loaders.calls) == (2, [])
    assert f"cannot read {output}: Permission denied" in err


@pytest.mark.parametrize("option", ["-h", "--help", "--version"])
def test_help_and_version_are_no_errors(run, option):
    code, out, err = run(option)
    assert (code, err) == (0, "")
    assert out.startswith("captionloom ") if option == "--version" else "--max-frames" in out


def test_the_module_runs():
    arguments = [sys.executable, "-m", "captioner", "--version"]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout[:12]) == (0, "captionloom ")
