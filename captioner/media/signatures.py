"""Files that lie among pictures and are none, told by their first bytes, to say what to do."""

_EXPORT = "export it as PNG or JPEG"
_AS_JPEG = "save it as JPEG or PNG"
_UNPACK = "unpack it, and give the pictures in it"
_GIVE_ONE = "give a picture, GIF or video file"

_RAW = ("is a camera's raw file", _AS_JPEG)
_RAW_OR_TIFF = ("is a camera's raw file or a damaged TIFF", "copy it again, or save it as JPEG")
_SOUND = ("is a sound recording", _GIVE_ONE)
_POSTSCRIPT = ("is a PostScript drawing", _EXPORT)
_JPEG_XL = ("is a JPEG XL picture", _AS_JPEG)
_ARCHIVE = ("is an archive", _UNPACK)

# First bytes: what the file is, and what to do.
_SIGNATURES = {
    b"%PDF-": ("is a PDF document", _EXPORT),
    b"%!PS": _POSTSCRIPT,
    b"\xc5\xd0\xd3\xc6": _POSTSCRIPT,
    b"\xff\x0a": _JPEG_XL,
    b"\x00\x00\x00\x0cJXL ": _JPEG_XL,
    b"FUJIFILMCCD-RAW": _RAW,
    b"II*\x00": _RAW_OR_TIFF,
    b"MM\x00*": _RAW_OR_TIFF,
    b"PK\x03\x04": ("is a ZIP archive or an office document", _UNPACK),
    b"Rar!": _ARCHIVE,
    b"7z\xbc\xaf": _ARCHIVE,
    b"\x1f\x8b": _ARCHIVE,
    b"ID3": _SOUND,
    b"\xff\xfb": _SOUND,
    b"\xff\xf3": _SOUND,
    b"fLaC": _SOUND,
    b"\x7fELF": ("is a program", _GIVE_ONE),
    b"version https://git-lfs": ("stands for a file that is still in Git LFS", "run git lfs pull"),
}
# By the brand of an ISO base media file. Source: mp4ra.org.
_BRANDS = {b"M4A ": _SOUND, b"M4B ": _SOUND, b"crx ": _RAW}


def is_postscript(head: bytes) -> bool:
    """Tell whether a file that begins with ``head`` is a PostScript program."""
    return describe(head) == _POSTSCRIPT


def is_no_video(head: bytes) -> bool:
    """Tell whether a file that begins with ``head`` has the boxes of an MP4, and no video."""
    return head[4:8] == b"ftyp" and head[8:12] in _BRANDS


def describe(head: bytes) -> tuple[str, str]:
    """Say what a file is that begins with ``head`` and is no picture; and what to do about it."""
    for signature, answer in _SIGNATURES.items():
        if head.startswith(signature):
            return answer
    if is_no_video(head):
        return _BRANDS[head[8:12]]
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return _SOUND
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html")):
        return "is a web page", "download the picture itself"
    if b"<svg" in text:
        return "is an SVG drawing", _EXPORT
    return "is not a picture or clip", _GIVE_ONE
