import json
import subprocess
import sys

import pytest

from captioner.writers import SIDECARS, OutputFileError
from tests.writers.makers import clip, failure, image

TXT, JSON = SIDECARS["txt"], SIDECARS["json"]
WRITABLE = [name for name in SIDECARS if not SIDECARS[name].clips_only]


def touch(folder, *names):
    for name in names:
        (folder / name).touch()


def names_for(folder, *names, sidecar=TXT):
    return [sidecar.path_for(folder / name).name for name in names]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("txt", "photo.txt"),
        ("json", "photo.json"),
        ("xmp", "photo.jpg.xmp"),
        ("xmp-stem", "photo.xmp"),
        ("vtt", "photo.vtt"),
        ("srt", "photo.srt"),
    ],
)
def test_the_name_follows_the_input(name, expected):
    path = SIDECARS[name].path_for("a folder/photo.jpg")
    assert path.as_posix() == f"a folder/{expected}"


def test_names_with_dots_lose_only_their_last_part(tmp_path):
    assert names_for(tmp_path, "a.b.JPG", ".hidden.png") == ["a.b.txt", ".hidden.txt"]


def test_inputs_that_would_share_a_sidecar_keep_their_whole_names(tmp_path):
    touch(tmp_path, "a.jpg", "a.mov", "b.jpg", "b.txt", "b.cr2")
    assert names_for(tmp_path, "a.jpg", "a.mov", "b.jpg") == ["a.jpg.txt", "a.mov.txt", "b.txt"]
    assert names_for(tmp_path, "a.jpg", sidecar=SIDECARS["xmp-stem"]) == ["a.jpg.xmp"]


def test_names_that_differ_in_case_alone_share_a_sidecar_on_some_systems(tmp_path):
    touch(tmp_path, "A.jpg", "a.PNG")
    assert names_for(tmp_path, "A.jpg", "a.PNG") == ["A.jpg.txt", "a.PNG.txt"]


def test_no_input_is_its_own_sidecar(tmp_path):
    odd = ["photo.txt", "photo.json", "photo.vtt", "photo.xmp", "photo", "photo.dat"]
    for sidecar in SIDECARS.values():
        assert all(sidecar.path_for(tmp_path / name).name != name for name in odd)
    assert names_for(tmp_path, "photo.txt", "photo") == ["photo.txt.txt", "photo.txt"]


@pytest.mark.parametrize("name", SIDECARS)
def test_a_picture_with_the_name_of_a_sidecar_is_left_as_it_is(tmp_path, name):
    path = tmp_path / "photo.txt"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    with pytest.raises(OutputFileError, match=r"photo\.txt: is not (text|in UTF-8).*left as it is"):
        SIDECARS[name].write(clip(), path)
    assert path.read_bytes().endswith(b"IHDR")


@pytest.mark.parametrize("name", WRITABLE)
def test_a_caption_is_written_read_and_replaced(tmp_path, name):
    sidecar, path = SIDECARS[name], tmp_path / "sidecar"
    assert sidecar.read_caption(path) is None
    assert not sidecar.is_there(path)
    for text in ("a dog & a <cat> in 雪", "other words"):
        sidecar.write(image(text=text), path)
        assert sidecar.read_caption(path) == text
        assert sidecar.is_there(path)
    assert path.read_text(encoding="utf-8") == sidecar.render(image(text="other words"))
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", SIDECARS)
def test_a_failed_input_has_no_sidecar(tmp_path, name):
    assert not SIDECARS[name].takes(failure())
    with pytest.raises(ValueError, match=r"c\.jpg: there is no caption to write; is empty"):
        SIDECARS[name].write(failure(), tmp_path / "sidecar")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", SIDECARS)
def test_a_text_that_is_not_valid_unicode_becomes_valid(tmp_path, name):
    path = tmp_path / "sidecar"
    SIDECARS[name].write(clip(text="caf\udce9"), path)
    path.read_bytes().decode("utf-8")


def test_the_text_sidecar_is_the_caption_alone():
    assert TXT.render(image(text="a dog")) == "a dog\n"


def test_captions_that_others_wrote_are_read(tmp_path):
    path = tmp_path / "photo.txt"
    path.write_bytes(b"\xef\xbb\xbfa dog,\r\nin snow\r\n")
    assert TXT.read_caption(path) == "a dog,\r\nin snow"
    path.write_bytes(b"un \xe9t\xe9")
    with pytest.raises(OutputFileError, match=r"photo\.txt: is not text in UTF-8"):
        TXT.read_caption(path)


@pytest.mark.parametrize("row", [image(), clip()])
def test_the_json_sidecar_is_the_row(row):
    text = JSON.render(row)
    assert json.loads(text) == row.as_dict()
    assert text.startswith('{\n  "file_name": ')


@pytest.mark.parametrize("content", ["precious", "[1]", '{"title": "of another program"}'])
def test_json_of_another_make_is_no_caption(tmp_path, content):
    path = tmp_path / "photo.json"
    path.write_text(content)
    with pytest.raises(OutputFileError, match=r"photo\.json: is not"):
        JSON.read_caption(path)


def test_importing_the_formats_imports_no_optional_package():
    code = "import sys, captioner.writers; print({'pyarrow', 'keras', 'cv2'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
