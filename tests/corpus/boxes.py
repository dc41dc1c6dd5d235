"""Containers put together by hand, where no library would write what a test needs."""

import struct
from collections.abc import Sequence

_NO_INDEX = 0
_HAS_INDEX = 0x10


def riff_chunk(name: bytes, body: bytes) -> bytes:
    """Return a RIFF chunk, padded to an even length."""
    return name + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def wav(seconds: float = 0.1, rate: int = 8000) -> bytes:
    """Return a WAV of silence: 8 bits, one channel."""
    form = riff_chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, rate, rate, 1, 8))
    body = b"WAVE" + form + riff_chunk(b"data", b"\x80" * int(rate * seconds))
    return riff_chunk(b"RIFF", body)


def avi(
    frames: Sequence[bytes],
    size: tuple[int, int],
    *,
    stream: bytes = b"vids",
    codec: bytes = b"MJPG",
    scale: int = 1,
    rate: int = 10,
    claimed: int | None = None,
    index: bool = True,
) -> bytes:
    """Return an AVI of one stream. Source: Microsoft's AVI RIFF file reference.

    Args:
        frames: the data of each frame, such as a JPEG file.
        size: width and height in pixels that the headers claim.
        stream: ``vids`` for pictures, ``auds`` for sound.
        codec: the FourCC of the pictures.
        scale: with ``rate``, ``rate / scale`` frames a second.
        rate: see there.
        claimed: the number of frames that the headers claim; None: the true one.
        index: whether an index follows the frames.
    """
    width, height = size
    count = len(frames) if claimed is None else claimed
    flags = _HAS_INDEX if index else _NO_INDEX
    main = struct.pack("<10I16x", 100_000, 0, 0, flags, count, 0, 1, 0, width, height)
    header = struct.pack(
        "<4s4sIHHIIIIIIII4H", stream, codec, 0, 0, 0, 0, scale, rate, 0, count, 0, 2**32 - 1, 0,
        0, 0, width & 0xFFFF, height & 0xFFFF,
    )  # fmt: skip
    if stream == b"vids":
        form = struct.pack("<IiiHH4sIiiII", 40, width, height, 1, 24, codec, 0, 0, 0, 0, 0)
        name = b"00dc"
    else:
        form = struct.pack("<HHIIHH", 1, 1, 8000, 8000, 1, 8)
        name = b"00wb"
    streams = riff_chunk(b"LIST", b"strl" + riff_chunk(b"strh", header) + riff_chunk(b"strf", form))
    headers = riff_chunk(b"LIST", b"hdrl" + riff_chunk(b"avih", main) + streams)
    movie, entries = b"movi", b""
    for frame in frames:
        entries += name + struct.pack("<III", _HAS_INDEX, len(movie), len(frame))
        movie += riff_chunk(name, frame)
    body = b"AVI " + headers + riff_chunk(b"LIST", movie)
    return riff_chunk(b"RIFF", body + (riff_chunk(b"idx1", entries) if index else b""))


def mp4_box(name: bytes, *parts: bytes) -> bytes:
    """Return a box of an MP4. Source: ISO/IEC 14496-12."""
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + name + body


def _full(name: bytes, body: bytes) -> bytes:
    return mp4_box(name, bytes(4), body)  # version 0, no flags


