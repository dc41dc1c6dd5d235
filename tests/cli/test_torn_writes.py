"""Runs that are killed in the middle of writing, at any byte."""

import random
import shutil
from pathlib import Path

import pytest

from captioner.writers import FILE_WRITERS, SIDECARS
from tests.fakes import caption_of, save_color
from tests.repeats import repeats

KILLS = repeats(10)  # for each format
COLORS = {f"雪 {number}.png": (10 * number, 0, 0) for number in range(12)}
WORDS = 'dog, "é\n雪🐕"; and'  # with all that a format can have to escape
TEXTS = {name: f"{WORDS} {caption_of(color)}" for name, color in COLORS.items()}
FORMATS = ["out.jsonl", "out.csv", "out.parquet", "out.tar"]
NAMES = ["txt", "json", "xmp"]


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    for name, color in COLORS.items():
        save_color(folder / name, color)
    return folder


def read(output):
    return sorted(
        (row["file_name"], row["text"]) for row in FILE_WRITERS[output.suffix].read(output)
    )


def tear_again_and_again(killing, arguments, folder, check, *, begin=None, grows=True):
    """Kill runs at random bytes of what they write, until each has been gone on with to its end.

    Args:
        killing: starts them.
        arguments: the command line.
        folder: where everything that it writes lies.
        check: called when a run came through.
        begin: makes what is there before the first run; None for nothing.
        grows: whether there is one file that grows, so that the next byte is beyond its end.
    """
    dice = random.Random(" ".join(Path(word).name for word in arguments[1:]))
    inputs = set(folder.iterdir())

    def sizes():
        return [path.stat().st_size for path in set(folder.iterdir()) - inputs] or [0]

    def begin_again():
        for path in set(folder.iterdir()) - inputs:
            path.unlink()
        if begin is not None:
            begin()

    begin_again()
    _, _, files = killing.run(arguments, WORDS, moment=None)
    most = max(sizes())
    kills = torn = 0
    while kills < KILLS:
        begin_again()
        code = None
        while code is None:
            # Sometimes more than there is to write, so that runs that begin again come through.
            low = max(sizes()) + 1 if grows else 1
            room = dice.randint(1, files), dice.randrange(low, max(low + 1, most + most // 4))
            room = room if kills < KILLS else None
            code, _, _ = killing.run(arguments, WORDS, moment=None, room=room)
            kills += code is None
            torn += code is None and room[1] in sizes()  # what was written ends at the very byte
        assert code == 0
        check()
    assert torn >= KILLS // 5


@pytest.mark.parametrize("name", FORMATS)
def test_a_run_that_is_killed_at_any_byte_goes_on(killing, photos, name):
    output = photos / name

    def check():
        assert read(output) == sorted(TEXTS.items())
        assert not list(photos.glob(f"{name}.*"))

    arguments = photos, "-o", output, "--batch-size", "2"
    # A Parquet file is written when its journal has all rows, and is smaller.
    tear_again_and_again(killing, arguments, photos, check, grows=output.suffix != ".parquet")


@pytest.mark.parametrize("existing", ["overwrite", "append"])
def test_a_run_that_joins_or_replaces_is_killed_at_any_byte(killing, photos, existing):
    old, output = photos.parent / "old.csv", photos / "out.csv"
    assert killing.run((photos, "-o", old), "old", moment=None)[0] == 0
    joined = {name: f"{text} {TEXTS[name]}" for name, text in read(old)}

    def begin():
        shutil.copy(old, output)

    def check():
        assert read(output) == sorted((TEXTS if existing == "overwrite" else joined).items())

    arguments = photos, "-o", output, "--existing", existing
    tear_again_and_again(killing, arguments, photos, check, begin=begin)


def test_sidecars_are_whole_at_any_byte(killing, photos):
    def check():
        for name, text in TEXTS.items():
            sidecars = [SIDECARS[kind] for kind in NAMES]
            paths = [sidecar.path_for(photos / name) for sidecar in sidecars]
            read = [
                sidecar.read_caption(path) for sidecar, path in zip(sidecars, paths, strict=True)
            ]
            assert read == [text] * len(NAMES)

    arguments = photos, "--sidecar", ",".join(NAMES), "--batch-size", "4"
    tear_again_and_again(killing, arguments, photos, check, grows=False)
