import os
import struct
import subprocess
import sys
import threading
import warnings

import pytest
from PIL import Image, ImageFile

from captioner.errors import TruncatedFileError
from captioner.media.images import load_image
from captioner.media.silence import quiet_pillow
from tests.makers import photo, save_photo, truncate


def warn_as_pillow():
    warnings.warn_explicit("x", UserWarning, "a.py", 1, module="PIL.Image")


def test_no_warning_leaves(tmp_path, monkeypatch):
    path = save_photo(tmp_path / "a.jpg", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xffgarbage")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 96 * 64 - 1)  # warns above, refuses from twice
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        load_image(path)
        bad = tmp_path / "b.gif"
        bad.write_bytes(b"GIF89a")
        with pytest.raises(TruncatedFileError):
            load_image(bad)
    assert caught == []


def test_pillow_warns_there_at_all(tmp_path, monkeypatch):
    path = save_photo(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 96 * 64 - 1)
    with pytest.warns(Image.DecompressionBombWarning):
        Image.open(path).close()


def test_warnings_of_pillow_elsewhere_still_come():
    with quiet_pillow():
        pass
    with pytest.warns(UserWarning, match="x"):
        warn_as_pillow()


def test_other_warnings_still_come():
    with quiet_pillow(), pytest.warns(UserWarning, match="y"):
        warnings.warn("y", stacklevel=1)


def test_other_threads_keep_their_warnings():
    caught = []

    def other():
        try:
            warn_as_pillow()
        except UserWarning as error:
            caught.append(error)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with quiet_pillow():
            thread = threading.Thread(target=other)
            thread.start()
            thread.join()
            warn_as_pillow()
    assert len(caught) == 1


def test_threads_that_leave_out_of_order():
    first_is_in, first_may_go = threading.Event(), threading.Event()

    def first():
        with quiet_pillow():
            first_is_in.set()
            first_may_go.wait(5)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        thread = threading.Thread(target=first)
        thread.start()
        first_is_in.wait(5)
        with quiet_pillow():
            first_may_go.set()
            thread.join()
            warn_as_pillow()
        with pytest.raises(UserWarning):
            warn_as_pillow()


def test_the_filter_is_set_once():
    for _ in range(3):
        with quiet_pillow():
            pass
    ours = [item for item in warnings.filters if type(item[3]).__name__ == "_PillowHere"]
    assert len(ours) == 1


def test_globals_of_pillow_are_left_alone(tmp_path):
    before = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(Image.OPEN)
    load_image(save_photo(tmp_path / "a.jpg"))
    with pytest.raises(TruncatedFileError):
        load_image(truncate(tmp_path / "a.jpg"))
    assert before == (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(Image.OPEN))


def test_file_is_closed_again(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        load_image(save_photo(tmp_path / "a.png"))
        (tmp_path / "a.png").unlink()


READ = """
import sys
from captioner.errors import MediaError
from captioner.media.images import load_image
try:
    load_image(sys.argv[1])
except MediaError as error:
    print(type(error).__name__)
"""
OPEN = "import sys; from PIL import Image; Image.open(sys.argv[1]).load()"


def run(code, path):
    arguments = [sys.executable, "-c", code, str(path)]
    return subprocess.run(arguments, capture_output=True, text=True, check=False)


def test_nothing_that_pillow_logs_reaches_the_screen(tmp_path):
    path = save_photo(tmp_path / "a.tif")
    samples = struct.pack("<HHI", 277, 3, 1)
    data = path.read_bytes()
    at = data.index(samples) + len(samples)
    path.write_bytes(data[:at] + struct.pack("<I", 65_535) + data[at + 4 :])
    assert "More samples per pixel" in run(OPEN, path).stderr  # Pillow has something to say
    done = run(READ, path)
    assert (done.stdout, done.stderr) == ("UnsupportedFileError\n", "")


@pytest.mark.skipif(os.name == "nt", reason="libtiff is a part of Pillow's library there")
def test_nothing_of_libtiff_reaches_the_screen(tmp_path):
    path = save_photo(tmp_path / "a.tif", photo(300, 200), compression="tiff_lzw")
    data = bytearray(path.read_bytes())
    for at in range(20, len(data) // 2, 97):
        data[at] ^= 0x55
    path.write_bytes(data)
    assert (
        "Using code not yet in table" in run(OPEN, path).stderr
    )  # so libtiff has something to say
    done = run(READ, path)
    assert (done.stdout, done.stderr) == ("TruncatedFileError\n", "")
