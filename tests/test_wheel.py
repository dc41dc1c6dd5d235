"""The wheel beside the dependencies that it declares, and nothing else: a newcomer's machine."""

import json
import os
import shutil
import subprocess
import sys
import venv
from collections import defaultdict
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.makers import numbered_frames, save_animation, save_photo, save_video

ROOT = Path(__file__).parent.parent
PACKAGES = ("captioner", "summarizer", "training")
FILES = ("app.py", "pyproject.toml", "README.md", "LICENSE")
PYTHON = "Scripts/python.exe" if os.name == "nt" else "bin/python"
SCRIPT = "captionloom.exe" if os.name == "nt" else "captionloom"


def environment():
    """This process's, without what makes Python find more than is installed."""
    ours = ("PYTHON", "KERAS", "TF_", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def run(*command, cwd):
    return subprocess.run(
        [os.fspath(part) for part in command],
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def needed(requirements):
    """The installed distributions that these requirements, and theirs in turn, ask for."""
    found, waiting = {}, [(Requirement(text), "") for text in requirements]
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        for wanted in ("", *requirement.extras):
            key = canonicalize_name(requirement.name), wanted
            if key not in found:
                found[key] = distribution(requirement.name)
                waiting += [(Requirement(text), wanted) for text in found[key].requires or ()]
    return {name: found[name, extra] for name, extra in found}


def owners():
    """Each top-level name of site-packages, and which distributions have files under it."""
    names = defaultdict(set)
    for item in distributions():
        for top in {file.parts[0] for file in item.files or ()}:
            names[top].add(item.name)
    return names


def link(item, site, owners):
    """Puts an installed distribution into another site-packages."""
    for file in item.files or ():
        # A folder that others share, such as google/, stays a folder; the rest is one link.
        part = Path(file.parts[0]) if len(owners[file.parts[0]]) == 1 else Path(file)
        if ".." not in file.parts and not (site / part).exists():
            (site / part).parent.mkdir(parents=True, exist_ok=True)
            (site / part).symlink_to(item.locate_file(part))


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """A Python with the wheel and its dependencies.

    What pip would fetch for them, gigabytes, is linked from where these tests run.
    """
    folder = tmp_path_factory.mktemp("wheel")
    for name in PACKAGES:
        shutil.copytree(ROOT / name, folder / "source" / name)
    for name in FILES:
        shutil.copy(ROOT / name, folder / "source")
    offline = ("--disable-pip-version-check", "--no-index", "--no-deps")
    pip = (sys.executable, "-m", "pip")
    built = run(
        *pip, "wheel", *offline, "--no-build-isolation", "-w", folder, folder / "source", cwd=folder
    )
    assert built.returncode == 0, built.stderr
    venv.create(folder / "venv")
    python = folder / "venv" / PYTHON
    (wheel,) = folder.glob("*.whl")
    installed = run(*pip, "--python", python, "install", *offline, wheel, cwd=folder)
    assert installed.returncode == 0, installed.stderr
    (metadata,) = (folder / "venv").rglob("captionloom-*.dist-info")
    top_level = owners()
    for item in needed(Distribution.at(metadata).requires).values():
        link(item, metadata.parent, top_level)
    return python


@pytest.fixture
def files(tmp_path):
    """A folder with a photo, a GIF and a video, and nothing of the source tree."""
    save_photo(tmp_path / "photo.jpg")
    save_animation(tmp_path / "clip.gif", numbered_frames(3))
    save_video(tmp_path / "clip.mp4", numbered_frames(3))
    return tmp_path


def test_a_photo_a_gif_and_a_video_are_captioned(python, files):
    done = run(python, "-m", "captioner", ".", "-o", "-", cwd=files)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {row["file_name"]: row["kind"] for row in rows} == {
        "clip.gif": "animation",
        "clip.mp4": "video",
        "photo.jpg": "image",
    }
    assert all(len(row["text"].split()) > 2 for row in rows)


@pytest.mark.parametrize(
    ("command", "extra"),
    [
        ("captionloom train --data . --output x", "train"),
        ("captionloom evaluate --data .", "train"),
        ("captionloom serve", "app"),
        ("captionloom describe photo.jpg --model owner/model", "hub"),
        ("captionloom describe clip.gif --summarizer owner/model", "hub"),
        ("captionloom describe photo.jpg --model without-graphs", "train"),
    ],
)
def test_what_needs_an_extra_says_at_once_which(python, files, command, extra):
    shipped = ROOT / "captioner" / "pretrained" / "flickr8k-xception-lstm"
    shutil.copytree(shipped, files / "without-graphs")
    (files / "without-graphs" / "graphs.bin").unlink()
    done = run(python.with_name(SCRIPT), *command.split()[1:], cwd=files)
    assert done.returncode == 2, done.stderr
    assert f"pip install 'captionloom[{extra}]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_only_what_captioning_needs_is_there(python, tmp_path):
    heavy = ("keras", "tensorflow", "torch", "transformers", "scipy", "gradio", "nltk")
    names = ("pytest", "tests", "app", *heavy)
    program = f"import importlib.util as u; print([n for n in {names!r} if u.find_spec(n)])"
    done = run(python, "-c", program, cwd=tmp_path)
    assert done.stdout.strip() == "[]", done.stderr


def test_types_are_for_others_too(python):
    (site,) = (python.parent.parent).rglob("captioner/py.typed")
    assert (site.parent.parent / "summarizer" / "py.typed").is_file()


def test_the_command_says_what_it_forwards_to(python, tmp_path):
    said = run(python.with_name(SCRIPT), cwd=tmp_path)
    assert said.returncode == 0
    for word in ("describe", "train", "evaluate", "serve"):
        assert word in said.stdout
    wrong = run(python.with_name(SCRIPT), "cook", cwd=tmp_path)
    assert wrong.returncode == 2
    assert "no command 'cook'" in wrong.stderr
