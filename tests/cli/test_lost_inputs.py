"""Inputs that shrink or vanish while an archive takes them in."""

import tarfile
from pathlib import Path

import pytest

from captioner.writers import tar


@pytest.fixture(params=["shrinks", "vanishes"])
def losing(request, photos, monkeypatch):
    """One photo is lost, right when the archive is to take it."""
    path = photos / "green.png"

    def shrink(file, name, source, size, time):
        if Path(source.name if hasattr(source, "name") else "") == path:
            path.write_bytes(path.read_bytes()[:20])
        real(file, name, source, size, time)

    def vanish(name):
        if Path(name) == path:
            path.unlink()
        return opened(name)

    real, opened = tar.add_member, tar._opened
    if request.param == "shrinks":
        monkeypatch.setattr(tar, "add_member", shrink)
    else:
        monkeypatch.setattr(tar, "_opened", vanish)
    return path


def names(output):
    path = output.with_name(output.name.replace("%03d", "000"))
    with tarfile.open(path) as archive:
        assert all(archive.extractfile(member).read() for member in archive)
    return [row["file_name"] for row in tar.TarWriter.read(path)]


@pytest.fixture(params=["out.tar", "out-%03d.tar"])
def output(request, tmp_path):
    return tmp_path / request.param


def test_it_is_that_files_own_error(run, photos, losing, output):
    code, _, err = run(photos, "-o", output)
    assert code == 1
    assert f"{losing}: cannot be read any more (" in err
    assert "captioned 2, failed 1" in err
    assert names(output) == ["blue.png", "red.png"]


@pytest.mark.parametrize("existing", ["overwrite", "append"])
def test_in_the_end_of_a_run_it_is_said(run, photos, losing, output, existing):
    code, _, err = run(photos, "-o", output, "--existing", existing)
    assert code == 0
    assert f"{output} lacks files that could not be read any more: 1" in err
    assert names(output) == ["blue.png", "red.png"]
