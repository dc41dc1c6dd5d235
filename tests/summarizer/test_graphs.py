"""Graphs that are kept between runs, and places where none can be."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

openvino = pytest.importorskip("openvino")

from summarizer import graphs  # noqa: E402
from summarizer.graphs import GraphStore, on_cpu  # noqa: E402

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(autouse=True)
def remarks(caplog):
    graphs._warn_of.cache_clear()
    return lambda: [record.getMessage() for record in caplog.records]


@pytest.fixture(scope="module")
def graph():
    from openvino import opset16 as ops

    given = ops.parameter([2], np.float32)
    return openvino.Model([ops.add(given, np.float32(1))], [given])


def store(folder, cache):
    weights = folder / "weights"
    weights.touch()
    return GraphStore(folder, [weights], [], cache)


def test_a_graph_is_kept_for_the_next_run(tmp_path, graph, remarks):
    cache = tmp_path / "cache"
    assert store(tmp_path, cache).get("step") is None
    store(tmp_path, cache).keep("step", graph)
    run = on_cpu(store(tmp_path, cache).get("step"), {})
    assert run(np.float32([1, 2]))[0].tolist() == [2, 3]
    assert remarks() == []


def test_a_cache_that_cannot_be_used_is_said_once_and_is_no_error(tmp_path, graph, remarks):
    cache = tmp_path / "cache"
    cache.touch()  # a file
    for name in ("memory", "step"):
        kept = store(tmp_path, cache)
        assert kept.get(name) is None
        kept.keep(name, graph)
    (remark,) = remarks()
    assert remark.startswith(f"there is no cache ({cache}: Not a directory), so every run makes ")
    assert "XDG_CACHE_HOME" in remark


def test_a_cache_without_permission_is_none(tmp_path, graph, monkeypatch, remarks):
    def refuse(path, *arguments, **settings):
        raise PermissionError(13, "Permission denied", os.fspath(path))

    kept = store(tmp_path, tmp_path / "cache")
    with monkeypatch.context() as patch:
        for name in ("is_file", "mkdir"):
            patch.setattr(Path, name, refuse)
        assert kept.get("step") is None
        kept.keep("step", graph)
    assert len(remarks()) == 1
    assert "Permission denied" in remarks()[0]


@pytest.mark.parametrize("home", ["none", "not found"])
def test_without_a_home_there_is_no_cache(tmp_path, graph, monkeypatch, remarks, home):
    def cache(name):
        if home == "none":
            raise RuntimeError("could not determine the home directory")
        return Path("~/.cache") / name  # as older versions of platformdirs

    monkeypatch.setattr(graphs, "user_cache_path", cache)
    monkeypatch.chdir(tmp_path)
    kept = store(tmp_path, None)
    kept.keep("step", graph)
    assert kept.get("step") is None
    assert remarks()[0].startswith("there is no cache (there is no home folder), ")
    assert {path.name for path in tmp_path.iterdir()} == {"weights"}


@pytest.mark.parametrize("package", ["captioner", "summarizer"])
def test_openvino_reports_to_nobody(tmp_path, package):
    program = (
        f"import sys, {package}, openvino\n"
        "assert sys.modules['openvino_telemetry'] is None\n"
        "assert not any(name.startswith('openvino_telemetry.') for name in sys.modules)\n"
    )
    home = {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path)}
    unset = {"CI", "KERAS_BACKEND"}
    settings = {name: value for name, value in os.environ.items() if name not in unset} | home
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=settings, check=True, timeout=60)
    assert list(tmp_path.iterdir()) == []  # where the number would be by which its makers know us
