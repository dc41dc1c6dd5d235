import io

import pytest

from captioner.errors import UnsupportedFileError
from captioner.media.containers import has_only_sound, is_video
from captioner.media.detect import media_kind
from captioner.media.signatures import describe, is_postscript

FILES = [
    (b"%PDF-1.7\n%\xe2\xe3", "PDF document"),
    (b"%!PS-Adobe-3.0 EPSF-3.0\n", "PostScript drawing"),
    (b"\xc5\xd0\xd3\xc6" + bytes(26), "PostScript drawing"),
    (b"\xff\x0a" + bytes(20), "JPEG XL"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"FUJIFILMCCD-RAW 0201", "raw file"),
    (b"\x00\x00\x00\x18ftypcrx \x00\x00\x00\x01crx isom", "raw file"),
    (b"PK\x03\x04\x14\x00", "ZIP archive or an office document"),
    (b"\x1f\x8b\x08\x00", "archive"),
    (b"Rar!\x1a\x07\x01\x00", "archive"),
    (b"7z\xbc\xaf\x27\x1c", "archive"),
    (b"ID3\x04\x00", "sound recording"),
    (b"\xff\xfb\x90\x64", "sound recording"),
    (b"fLaC\x00\x00", "sound recording"),
    (b"RIFF\x24\x00\x00\x00WAVEfmt ", "sound recording"),
    (b"\x00\x00\x00\x20ftypM4A \x00\x00\x00\x00M4A mp42", "sound recording"),
    (b"\x7fELF\x02\x01\x01", "program"),
    (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "Git LFS"),
    (b"<!DOCTYPE html>\n<html>", "web page"),
    (b"\xef\xbb\xbf\r\n <HTML><head>", "web page"),
    (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg">', "SVG drawing"),
    (b"hello", "not a picture or clip"),
]


@pytest.mark.parametrize(("head", "what"), FILES)
def test_what_is_no_picture_is_called_by_its_name(tmp_path, head, what):
    path = tmp_path / "a.jpg"
    path.write_bytes(head)
    with pytest.raises(UnsupportedFileError, match=what) as caught:
        media_kind(path)
    assert caught.value.remedy
    assert not is_video(head)


def test_postscript():
    assert is_postscript(b"%!PS-Adobe")
    assert not is_postscript(b"%PDF-1.4")


def test_answers_read_as_one_sentence():
    for head, _ in FILES:
        reason, remedy = describe(head)
        assert reason.split()[0] in ("is", "stands")
        assert remedy[0].islower()


def test_flv_of_sound_only():
    head = b"FLV\x01%c\0\0\0\x09\0\0\0\0"
    assert has_only_sound(io.BytesIO(head % 4))
    assert not has_only_sound(io.BytesIO(head % 5))
