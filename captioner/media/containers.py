"""Video containers, told by their first bytes.

Only a file with a known signature reaches FFmpeg: it would also follow playlists, which are text
and may name other files or network addresses.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

from captioner.media.signatures import is_no_video

HEAD_BYTES = 400  # reaches the third packet of an MPEG transport stream

# ISO base media boxes that open an MP4, MOV, M4V or 3GP file. Source: ISO/IEC 14496-12.
_FIRST_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIF_BRANDS = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
)

_SIGNATURES = (
    b"\x1aE\xdf\xa3",  # Matroska, WebM
    b"\x00\x00\x01\xba",  # MPEG program stream
    b"\x00\x00\x01\xb3",  # MPEG video
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",  # ASF: WMV
    b"FLV\x01",
    b"OggS",
)
# How containers name a track of pictures, and one of sound: MP4, AVI, Matroska, Ogg, ASF.
_PICTURES = re.compile(rb"vide|vids|\x86[\x81-\x9f]V_|\x80theora|\xc0\xef\x19\xbc\x4d\x5b\xcf\x11")
_SOUND = re.compile(
    rb"soun|auds|\x86[\x81-\x9f]A_|\x01vorbis|OpusHead|\x40\x9e\x69\xf8\x4d\x5b\xcf\x11"
)
_FLV_SOUND, _FLV_PICTURES = 4, 1  # bits of an FLV's fifth byte
_TRACK_BYTES = 1 << 20  # at either end of a file; one of them has its list of tracks

# A video has its index among the first boxes, or behind one that holds all pictures. FFmpeg would
# walk over millions of empty ones for many seconds.
_MOST_BOXES = 10_000
_INDEX_BOXES = (b"moov", b"moof")

_TRANSPORT_PACKETS = ((0, 188), (4, 192))  # (offset of the first, distance): TS, M2TS


def is_video(head: bytes) -> bool:
    """Tell whether a file that begins with ``head`` (``HEAD_BYTES`` of it) is a video."""
    if _is_iso_media(head):
        is_picture = head[4:8] == b"ftyp" and head[8:12] in _AVIF_BRANDS | _HEIF_BRANDS
        return not (is_picture or is_no_video(head))
    if head[:4] == b"RIFF":
        return head[8:11] == b"AVI"
    if head.startswith(_SIGNATURES):
        return True
    return any(_is_transport_stream(head, *packets) for packets in _TRANSPORT_PACKETS)


def is_heif(head: bytes) -> bool:
    """Tell whether a file that begins with ``head`` is a HEIC/HEIF picture."""
    return _is_iso_media(head) and head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS


def is_cut_short(file: BinaryIO) -> bool:
    """Tell whether an MP4/MOV lacks its index or its end, or an AVI its end.

    Other containers carry no lengths that could tell: the answer is then False.
    """
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(16)
    if _is_iso_media(head):
        return _iso_is_cut_short(file, size)
    if head[:4] == b"RIFF":
        return 8 + int.from_bytes(head[4:8], "little") > size
    return False


def hides_its_index(file: BinaryIO) -> bool:
    """Tell whether an MP4/MOV begins with more boxes than any video has before its index."""
    size = file.seek(0, 2)
    file.seek(0)
    if not _is_iso_media(file.read(16)):
        return False
    names = [name for name, _ in islice(_boxes(file, size), _MOST_BOXES)]
    return len(names) == _MOST_BOXES and not set(names) & set(_INDEX_BOXES)


def has_only_sound(file: BinaryIO) -> bool:
    """Tell whether a container names a track of sound, and none of pictures."""
    size = file.seek(0, 2)
    file.seek(0)
    start = file.read(_TRACK_BYTES)
    if start.startswith(b"FLV\x01"):  # has no list of tracks
        return start[4:5] != b"" and start[4] & (_FLV_SOUND | _FLV_PICTURES) == _FLV_SOUND
    file.seek(max(0, size - _TRACK_BYTES))
    ends = start + file.read()
    return bool(_SOUND.search(ends)) and not _PICTURES.search(ends)


def _is_transport_stream(head: bytes, first: int, length: int) -> bool:
    # The sync byte is a G: a GIF begins with it, and so may text. The fourth byte of a packet that
    # is not scrambled lies between 0x10 and 0x3F. Source: ISO/IEC 13818-1, 2.4.3.2.
    starts = [head[first + index * length :][:4] for index in range(3)]
    return not head.startswith(b"GIF8") and all(
        len(start) == 4 and start[0] == 0x47 and 0x10 <= start[3] < 0x40 for start in starts
    )


def _is_iso_media(head: bytes) -> bool:
    # A printable first byte is text (or a box of half a gigabyte), as in "The free press".
    return head[4:8] in _FIRST_BOXES and head[0] < 0x20


def _iso_is_cut_short(file: BinaryIO, size: int) -> bool:
    index_seen = False
    for name, end in islice(_boxes(file, size), _MOST_BOXES):
        if end > size:
            return True
        index_seen = index_seen or name in _INDEX_BOXES
    return not index_seen


def _boxes(file: BinaryIO, size: int) -> Iterator[tuple[bytes, int]]:
    """Yield name and end of each outermost box; what is no box ends behind the file."""
    offset = 0
    while offset < size:
        file.seek(offset)
        header = file.read(16)
        length = int.from_bytes(header[:4], "big")
        if length == 1:  # the true length follows, in 64 bits
            length = int.from_bytes(header[8:16], "big")
        elif length == 0:  # up to the end of the file
            length = size - offset
        offset = offset + length if length >= 8 else size + 1
        yield header[4:8], offset
