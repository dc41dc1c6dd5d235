"""What `make test` does about the browser; nothing is installed here."""

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "tools" / "chromium.sh"


@pytest.fixture
def programs(tmp_path):
    """A folder that holds all the programs there are."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("id", "tail"):
        (folder / name).symlink_to(shutil.which(name))
    return folder


def put(folder, name, script=""):
    path = folder / name
    path.write_text(f"#!{shutil.which('sh')}\n{script}\n")
    path.chmod(0o755)
    return path


def run(programs, **settings):
    return subprocess.run(
        [shutil.which("sh"), SCRIPT],
        env={"PATH": str(programs), **settings},
        capture_output=True,
        text=True,
        check=True,
    )


def install_with(programs, script, user=0):
    (programs / "id").unlink()
    put(programs, "id", f"echo {user}")
    for name in ("touch", "chmod"):
        (programs / name).symlink_to(shutil.which(name))
    put(programs, "apt-get", f'echo "$@" >> {programs}/asked; {script}')


def test_the_browser_that_is_there_is_taken(programs):
    put(programs, "apt-get", "exit 1")
    put(programs, "chromium")
    done = run(programs)
    assert (done.stdout, done.stderr) == ("", "")


def test_the_browser_that_is_named_is_taken(programs, tmp_path):
    done = run(programs, CHROMIUM=str(put(tmp_path, "mine")))
    assert (done.stdout, done.stderr) == ("", "")


def test_root_gets_it_from_apt(programs):
    install_with(programs, f"touch {programs}/chromium; chmod +x {programs}/chromium; echo noise")
    done = run(programs)
    assert done.stdout.startswith("Installing Chromium")
    assert "noise" not in done.stdout + done.stderr
    asked = (programs / "asked").read_text().splitlines()
    assert asked == ["update", "install --yes --no-install-recommends chromium"]


def test_what_apt_says_is_shown_where_it_fails(programs):
    install_with(programs, "echo 'no such mirror'; exit 100")
    assert run(programs).stderr.startswith("no such mirror\nThe tests of the web page will fail")


@pytest.mark.parametrize("user", [None, 1000])
def test_without_apt_or_root_one_line_says_what_to_do(programs, user):
    if user is not None:
        install_with(programs, "exit 1", user)
    done = run(programs)
    assert done.stderr.count("\n") == 1
    assert "apt-get install chromium" in done.stderr
    assert "CHROMIUM" in done.stderr
    assert not (programs / "asked").exists()
