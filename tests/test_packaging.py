"""The files around the code: what they promise is what the code does."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REQUIREMENTS = [
    Requirement(line)
    for group in (PROJECT["dependencies"], *PROJECT["optional-dependencies"].values())
    for line in group
]


def constraints():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def test_every_constraint_is_one_version_and_named_once():
    names = [canonicalize_name(pin.name) for pin in constraints()]
    assert names == sorted(set(names))
    for pin in constraints():
        assert [part.operator for part in pin.specifier] == ["=="], pin


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda item: item.name)
def test_every_dependency_is_pinned_to_a_version_that_it_allows(requirement):
    pins = {canonicalize_name(pin.name): pin.specifier for pin in constraints()}
    (pin,) = pins[canonicalize_name(requirement.name)]
    assert requirement.specifier.contains(pin.version)


def test_an_editable_install_is_a_path_and_no_import_hook(tmp_path):
    pytest.importorskip("setuptools")
    for name in ("pyproject.toml", "README.md", "LICENSE", "app.py"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("captioner", "summarizer", "training"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
    program = "from setuptools.build_meta import build_editable as make; print(make('.'))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    with zipfile.ZipFile(tmp_path / done.stdout.split()[-1]) as wheel:
        paths = [wheel.read(name).decode() for name in wheel.namelist() if name.endswith(".pth")]
    assert paths == [f"{tmp_path.resolve()}\n"]


def test_the_changelog_knows_the_version():
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## \[{re.escape(PROJECT['version'])}\]", changelog, re.MULTILINE)


def test_the_licence_is_the_one_that_is_declared():
    assert PROJECT["license"] == "Apache-2.0"
    for name in PROJECT["license-files"]:
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "Apache License\n                           Version 2.0, January 2004" in text
        assert "END OF TERMS AND CONDITIONS" in text


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
class TestMakefile:
    @pytest.fixture
    def project(self, tmp_path):
        """A folder with the Makefile alone, where installing can do no harm."""
        for name in ("Makefile", "pyproject.toml", "constraints.txt"):
            shutil.copy(ROOT / name, tmp_path)
        return tmp_path

    def make(self, project, *arguments):
        # A make that runs these tests would hand its own flags down.
        settings = {key: value for key, value in os.environ.items() if "MAKE" not in key}
        return subprocess.run(
            ["make", *arguments],
            cwd=project,
            env=settings,
            capture_output=True,
            text=True,
            check=False,
        )

    def test_alone_it_lists_its_commands(self, project):
        done = self.make(project)
        assert done.returncode == 0
        for target in ("setup", "demo", "quick", "test", "chromium", "app"):
            assert f"make {target} " in done.stdout

    @pytest.mark.parametrize("answer", ["1", "127"])
    def test_another_python_is_refused_with_the_remedy(self, project, answer):
        old = project / "old-python"
        old.write_text(f"#!/bin/sh\nexit {answer}\n")
        old.chmod(0o755)
        done = self.make(project, "setup", f"PYTHON={old}")
        assert done.returncode == 2
        assert "needs Python 3.11, 3.12 or 3.13" in done.stderr
        assert "make setup PYTHON=" in done.stderr
        assert not (project / ".venv").exists()

    def test_what_is_installed_is_not_installed_again(self, project):
        (project / ".venv").mkdir()
        for name in (".base", ".page", ".installed"):
            (project / ".venv" / name).touch()
        done = self.make(project, "setup", "PYTHON=false")
        assert (done.returncode, done.stderr) == (0, "")
