import os
from pathlib import Path

import numpy as np
import pytest

from captioner.models.caption_model import CaptionModel
from captioner.models.folder import FILES, read_folder
from captioner.models.saving import whole_file, write_whole
from tests.models.test_caption_model import tiny_model

# All that changes a file or folder goes through these.
_OPERATIONS = ("mkdir", "open", "rename", "replace", "rmdir", "unlink")


class Killed(BaseException):
    """No ``except Exception`` catches it; and what is then still written to disk is not, either."""


@pytest.fixture
def kill(monkeypatch):
    """Lets the process get to its n-th operation on files, and no further."""
    done = []

    def kill_at(number):
        done.clear()
        for module, name in [(os, name) for name in _OPERATIONS] + [(Path, "open")]:
            monkeypatch.setattr(module, name, counted(getattr(module, name), number))

    def counted(operation, number):
        def call(*arguments, **settings):
            done.append(operation)
            if len(done) >= number:  # and those that clean up after it fail, too
                raise Killed
            return operation(*arguments, **settings)

        return call

    yield kill_at
    monkeypatch.undo()


def write(folder, text):
    def write_files(part):
        for name in ("one", "two", "three"):
            (part / name).write_text(f"{name} {text}")

    write_whole(folder, write_files)


def read(folder):
    return {whole_file(folder, name).read_text().split()[1] for name in ("one", "two", "three")}


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_wherever_it_is_killed_all_files_are_old_or_all_are_new(tmp_path, kill, monkeypatch):
    seen = []
    for number in range(1, 100):
        folder = tmp_path / str(number)
        write(folder, "old")
        (folder / "log").write_text("stays")
        kill(number)
        try:
            write(folder, "new")
        except Killed:
            killed = True
        else:
            killed = False
        monkeypatch.undo()
        seen.append(read(folder))
        assert len(seen[-1]) == 1, f"killed at operation {number}"
        write(folder, "newest")  # and the next save is as if nothing had been
        assert read(folder) == {"newest"}
        assert names(folder) == ["log", "one", "three", "two"]
        if not killed:
            break
    assert not killed
    assert seen[0] == {"old"}
    assert seen[-1] == {"new"}
    assert len(seen) > 8


def test_a_save_that_fails_leaves_nothing_behind(tmp_path):
    write(tmp_path, "old")

    def fail(part):
        (part / "one").write_text("new")
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        write_whole(tmp_path, fail)
    assert read(tmp_path) == {"old"}
    assert names(tmp_path) == ["one", "three", "two"]


def test_a_model_whose_files_were_on_their_way_is_the_new_one(tmp_path, monkeypatch):
    old, new = tiny_model("lstm"), tiny_model("lstm")
    for model, number in ((old, 1.0), (new, 2.0)):
        for variables in (model.encoder.variables(), model.decoder_variables()):
            variable = next(iter(variables.values()))
            variable.assign(np.full(variable.shape, number))
    old.save(tmp_path)
    moved = []
    replace = Path.replace

    def stop_half_way(path, target):
        if len(moved) == len(FILES) // 2:
            raise Killed
        moved.append(path)
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", stop_half_way)
    with pytest.raises(Killed):
        new.save(tmp_path)
    monkeypatch.undo()
    assert read_folder(tmp_path).config == new.config
    loaded = CaptionModel.load(tmp_path)
    for variables in (loaded.encoder.variables(), loaded.decoder_variables()):
        assert np.all(np.asarray(next(iter(variables.values()))) == 2)
