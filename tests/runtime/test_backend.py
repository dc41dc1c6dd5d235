import os
import subprocess
import sys

import pytest

from captioner.runtime import backend


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    for name in ("KERAS_BACKEND", "TF_CPP_MIN_LOG_LEVEL", "TF_ENABLE_ONEDNN_OPTS"):
        # Set first, so that what the code under test sets is taken back afterwards.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("installed", "expected"),
    [
        (["openvino", "tensorflow", "torch"], "openvino"),
        (["tensorflow", "torch"], "tensorflow"),
        (["torch"], "torch"),
    ],
)
def test_openvino_is_chosen_where_it_is_installed(monkeypatch, installed, expected):
    monkeypatch.setattr(backend, "find_spec", lambda name: name if name in installed else None)
    assert backend.choose_backend() == expected
    assert os.environ["KERAS_BACKEND"] == expected


def test_training_runs_on_tensorflow():
    assert backend.choose_training_backend() == "tensorflow"
    assert os.environ["KERAS_BACKEND"] == "tensorflow"


def test_without_a_choice_openvino_may_run_without_keras(monkeypatch):
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.setattr(backend, "find_spec", lambda name: name)
    assert backend.openvino_is_free()
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    assert not backend.openvino_is_free()
    monkeypatch.delenv("KERAS_BACKEND")
    monkeypatch.setitem(sys.modules, "keras", None)
    assert not backend.openvino_is_free()


@pytest.mark.parametrize("choose", [backend.choose_backend, backend.choose_training_backend])
def test_the_users_choice_is_kept(monkeypatch, choose):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    assert choose() == "jax"
    assert os.environ["KERAS_BACKEND"] == "jax"
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "0"


@pytest.mark.parametrize("choose", [backend.choose_backend, backend.choose_training_backend])
def test_an_empty_choice_is_none(monkeypatch, choose):
    monkeypatch.setenv("KERAS_BACKEND", "")
    assert choose() != ""


def test_tensorflow_is_quiet_and_its_arithmetic_is_left_alone():
    backend.choose_backend()
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "2"
    assert "TF_ENABLE_ONEDNN_OPTS" not in os.environ


def test_matplotlib_does_not_miss_its_cache_aloud(tmp_path):
    (tmp_path / "file").touch()
    program = (
        "from captioner.runtime import backend; backend.choose_backend(); "
        "import matplotlib.font_manager"
    )
    settings = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "file"), "MPLCONFIGDIR": ""}
    done = subprocess.run(
        [sys.executable, "-c", program], env=settings, capture_output=True, check=True, timeout=60
    )
    assert done.stderr == b""


def test_logs_of_libraries_are_dropped_and_all_else_comes_through(capfd):
    with backend._without_logs():
        os.write(2, b"I0000 00:00:1796.77 30166 stub.cc:31] no cuda\n")
        os.write(2, b"WARNING: All log messages before absl::InitializeLog() is called are\n")
        os.write(2, b"2026-01-01 10:00:00.123456: E external/xla:1] cuInit\n")
        os.write(2, b"what matters\n")
    os.write(2, b"and what comes after\n")
    assert capfd.readouterr().err == "what matters\nand what comes after\n"