def mp4_of_sound(samples: int = 800) -> bytes:
    """Return an MP4 with one track, of 16-bit sound at 8,000 samples a second."""
    kind = mp4_box(b"ftyp", b"isom\0\0\2\0isommp42")
    data = mp4_box(b"mdat", bytes(2 * samples))
    matrix = struct.pack(">9I", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    movie = struct.pack(">4IIH10x", 0, 0, 8000, samples, 1 << 16, 1 << 8) + matrix + bytes(24)
    track = struct.pack(">5I8xHHHxx", 0, 0, 1, 0, samples, 0, 0, 1 << 8) + matrix + bytes(8)
    sound = struct.pack(">6xH8xHH4xI", 1, 1, 16, 8000 << 16)
    tables = mp4_box(
        b"stbl",
        _full(b"stsd", struct.pack(">I", 1) + mp4_box(b"twos", sound)),
        _full(b"stts", struct.pack(">3I", 1, samples, 1)),
        _full(b"stsc", struct.pack(">4I", 1, 1, samples, 1)),
        _full(b"stsz", struct.pack(">2I", 2, samples)),
        _full(b"stco", struct.pack(">2I", 1, len(kind) + 8)),
    )
    place = mp4_box(b"dinf", _full(b"dref", struct.pack(">I", 1) + mp4_box(b"url ", b"\0\0\0\1")))
    media = mp4_box(
        b"mdia",
        _full(b"mdhd", struct.pack(">4I4x", 0, 0, 8000, samples)),
        _full(b"hdlr", b"\0\0\0\0soun" + bytes(13)),
        mp4_box(b"minf", _full(b"smhd", bytes(4)), place, tables),
    )
    tracks = mp4_box(b"trak", mp4_box(b"tkhd", b"\0\0\0\7", track), media)
    return kind + data + mp4_box(b"moov", _full(b"mvhd", movie + struct.pack(">I", 2)), tracks)


def ebml(name: bytes, body: bytes) -> bytes:
    """Return an element of a Matroska file. Source: RFC 8794, RFC 9559."""
    return name + struct.pack(">Q", len(body) | 1 << 56) + body


def mkv_of_sound() -> bytes:
    """Return a Matroska file with one track, of sound."""
    head = ebml(b"\x1aE\xdf\xa3", ebml(b"\x42\x82", b"matroska"))
    settings = ebml(b"\xb5", struct.pack(">d", 8000.0)) + ebml(b"\x62\x64", b"\x10")
    entry = (
        ebml(b"\xd7", b"\x01")
        + ebml(b"\x73\xc5", b"\x01")
        + ebml(b"\x83", b"\x02")
        + b"\x86\x8dA_PCM/INT/LIT"
        + ebml(b"\xe1", settings)
    )
    tracks = ebml(b"\x16\x54\xae\x6b", ebml(b"\xae", entry))
    blocks = ebml(b"\xe7", b"\x00") + ebml(b"\xa3", b"\x81\x00\x00\x80" + bytes(320))
    return head + ebml(b"\x18\x53\x80\x67", tracks + ebml(b"\x1f\x43\xb6\x75", blocks))


def ogg_page(body: bytes, number: int, flags: int) -> bytes:
    """Return a page of an Ogg file with one packet of up to 254 bytes. Source: RFC 3533."""
    head = b"OggS\0" + struct.pack("<BqIII", flags, 0, 1, number, 0) + bytes([1, len(body)])
    page = bytearray(head + body)
    remainder = 0
    for byte in page:
        remainder ^= byte << 24
        for _ in range(8):
            remainder = (remainder << 1 ^ 0x04C11DB7 * (remainder >> 31)) & 0xFFFFFFFF
    page[22:26] = struct.pack("<I", remainder)
    return bytes(page)


def ogg_of_sound() -> bytes:
    """Return an Ogg file with one stream, of Opus sound."""
    head = b"OpusHead\1\1" + struct.pack("<HIhB", 0, 48000, 0, 0)
    tags = b"OpusTags" + bytes(8)
    pages = ogg_page(head, 0, 2), ogg_page(tags, 1, 0), ogg_page(b"\xf8\xff\xfe", 2, 4)
    return b"".join(pages)


def mp4_of_empty_boxes(count: int) -> bytes:
    """Return what begins as an MP4 does and goes on with boxes of nothing."""
    return mp4_box(b"ftyp", b"isom\0\0\2\0isommp42") + mp4_box(b"free") * count


def flv_of_sound(seconds: int = 1) -> bytes:
    """Return an FLV of silence: 16-bit samples, 5,512 a second. Source: Adobe's FLV, 10.1."""
    data = b"FLV\x01\x04" + struct.pack(">II", 9, 0)
    for tenth in range(10 * seconds):
        body = b"\x02" + bytes(1102)
        size, time = len(body).to_bytes(3, "big"), (100 * tenth).to_bytes(3, "big")
        data += b"\x08" + size + time + bytes(4) + body + struct.pack(">I", 11 + len(body))
    return data
