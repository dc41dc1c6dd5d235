"""A run that is killed at any moment and started again has each file exactly once."""

import random
import shutil
from pathlib import Path

import pytest

from captioner.writers import FILE_WRITERS, SIDECARS
from tests.fakes import caption_of, save_color
from tests.repeats import repeats

COLORS = {f"{number}.png": (10 * number, 0, 0) for number in range(20)}
OLD = {name: f"old {caption_of(color)}" for name, color in COLORS.items()}
NEW = {name: f"new {caption_of(color)}" for name, color in COLORS.items()}


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    for name, color in COLORS.items():
        save_color(folder / name, color)
    return folder


def read(output):
    """The captions in a file; a row there is twice only where a later one stands in its place."""
    return [(row["file_name"], row["text"]) for row in FILE_WRITERS[output.suffix].read(output)]


def kill_again_and_again(killing, arguments, kills, begin, check):
    """Kill runs at random moments, starting the same command again until it comes through.

    Args:
        killing: starts them.
        arguments: the command line.
        kills: how often to kill.
        begin: puts everything back to the beginning.
        check: called when a run came through.
    """
    kills = repeats(kills)
    dice = random.Random(" ".join(Path(word).name for word in arguments[1:]))
    begin()
    _, moments, _ = killing.run(arguments, "new")
    while kills > 0:
        begin()
        code = None
        while code is None:
            # Sometimes no moment of this run, so that runs that do all again come through, too.
            moment = dice.randrange(1, 2 * moments) if kills > 0 else 0
            code, _, _ = killing.run(arguments, "new", moment)
            kills -= code is None
        assert code == 0
        check()


@pytest.mark.parametrize(
    ("name", "kills"),
    [("out.jsonl", 6), ("out.csv", 6), ("metadata.parquet", 4), ("out.tar", 4)],
)
def test_a_killed_run_goes_on(killing, photos, name, kills):
    output = photos / name

    def begin():
        for path in photos.glob(f"{name}*"):
            path.unlink()

    def check():
        assert sorted(read(output)) == sorted(NEW.items())
        assert not list(photos.glob(f"{name}.*"))

    arguments = photos, "-o", output, "--batch-size", "2"
    kill_again_and_again(killing, arguments, kills, begin, check)


@pytest.mark.parametrize("existing", ["overwrite", "append", "prepend"])
@pytest.mark.parametrize("name", ["out.jsonl", "out.csv", "out.parquet", "out.tar"])
def test_a_killed_run_joins_or_replaces_once(killing, photos, name, existing):
    output = photos / name
    old = photos.parent / name
    (photos / "3.png").rename(photos / "later")  # without a row in the old file
    assert killing.run([photos, "-o", old], "old")[0] == 0
    (photos / "later").rename(photos / "3.png")
    forms = {"overwrite": "{1}", "append": "{0} {1}", "prepend": "{1} {0}"}
    expected = {name: forms[existing].format(OLD[name], NEW[name]) for name in COLORS}
    expected["3.png"] = NEW["3.png"]

    def begin():
        shutil.copy(old, output)

    def check():
        assert sorted(read(output)) == sorted(expected.items())
        assert not list(photos.glob(f"{name}.*"))

    arguments = photos, "-o", output, "--existing", existing, "--batch-size", "2"
    kill_again_and_again(killing, arguments, 2, begin, check)


@pytest.mark.parametrize("existing", ["skip", "append", "prepend"])
def test_sidecars_of_killed_runs(killing, photos, existing):
    names = ["txt", "json", "xmp"]
    forms = {"skip": "{0}", "append": "{0} {1}", "prepend": "{1} {0}"}
    paths = {name: [SIDECARS[kind].path_for(photos / name) for kind in names] for name in COLORS}

    def begin():
        for name in list(COLORS)[:10]:
            paths[name][0].write_text(OLD[name] + "\n")
            for path in paths[name][1:]:
                path.unlink(missing_ok=True)
        for name in list(COLORS)[10:]:
            for path in paths[name]:
                path.unlink(missing_ok=True)

    def check():
        for number, name in enumerate(COLORS):
            text, *others = (
                SIDECARS[kind].read_caption(path)
                for kind, path in zip(names, paths[name], strict=True)
            )
            joined = forms[existing].format(OLD[name], NEW[name])
            assert text == (joined if number < 10 else NEW[name])
            assert others == [NEW[name]] * 2

    arguments = photos, "--sidecar", ",".join(names), "--existing", existing, "--batch-size", "4"
    kill_again_and_again(killing, arguments, 3, begin, check)


def test_a_killed_run_with_sidecars_and_rows(killing, photos):
    output = photos / "out.jsonl"

    def begin():
        output.unlink(missing_ok=True)
        for name in COLORS:
            (photos / name).with_suffix(".txt").write_text(OLD[name])

    def check():
        assert sorted(read(output)) == sorted(NEW.items())
        for name in COLORS:
            assert (photos / name).with_suffix(".txt").read_text() == f"{NEW[name]} {OLD[name]}\n"

    arguments = photos, "-o", output, "--sidecar", "txt", "--existing", "prepend"
    kill_again_and_again(killing, arguments, 4, begin, check)


def test_a_killed_run_that_takes_up_failures(killing, photos):
    output, failed = photos / "out.csv", photos.parent / "failed.csv"
    bad = ["0.png", "7.png", "19.png"]
    for name in bad:
        (photos / name).write_bytes(b"")
    assert killing.run([photos, "-o", failed], "old")[0] == 1
    for name in bad:
        save_color(photos / name, COLORS[name])

    def begin():
        shutil.copy(failed, output)

    def check():
        expected = {name: (NEW if name in bad else OLD)[name] for name in COLORS}
        assert sorted(read(output)) == sorted(expected.items())

    arguments = photos, "-o", output, "--retry-failed", "--batch-size", "1"
    kill_again_and_again(killing, arguments, 4, begin, check)
