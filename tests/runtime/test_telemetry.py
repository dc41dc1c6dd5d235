"""Graphs that OpenVINO runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("openvino")

ROOT = Path(__file__).parent.parent.parent


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
