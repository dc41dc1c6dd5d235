import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from captioner.outputs.locking import BusyError, locked

ROOT = Path(__file__).parents[2]
HOLD = """
import sys, time
from pathlib import Path
from captioner.outputs.locking import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock of ``out.csv``."""
    command = [sys.executable, "-c", HOLD, str(tmp_path / "out.csv")]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_lock_is_held_once_and_leaves_nothing_behind(tmp_path):
    output = tmp_path / "out.csv"
    for _ in range(2):
        with locked(output):
            with pytest.raises(BusyError, match=r"out\.csv is being written"), locked(output):
                pass
            with locked(tmp_path / "other.csv"):
                pass
        assert list(tmp_path.iterdir()) == []


def test_another_process_holds_it_until_it_is_killed(tmp_path, holder):
    output = tmp_path / "out.csv"
    with pytest.raises(BusyError), locked(output):
        pass
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert (tmp_path / "out.csv.lock").exists()
    with locked(output):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_is_given_back_at_the_same_moment_is_made_anew(tmp_path, monkeypatch):
    output = tmp_path / "out.csv"
    opened = os.open

    def open_late(path, *arguments):
        descriptor = opened(path, *arguments)
        monkeypatch.setattr(os, "open", opened)
        Path(path).unlink()  # as the other run does when it is done
        return descriptor

    monkeypatch.setattr(os, "open", open_late)
    with locked(output):
        assert (tmp_path / "out.csv.lock").exists()
        with pytest.raises(BusyError), locked(output):
            pass


def test_where_no_lock_can_be_made_there_is_none(tmp_path):
    with locked(tmp_path / "nowhere" / "out.csv"):
        pass


def test_an_error_gives_the_lock_back(tmp_path):
    with pytest.raises(ZeroDivisionError), locked(tmp_path / "out.csv"):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
