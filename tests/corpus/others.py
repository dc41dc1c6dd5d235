"""Files that are no pictures at all, or nothing at all, under the names of pictures."""

import gzip
import io
import random
import zipfile

from captioner.errors import (
    EmptyFileError,
    MediaError,
    NoFramesError,
    TruncatedFileError,
    UnsupportedFileError,
)
from tests.corpus import boxes
from tests.corpus.entries import ANY_DAMAGE, Box, kind


def _zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo("word/document.xml"), "<document/>" * 9)
    return file.getvalue()


_TEXTS = {
    "text": "This is no picture.\n",
    "long-text": "The free press\n" * 999,
    "other-script": "Это не картинка\n" * 9,
    "html": "<!DOCTYPE html>\n<html><body>404 Not Found</body></html>\n",
    "svg": '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="9"/>\n',
    "json": '{"error": "not found"}\n',
    "csv": "file_name,text\na.jpg,a dog\n",
    "python": "#!/usr/bin/env python3\nprint('hello')\n",
    "playlist": "#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/secret.ts\n",
    "list-of-files": "ffconcat version 1.0\nfile /etc/passwd\n",
    "lfs": "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n",
    "postscript": "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n",
}
_BYTES = {
    "pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n%%EOF\n",
    "zip": _zip(),
    "gzip": gzip.compress(b"hello", mtime=0),
    "elf": b"\x7fELF\x02\x01\x01" + bytes(57),
    "exe": b"MZ\x90\x00\x03" + bytes(200),
    "sqlite": b"SQLite format 3\0" + bytes(200),
    "jpeg-xl": b"\x00\x00\x00\x0cJXL \r\n\x87\n" + bytes(50),
    "raw": b"FUJIFILMCCD-RAW 0201FF129502" + bytes(200),
    "raw-or-tiff": b"II*\x00\x08\x00\x00\x00" + bytes(200),
    "text-of-16-bits": "no picture".encode("utf-16"),
    "ones": b"\xff" * 5000,
    "new-lines": b"\n" * 100,
}


@kind("not-pictures")
def _not_pictures(box: Box) -> None:
    for name, text in _TEXTS.items():
        box.bad(f"{name}.jpg", text.encode(), UnsupportedFileError)
    for name, data in _BYTES.items():
        box.bad(f"{name}.jpg", data, UnsupportedFileError)
    box.bad("zeros.jpg", bytes(5000), TruncatedFileError)


@kind("not-clips")
def _not_clips(box: Box) -> None:
    for name in ("text", "html", "playlist", "list-of-files"):
        for suffix in (".mp4", ".gif", ".avi"):
            box.bad(f"{name}{suffix}", _TEXTS[name].encode(), UnsupportedFileError)
    for name in ("pdf", "zip", "exe"):
        box.bad(f"{name}.mp4", _BYTES[name], UnsupportedFileError)
    box.bad("zeros.mp4", bytes(5000), TruncatedFileError)


@kind("random-bytes")
def _random(box: Box) -> None:
    for seed in range(6):
        suffix = (".jpg", ".png", ".gif", ".mp4", ".webm", ".tga")[seed]
        box.either(f"{seed}{suffix}", random.Random(seed).randbytes(3000))


@kind("empty")
def _empty(box: Box) -> None:
    for suffix in (".jpg", ".png", ".gif", ".webp", ".mp4", ".avi", ".mkv"):
        box.bad(f"empty{suffix}", b"", EmptyFileError)


_SIGNATURES = {
    "jpg": b"\xff\xd8\xff",
    "png": b"\x89PNG\r\n\x1a\n",
    "gif": b"GIF89a",
    "webp": b"RIFF\x10\x00\x00\x00WEBP",
    "tif": b"MM\x00*",
    "bmp": b"BM",
    "avif": b"\x00\x00\x00\x20ftypavif\x00\x00\x00\x00",
    "heic": b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00",
    "mp4": b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42",
    "mov": b"\x00\x00\x00\x08wide",
    "mkv": b"\x1aE\xdf\xa3",
    "avi": b"RIFF\x10\x00\x00\x00AVI ",
    "mpg": b"\x00\x00\x01\xba",
    "wmv": b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
    "flv": b"FLV\x01",
    "ogv": b"OggS",
}


@kind("signature-only")
def _signatures(box: Box) -> None:
    for suffix, data in _SIGNATURES.items():
        box.bad(f"a.{suffix}", data, *ANY_DAMAGE)
        box.bad(f"and-zeros.{suffix}", data + bytes(200), *ANY_DAMAGE)
        box.bad(f"one-byte.{suffix}", data[:1], *ANY_DAMAGE)


@kind("sound-only")
def _sound(box: Box) -> None:
    none: tuple[type[MediaError], ...] = (NoFramesError,)
    box.bad("by-mp4.mp4", boxes.mp4_of_sound(), *none)
    box.bad("by-mkv.mkv", boxes.mkv_of_sound(), *none)
    box.bad("by-ogg.ogv", boxes.ogg_of_sound(), *none)
    box.bad("by-flv.flv", boxes.flv_of_sound(), *none)
    avi = boxes.avi([bytes(800)] * 9, (0, 0), stream=b"auds", codec=bytes(4))
    box.bad("by-avi.avi", avi, *none)
    brand = boxes.mp4_of_sound().replace(b"ftypisom", b"ftypM4A ", 1)
    box.bad("m4a.mp4", brand, UnsupportedFileError)
    for name, data in {
        "wav": boxes.wav(),
        "mp3": b"\xff\xfb\x90\x64" + bytes(413),
        "mp3-with-tags": b"ID3\x04\x00\x00\x00\x00\x00\x00\xff\xfb\x90\x64" + bytes(413),
        "flac": b"fLaC\x80\x00\x00\x22" + bytes(34),
    }.items():
        box.bad(f"{name}.mp4", data, UnsupportedFileError)
        box.bad(f"{name}.jpg", data, UnsupportedFileError)
    box.bad("cut.mp4", boxes.mp4_of_sound()[:900], TruncatedFileError)
