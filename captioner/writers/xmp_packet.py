"""Where things stand in an XMP packet, to the byte, so that the rest can stay as it is.

The parser is Expat, which says at which byte everything begins; those that build a tree (lxml,
ElementTree) forget it, and with it quotes, entities and white space in tags.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

DC = "http://purl.org/dc/elements/1.1/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XML = "http://www.w3.org/XML/1998/namespace"

# A packet begins so, or with the zeros of its first letters. UTF-32 comes first: its mark in
# little-endian order begins with that of UTF-16.
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_ZEROS = {"x000": "utf-32-le", "000x": "utf-32-be", "x0x": "utf-16-le", "0x": "utf-16-be"}
_OTHER_NAMES = {"iso-10646-ucs-2": "utf-16", "iso-10646-ucs-4": "utf-32"}

_TAG = re.compile(rb"""<(?:[^"'>]|"[^"]*"|'[^']*')*>""")


class PacketError(ValueError):
    """Not an XMP packet; the message says why."""


@dataclass
class Element:
    """An element and its bytes: ``start``, ``inner_start``, ``inner_end``, ``end``.

    Attributes:
        name: ``(namespace, local name)``.
        attributes: the value of each ``(namespace, local name)``.
        prefixes: the prefixes in scope, and the namespace of each.
        empty: whether it is one tag, ``<a/>``; both inner ends are then at ``end``.
        text: the characters right inside it.
    """

    name: tuple[str, str]
    attributes: dict[tuple[str, str], str]
    prefixes: dict[str, str]
    start: int
    inner_start: int
    empty: bool
    inner_end: int = 0
    end: int = 0
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    def all(self, name: tuple[str, str]) -> Iterator["Element"]:
        """The children of that name."""
        return (child for child in self.children if child.name == name)


@dataclass(frozen=True)
class Packet:
    """An XMP packet in whatever encoding XMP allows.

    Attributes:
        utf8: its characters in UTF-8, byte order mark and declaration among them.
        codec: Python's name of the encoding that it is in.
        root: the outermost element; its positions are those in ``utf8``.
    """

    utf8: bytes
    codec: str
    root: Element

    def encoded(self, utf8: bytes) -> bytes:
        """Another text in the encoding of this packet, for a file."""
        # US-ASCII writes as references what it has no characters for.
        return utf8.decode("utf-8").encode(self.codec, "xmlcharrefreplace")


def read_packet(data: bytes) -> Packet:
    """Read an XMP packet in UTF-8, UTF-16 or UTF-32, in US-ASCII where it says so.

    Nothing is expanded and nothing is fetched: a document type, the only place where entities can
    be declared, is refused.

    Raises:
        PacketError: the document is not well-formed, or is more than an XMP packet can be.
    """
    codec = _codec_of(data)
    utf8 = _decoded(data, codec).encode("utf-8")
    builder = _Builder(utf8)
    root = builder.build()
    declared = builder.declared or codec
    known = _python_name(declared)
    if codec == "utf-8" and known == "ascii":
        _decoded(data, codec := known)
    elif known not in (codec, codec[: len("utf-16")]):
        raise PacketError(f"is in {_shown(codec)}, and says that it is in {declared}")
    return Packet(utf8, codec, root)


def parse_utf8(utf8: bytes) -> Element:
    """The outermost element of an XML document in UTF-8, whatever encoding it declares.

    Raises:
        PacketError: as `read_packet`.
    """
    return _Builder(utf8).build()


def is_blank(data: bytes) -> bool:
    """Whether there is nothing in a file but white space, and maybe a byte order mark."""
    try:
        return not _decoded(data, _codec_of(data)).strip("\ufeff \t\r\n")
    except PacketError:
        return False


def _codec_of(data: bytes) -> str:
    for mark, codec in _MARKS.items():
        if data.startswith(mark):
            return codec
    zeros = "".join("x" if byte else "0" for byte in data[:4])
    found = (codec for pattern, codec in _ZEROS.items() if zeros.startswith(pattern))
    return next(found, "utf-8")


def _decoded(data: bytes, codec: str) -> str:
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        raise PacketError(f"is not in {_shown(codec)} (byte {error.start})") from None


def _python_name(declared: str) -> str | None:
    try:
        return _OTHER_NAMES.get(declared.lower()) or codecs.lookup(declared).name
    except (LookupError, ValueError):
        return None


def _shown(codec: str) -> str:
    return "US-ASCII" if codec == "ascii" else codec[: len("utf-16")].upper()


class _Builder:
    def __init__(self, data: bytes) -> None:
        self.declared: str | None = None
        self._data = data
        self._parser = parser = expat.ParserCreate("utf-8", namespace_separator=" ")
        parser.StartDoctypeDeclHandler = self._doctype
        parser.XmlDeclHandler = self._declaration
        parser.StartNamespaceDeclHandler = self._prefix
        parser.StartElementHandler = self._open
        parser.EndElementHandler = self._close
        parser.CharacterDataHandler = self._characters
        self._prefixes: dict[str, str] = {}
        self._stack = [Element(("", ""), {}, {"xml": XML}, 0, 0, empty=False)]

    def build(self) -> Element:
        try:
            self._parser.Parse(self._data, True)
        except expat.ExpatError as error:
            raise PacketError(f"is not well-formed XML ({error})") from None
        return self._stack[0].children[0]

    def _doctype(self, *_: object) -> None:
        raise PacketError("has a document type (DOCTYPE), which XMP does not know")

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        self.declared = encoding

    def _prefix(self, prefix: str | None, uri: str | None) -> None:
        self._prefixes[prefix or ""] = uri or ""

    def _open(self, name: str, attributes: dict[str, str]) -> None:
        start = self._parser.CurrentByteIndex
        end = _tag_end(self._data, start)
        parent = self._stack[-1]
        element = Element(
            _split(name),
            {_split(key): value for key, value in attributes.items()},
            {**parent.prefixes, **self._prefixes} if self._prefixes else parent.prefixes,
            start,
            end,
            empty=self._data[end - 2 : end] == b"/>",
        )
        self._prefixes = {}
        parent.children.append(element)
        self._stack.append(element)

    def _close(self, _name: str) -> None:
        element = self._stack.pop()
        if element.empty:
            element.inner_end = element.end = element.inner_start
        else:
            element.inner_end = self._parser.CurrentByteIndex
            element.end = _tag_end(self._data, element.inner_end)

    def _characters(self, text: str) -> None:
        self._stack[-1].text += text


def _tag_end(data: bytes, start: int) -> int:
    match = _TAG.match(data, start)
    if match is None:
        raise PacketError("is not well-formed XML")
    return match.end()


def _split(name: str) -> tuple[str, str]:
    namespace, _, local = name.rpartition(" ")
    return namespace, local
