import csv
import json
import os
import pty
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from captioner.cli import main
from tests.fakes import FakeCaptioner, Loaders, caption_of, save_color, save_damaged
from tests.makers import plain, save_animation, save_video, truncate

ROOT = Path(__file__).parent.parent
RED, GREEN, BLUE = (200, 0, 0), (0, 200, 0), (0, 0, 200)

# A process of its own, with the fakes in place of the models.
PROGRAM = """
import sys, time
from captioner.cli import main
from tests.fakes import FakeCaptioner, Loaders

class Slow(FakeCaptioner):
    def _caption(self, image):
        caption = super()._caption(image)
        if caption.text == {stop_at!r}:
            time.sleep(60)
        return caption

loaders = Loaders(Slow())
sys.exit(main(load_captioner=loaders.load_captioner, load_summarizer=loaders.load_summarizer))
"""


def command(*arguments, stop_at=""):
    return [sys.executable, "-c", PROGRAM.format(stop_at=stop_at), *map(os.fspath, arguments)]


def start(*arguments, stop_at="", **settings):
    settings = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **settings}
    return subprocess.Popen(command(*arguments, stop_at=stop_at), cwd=ROOT, **settings)


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    for name, color in (("red", RED), ("green", GREEN), ("blue", BLUE)):
        save_color(folder / f"{name}.png", color)
    return folder


@pytest.fixture
def loaders():
    return Loaders()


@pytest.fixture
def run(loaders, capsys):
    """Run a command line; gives its exit code, standard output and standard error."""

    def run(*arguments, load=loaders):
        try:
            code = main(
                [os.fspath(argument) for argument in arguments],
                load_captioner=load.load_captioner,
                load_summarizer=load.load_summarizer,
            )
        except SystemExit as exit_:
            code = exit_.code
        return code, *capsys.readouterr()

    return run


# === What comes out ===


def test_it_prints_a_line_for_each_picture(run, photos):
    code, out, _ = run(photos / "red.png", photos / "blue.png")
    assert code == 0
    assert out.splitlines() == [
        f"{photos}/red.png: {caption_of(RED)}",
        f"{photos}/blue.png: {caption_of(BLUE)}",
    ]


def test_one_picture_that_works_says_nothing_else(run, photos):
    assert run(photos / "red.png") == (0, f"{photos}/red.png: {caption_of(RED)}\n", "")


def test_folders_pictures_and_clips_mix(run, photos, tmp_path):
    gif = save_animation(tmp_path / "a.gif", [plain(RED), plain(BLUE)])
    video = save_video(tmp_path / "v.avi", [plain(GREEN)] * 5)
    code, out, err = run(gif, photos, video)
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == f"{gif}: {caption_of(RED)} then {caption_of(BLUE)}"
    assert [line.split(": ")[0] for line in lines[1:4]] == [
        f"{photos}/{name}.png" for name in ("blue", "green", "red")
    ]
    assert lines[4].startswith(f"{video}: ")
    assert "captioned 5, failed 0, in " in err


def test_json_lines_on_standard_output(run, photos):
    code, out, _ = run(photos, "-o", "-")
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [row["file_name"] for row in rows] == ["blue.png", "green.png", "red.png"]
    assert rows[0]["text"] == caption_of(BLUE)


@pytest.mark.parametrize("name", ["captions.jsonl", "captions.JSONL", "captions.csv"])
def test_a_combined_file(run, photos, tmp_path, name):
    (photos / "broken.jpg").write_text("no picture")
    code, out, err = run("-o", tmp_path / name, photos)
    assert (code, out) == (1, "")
    with (tmp_path / name).open(encoding="utf-8", newline="") as file:
        is_csv = name.endswith("csv")
        rows = list(csv.DictReader(file)) if is_csv else [json.loads(line) for line in file]
    assert [(row["file_name"], row["status"]) for row in rows] == [
        ("blue.png", "ok"),
        ("broken.jpg", "error"),
        ("green.png", "ok"),
        ("red.png", "ok"),
    ]
    assert f"{photos}/broken.jpg: " in err


def test_options_may_stand_between_inputs(run, photos):
    code, out, _ = run(photos / "red.png", "-o", "-", photos / "blue.png")
    assert (code, len(out.splitlines())) == (0, 2)


def test_names_that_begin_with_a_dash_follow_two_dashes(run, tmp_path, monkeypatch):
    for name in ("-r", "--output", "b.png"):
        save_color(tmp_path / "a.png", RED).rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    for arguments in (["--", "-r", "--output", "b.png"], ["b.png", "--", "-r", "--output"]):
        code, out, _ = run(*arguments)
        assert code == 0
        assert {line.split(": ")[0] for line in out.splitlines()} == {"-r", "--output", "b.png"}


