import os
import subprocess
import sys
import time
from pathlib import Path

from captioner.page import storage as room


def test_what_was_made_an_hour_ago_goes_and_the_rest_stays(uploads):
    old, young = room.new_folder(), room.new_folder()
    (old / "a.jpg").write_text("x")
    past = time.time() - room.KEPT - 1
    os.utime(old, (past, past))
    room.new_folder()
    assert not old.exists()
    assert young.exists()


def test_what_is_left_over_goes_wherever_it_lies(tmp_path):
    folder = tmp_path / "uploads"
    old = [folder / "tmpx", folder / "made" / "a" / "clip.webm", folder / "abc" / "photo.jpg"]
    young = [folder / "def" / "photo.jpg", folder / "made" / "b" / "a.jpg"]
    past = time.time() - 2 * room.KEPT - 1
    for path in (*old, *young):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    for path in old:
        os.utime(path, (past, past))
    for place, _, _ in os.walk(folder, topdown=False):
        os.utime(place, (past, past))
    for _ in range(2):  # a folder has changed when its file went, and goes the next time
        room.sweep(folder, time.time() - 2 * room.KEPT)
        for place, _, names in os.walk(folder):
            if not names:
                os.utime(place, (past, past))
    assert sorted(path for path in folder.rglob("*") if path.is_file()) == sorted(young)
    assert not (folder / "abc").exists()
    assert (folder / "def").exists()


def test_a_server_looks_for_what_is_left_over(tmp_path):
    left = tmp_path / "tmpx"
    left.write_text("x")
    past = time.time() - 2 * room.KEPT - 1
    os.utime(left, (past, past))
    room.keep_swept(tmp_path)
    end = time.monotonic() + 20
    while left.exists() and time.monotonic() < end:
        time.sleep(0.02)
    assert not left.exists()


def test_each_server_has_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "wanted"))
    monkeypatch.setenv("GRADIO_EXAMPLES_CACHE", "elsewhere")
    first = room.use_private_folder()
    assert first.parent == tmp_path / "wanted"
    assert os.environ["GRADIO_TEMP_DIR"] == str(first)
    assert Path(os.environ["GRADIO_EXAMPLES_CACHE"]).is_relative_to(first)
    assert room.upload_folder() == first
    assert room.use_private_folder() != first
    assert first.stat().st_mode & 0o077 == 0  # other users of the machine cannot look in


def test_the_folder_can_be_set_before_gradio_is_imported():
    program = "import sys, captioner.page.storage; print('gradio' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
