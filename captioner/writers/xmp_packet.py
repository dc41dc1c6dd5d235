"""Where things stand in an XMP packet, to the byte, so that the rest can stay as it is."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

DC = "http://purl.org/dc/elements/1.1/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XML = "http://www.w3.org/XML/1998/namespace"

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


def parse_packet(data: bytes) -> Element:
    """The outermost element of an XML document.

    Nothing is expanded and nothing is fetched: a document type, the only place where entities can
    be declared, is refused.

    Raises:
        PacketError: the document is not well-formed, or is more than an XMP packet can be.
    """
    if b"\0" in data:
        raise PacketError("is not in UTF-8")
    return _Builder(data).build()


class _Builder:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._parser = parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartDoctypeDeclHandler = self._doctype
        parser.XmlDeclHandler = self._declaration
        parser.StartNamespaceDeclHandler = self._prefix
        parser.StartElementHandler = self._open
        parser.EndElementHandler = self._close
        parser.CharacterDataHandler = self._characters
        self._declared: dict[str, str] = {}
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
        if encoding is not None and encoding.lower() not in ("utf-8", "utf8", "us-ascii"):
            raise PacketError(f"is in {encoding} and not in UTF-8")

    def _prefix(self, prefix: str | None, uri: str | None) -> None:
        self._declared[prefix or ""] = uri or ""

    def _open(self, name: str, attributes: dict[str, str]) -> None:
        start = self._parser.CurrentByteIndex
        end = _tag_end(self._data, start)
        parent = self._stack[-1]
        element = Element(
            _split(name),
            {_split(key): value for key, value in attributes.items()},
            {**parent.prefixes, **self._declared} if self._declared else parent.prefixes,
            start,
            end,
            empty=self._data[end - 2 : end] == b"/>",
        )
        self._declared = {}
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