@pytest.mark.parametrize("name", [b"caf\xe9.png", "雪 犬.png".encode(), b"two\nlines.png"])
@pytest.mark.parametrize("output", [None, "-", "out.jsonl", "out.csv"])
def test_odd_names_never_stop_a_run(tmp_path, name, output):
    save_color(tmp_path / "a.png", RED)
    (tmp_path / "a.png").rename(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    target = output if output in (None, "-") else str(tmp_path / output)
    done = subprocess.run(
        command(tmp_path, *([] if target is None else ["-o", target])),
        cwd=ROOT,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert (done.returncode, done.stderr) == (0, b"")
    if output is not None:
        text = (done.stdout if output == "-" else Path(target).read_bytes()).decode("utf-8")
        shown = name.decode("utf-8", "backslashreplace")
        names = (
            [row["file_name"] for row in csv.DictReader(text.splitlines(keepends=True))]
            if output == "out.csv"
            else [json.loads(text)["file_name"]]
        )
        assert names == [shown]


# === What is loaded ===


def test_the_summarizer_is_loaded_only_for_clips(run, loaders, photos, tmp_path):
    run(photos)
    assert loaders.calls == [("captioner", (None, None))]
    loaders.calls.clear()
    run(photos, save_animation(tmp_path / "a.gif", [plain(RED), plain(BLUE)]))
    assert loaders.calls == [("captioner", (None, None)), ("summarizer", None)]


def test_the_options_reach_the_models(run, loaders, photos, tmp_path):
    frames = [plain((40 * number, 0, 0)) for number in range(6)]
    gif = save_animation(tmp_path / "a.gif", frames)
    options = "--model tiny --summarizer consensus --beams 5 --max-frames 4 --batch-size 2"
    assert run(photos, gif, *options.split(), "--frames", "uniform")[0] == 0
    assert loaders.calls == [("captioner", ("tiny", 5)), ("summarizer", "consensus")]
    assert loaders.captioner.batches == [2, 1, 2, 2]


def test_nothing_is_loaded_where_no_input_is_there(run, loaders, tmp_path):
    code, out, err = run(tmp_path / "some.gif", tmp_path / "none.jpg")
    assert (code, out, loaders.calls) == (2, "", [])
    assert "none.jpg: there is no such file" in err


def test_photos_alone_import_neither_torch_nor_gradio(photos):
    program = (
        PROGRAM.format(stop_at="").replace("sys.exit(", "code = (")
        + "print(sorted({'torch', 'transformers', 'gradio', 'tensorflow', 'keras', 'cv2'}"
        " & set(sys.modules)))"
    )
    arguments = [sys.executable, "-c", program, str(photos)]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = done.stdout.splitlines()[-1]
    assert not set(json.loads(loaded.replace("'", '"'))) - {"cv2"}


@pytest.mark.parametrize(
    "error", [ValueError("unknown model 'x'"), ImportError("no torch"), OSError("cut short")]
)
def test_a_model_that_cannot_be_loaded_is_wrong_use(run, photos, tmp_path, error):
    class Broken(Loaders):
        def load_captioner(self, model, *, beams):
            raise error

    output = tmp_path / "out.jsonl"
    output.write_text("precious")
    code, out, err = run(photos, "-o", output, "--existing", "overwrite", load=Broken())
    assert (code, out) == (2, "")
    assert str(error) in err
    assert output.read_text() == "precious"


def test_a_summarizer_that_cannot_be_loaded_is_refused_before_anything_is_captioned(
    run, photos, tmp_path
):
    class Broken(Loaders):
        def load_summarizer(self, model):
            raise ValueError(f"unknown summarizer {model!r}")

    load = Broken()
    gif = save_animation(tmp_path / "a.gif", [plain(RED), plain(BLUE)])
    code, out, err = run(photos, gif, "--summarizer", "x", load=load)
    assert (code, out, load.captioner.batches) == (2, "", [])
    assert "unknown summarizer 'x'" in err


# === Exit codes and failures ===


def test_one_of_each_kind_of_bad_file_among_good_ones(run, photos, tmp_path):
    (photos / "empty.png").write_bytes(b"")
    (photos / "text.jpg").write_text("no picture")
    save_damaged(photos / "damaged.png")
    truncate(save_video(photos / "cut.mp4", [plain(RED), plain(BLUE)] * 10), keep=0.2)
    (photos / "gone.png").symlink_to("nowhere.png")
    output = tmp_path / "out.jsonl"
    code, _, err = run(photos, tmp_path / "none.jpg", "-o", output)
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    good = [row["file_name"] for row in rows if row["status"] == "ok"]
    bad = [row for row in rows if row["status"] == "error"]
    assert code == 1
    assert good == ["blue.png", "green.png", "red.png"]
    assert {row["file_name"].split("/")[-1] for row in bad} == {
        *("empty.png", "text.jpg", "damaged.png", "cut.mp4", "gone.png", "none.jpg")
    }
    assert all(row["error"] and row["text"] is None for row in bad)
    for row in bad:
        assert f"{row['file_name']}: {row['error']}" in err
    assert "captioned 3, failed 6, in " in err


def test_everything_failed_is_two(run, tmp_path):
    (tmp_path / "bad.jpg").write_text("no picture")
    output = tmp_path / "out.jsonl"
    assert run(tmp_path / "bad.jpg", "-o", output)[0] == 2
    assert json.loads(output.read_text())["status"] == "error"


def test_everything_failed_in_the_model_is_two(run, photos):
    load = Loaders(FakeCaptioner({caption_of(RED): RuntimeError("a bug")}))
    code, out, err = run(photos / "red.png", load=load)
    assert (code, out) == (2, "")
    assert err == f"captioner: {photos}/red.png: RuntimeError: a bug\n"


def test_an_empty_folder_says_so(run, loaders, tmp_path, photos):
    empty = tmp_path / "empty"
    empty.mkdir()
    code, _, err = run(empty)
    assert (code, loaders.calls) == (2, [])
    assert f"{empty}: no picture and no clip in this folder; add -r" in err
    assert "add -r" not in run("-r", empty)[2]
    code, out, err = run(empty, photos)
    assert (code, len(out.splitlines())) == (0, 3)
    assert f"{empty}: no picture" in err


def test_a_name_cannot_steer_the_terminal(run, tmp_path):
    path = tmp_path / "a\x1b[2J\nb.png"
    path.write_bytes(b"")
    _, _, err = run(path)
    assert "a\\x1b[2J\\nb.png: is empty" in err


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
        ("--batch-size 0", "'0' is not"),
        ("--frames every", "'every' is unknown; choose one of: uniform"),
        ("--existing maybe", "overwrite"),
        ("--sidecar txt", "unrecognized arguments"),
        ("--max-fr 3", "unrecognized arguments"),
        ("--output", "expected one argument"),
        ("-o captions.txt", "one of: .csv, .jsonl"),
        ("-o captions", "one of: .csv, .jsonl"),
        ("-o nowhere/captions.csv", "there is no folder nowhere"),
        ("-o folder.csv", "this is a folder"),
        ("-o there.csv", "already there"),
        (f"-o {'long' * 100}.csv", "long.csv: File name too long"),
    ],
)
def test_wrong_use_is_refused_before_the_model_loads(  # noqa: PLR0917
    run, loaders, photos, tmp_path, monkeypatch, options, message
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.csv").mkdir()
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


def test_an_existing_output_is_replaced_only_on_request(run, photos, tmp_path):
    output = tmp_path / "out.jsonl"
    output.write_text("precious")
    assert run(photos, "-o", output, "--existing", "overwrite")[0] == 0
    assert len([json.loads(line) for line in output.read_text().splitlines()]) == 3


def test_an_output_that_appears_meanwhile_is_kept(run, photos, tmp_path):
    output = tmp_path / "out.jsonl"

    class Meanwhile(Loaders):
        def load_captioner(self, model, *, beams):
            output.write_text("precious")
            return super().load_captioner(model, beams=beams)

    code, _, err = run(photos, "-o", output, load=Meanwhile())
    assert code == 2
    assert f"cannot write {output}: File exists" in err
    assert output.read_text() == "precious"


@pytest.mark.parametrize("option", ["-h", "--help", "--version"])
def test_help_and_version_are_no_errors(run, option):
    code, out, err = run(option)
    assert (code, err) == (0, "")
    assert out.startswith("captionloom ") if option == "--version" else "--max-frames" in out


def test_the_module_runs():
    arguments = [sys.executable, "-m", "captioner", "--version"]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout[:12]) == (0, "captionloom ")


# === Runs that end early ===


def test_ctrl_c_keeps_what_was_done(photos, tmp_path):
    output = tmp_path / "out.jsonl"
    arguments = (photos, "-o", output, "--batch-size", "1")
    process = start(*arguments, stop_at=caption_of(RED), text=True)
    deadline = time.monotonic() + 30
    while not output.exists() or output.read_text().count("\n") < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert f"interrupted: captioned 2, failed 0, of 3; what was done is kept in {output}" in err
    assert "Traceback" not in err
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    assert [row["file_name"] for row in rows] == ["blue.png", "green.png"]


@pytest.mark.parametrize("options", [[], ["-o", "-"]])
def test_a_reader_that_goes_away_is_no_error_message(tmp_path, options):
    for number in range(200):
        save_color(tmp_path / f"{number}.png", (number, 0, 0))
    process = start(tmp_path, "--batch-size", "1", *options)
    assert process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(timeout=30) == 141


@pytest.mark.parametrize("options", [[], ["-o", "-"]])
def test_a_full_disk_is_named(photos, options):
    with Path("/dev/full").open("w") as full:
        process = start(photos, *options, stdout=full)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 2
    assert err.count(b"cannot write standard output: No space left on device") == 1
    assert b"Traceback" not in err
    assert b"Exception ignored" not in err


def test_progress_is_shown_on_a_terminal_and_leaves_the_lines_whole(photos):
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 200))
    process = start(photos, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    while chunk := _read(ours):
        shown += chunk
    os.close(ours)
    assert process.wait(timeout=30) == 0
    assert b"file/s" in shown or b"0/3" in shown
    lines = [line.rsplit(b"\r", 1)[-1] for line in shown.replace(b"\r\n", b"\n").split(b"\n")]
    for name, color in (("red", RED), ("green", GREEN), ("blue", BLUE)):
        assert f"{photos}/{name}.png: {caption_of(color)}".encode() in lines


def _read(descriptor):
    try:
        return os.read(descriptor, 4096)
    except OSError:  # how Linux says that the other end was closed
        return b""
