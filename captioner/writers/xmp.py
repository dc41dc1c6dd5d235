"""XMP sidecars: the caption as ``dc:description``, everything else in the file as it is."""

import re
from pathlib import Path
from typing import ClassVar

from captioner.batch.rows import Row
from captioner.errors import OutputFileError
from captioner.writers.files import write_bytes
from captioner.writers.sidecars import Sidecar, caption_of, read_bytes
from captioner.writers.xmp_packet import (
    DC,
    RDF,
    XML,
    Element,
    PacketError,
    is_blank,
    parse_utf8,
    read_packet,
)

_NEW = """\
<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="captionloom">
 <rdf:RDF xmlns:rdf="{rdf}">
  <rdf:Description rdf:about="">
   {description}
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"""
_DEFAULT_LANGUAGE = "x-default"
_ATTRIBUTE = re.compile(rb"""\s+([^\s=]+)\s*=\s*(?:"[^"]*"|'[^']*')""")
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class XmpSidecar(Sidecar):
    """``photo.jpg.xmp``, as darktable and digiKam name it.

    Only ``dc:description`` is written, in the language ``x-default``. Of a file that is there, all
    other bytes stay as they are.
    """

    suffix = ".xmp"
    keeps_suffix: ClassVar[bool] = True

    @classmethod
    def is_there(cls, path: Path) -> bool:
        """Whether the file has a caption: other programs make such files too."""
        try:
            return cls.read_caption(path) is not None
        except (OSError, OutputFileError):
            return False  # who then writes learns what is wrong

    @classmethod
    def render(cls, row: Row) -> str:
        """The whole text of a new file."""
        return _NEW.format(rdf=RDF, description=_property(caption_of(row), {"rdf": RDF}, "\n   "))

    @classmethod
    def read_caption(cls, path: Path) -> str | None:
        """The caption that is there; see `Sidecar.read_caption`."""
        data = read_bytes(path) or b""
        if is_blank(data):
            return None
        try:
            return described(data)
        except PacketError as error:
            raise _refusal(path, error) from None

    @classmethod
    def write(cls, row: Row, path: Path) -> None:
        """Write a new file, or the caption into the one that is there; see `Sidecar.write`."""
        caption = caption_of(row)
        data = read_bytes(path) or b""
        try:
            new = cls.render(row).encode("utf-8") if is_blank(data) else describe(data, caption)
        except PacketError as error:
            raise _refusal(path, error) from None
        write_bytes(path, new)


class XmpStemSidecar(XmpSidecar):
    """``photo.xmp``, as Lightroom and other programs of Adobe name it."""

    keeps_suffix: ClassVar[bool] = False

    @classmethod
    def is_ours(cls, path: Path) -> bool:
        """No: with the whole name, ``photo.jpg.xmp``, it is of the programs that name it so."""
        return False


def described(data: bytes) -> str | None:
    """The ``dc:description`` of an XMP packet: in ``x-default``, else its first language.

    Raises:
        PacketError: this is not an XMP packet.
    """
    for description in _descriptions(_rdf(read_packet(data).root)):
        for element in description.all((DC, "description")):
            items = _items(element)
            default = [item for item in items if _is_default(item)]
            return (default or items or [element])[0].text.strip() or None
        if (DC, "description") in description.attributes:
            return description.attributes[DC, "description"].strip() or None
    return None


def describe(data: bytes, caption: str) -> bytes:
    """An XMP packet with another ``dc:description`` in ``x-default``, else the same to the byte.

    Raises:
        PacketError: this is not an XMP packet.
    """
    packet = read_packet(data)
    return packet.encoded(_describe(packet.utf8, packet.root, caption))


def _describe(data: bytes, root: Element, caption: str) -> bytes:
    rdf = _rdf(root)
    descriptions = _descriptions(rdf)
    elements = [found for parent in descriptions for found in parent.all((DC, "description"))]
    attributes = [parent for parent in descriptions if (DC, "description") in parent.attributes]
    if len(elements) + len(attributes) > 1:
        raise PacketError("has dc:description more than once")
    if elements:
        return _change(data, elements[0], caption)
    if attributes:
        rest = _without_attribute(data, attributes[0])
        return _describe(rest, parse_utf8(rest), caption)
    if not descriptions:
        line = _line_for_child(data, rdf)
        inner = _line(line, 1) + _property(caption, {"rdf": RDF}, _line(line, 1)) + line
        new = f'<rdf:Description xmlns:rdf="{RDF}" rdf:about="">{inner}</rdf:Description>'
        return _insert(data, rdf, line, new)
    parent = next((one for one in descriptions if one.prefixes.get("dc") == DC), descriptions[0])
    line = _line_for_child(data, parent)
    return _insert(data, parent, line, _property(caption, parent.prefixes, line))


def _rdf(root: Element) -> Element:
    found = root if root.name == (RDF, "RDF") else next(root.all((RDF, "RDF")), None)
    if found is None:
        raise PacketError("has no rdf:RDF, so it is not XMP")
    return found


def _descriptions(rdf: Element) -> list[Element]:
    return list(rdf.all((RDF, "Description")))


def _items(element: Element) -> list[Element]:
    return [item for options in element.all((RDF, "Alt")) for item in options.all((RDF, "li"))]


def _is_default(item: Element) -> bool:
    return item.attributes.get((XML, "lang"), "").lower() == _DEFAULT_LANGUAGE


def _change(data: bytes, element: Element, caption: str) -> bytes:
    """Put another caption into a ``dc:description`` that is there; other languages stay."""
    items = _items(element)
    default = next((item for item in items if _is_default(item)), None)
    if default is not None and not default.empty:
        return _splice(data, default.inner_start, default.inner_end, _escaped(caption))
    new = _item(caption, element.prefixes)
    if default is not None:
        return _splice(data, default.start, default.end, new)
    if items:  # x-default comes first
        first = items[0]
        return _splice(data, first.start, first.start, new + _line_of(data, first))
    new = _property(caption, element.prefixes, _line_of(data, element))
    return _splice(data, element.start, element.end, new)


def _without_attribute(data: bytes, parent: Element) -> bytes:
    """Take the short form of a ``dc:description`` out of a tag."""
    names = [f"{prefix}:description" for prefix, uri in parent.prefixes.items() if uri == DC]
    attributes = _ATTRIBUTE.finditer(data, parent.start, parent.inner_start)
    found = next(attribute for attribute in attributes if attribute[1].decode() in names)
    return data[: found.start()] + data[found.end() :]


def _insert(data: bytes, parent: Element, line: str, new: str) -> bytes:
    """Put a first child into an element, after a line break with indentation, ``line``."""
    if not parent.empty:
        return _splice(data, parent.inner_start, parent.inner_start, line + new)
    # <a/> opens up to <a>...</a>.
    name = re.split(rb"[\s/>]", data[parent.start + 1 : parent.end], maxsplit=1)[0].decode()
    text = f">{line}{new}{_line_of(data, parent)}</{name}>"
    return _splice(data, parent.end - len("/>"), parent.end, text)


def _property(caption: str, prefixes: dict[str, str], line: str) -> str:
    """A new ``dc:description`` where ``prefixes`` are in scope, and ``line`` comes before it."""
    declared = "" if prefixes.get("dc") == DC else f' xmlns:dc="{DC}"'
    if prefixes.get("rdf") != RDF:
        declared += f' xmlns:rdf="{RDF}"'
    return (
        f"<dc:description{declared}>{_line(line, 1)}<rdf:Alt>{_line(line, 2)}"
        + _item(caption, {"rdf": RDF})
        + f"{_line(line, 1)}</rdf:Alt>{line}</dc:description>"
    )


def _item(caption: str, prefixes: dict[str, str]) -> str:
    declared = "" if prefixes.get("rdf") == RDF else f' xmlns:rdf="{RDF}"'
    return f'<rdf:li{declared} xml:lang="{_DEFAULT_LANGUAGE}">{_escaped(caption)}</rdf:li>'


def _escaped(text: str) -> str:
    text = _NOT_IN_XML.sub("\ufffd", text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("\r", "&#13;")


def _line(line: str, deeper: int) -> str:
    return line and line + " " * deeper


def _line_of(data: bytes, element: Element) -> str:
    """The line break and indentation before an element; empty where it does not begin its line."""
    match = re.search(rb"\r?\n[ \t]*\Z", data[: element.start])
    return match[0].decode() if match else ""


def _line_for_child(data: bytes, parent: Element) -> str:
    if parent.children:
        return _line_of(data, parent.children[0])
    return _line(_line_of(data, parent), 1)


def _splice(data: bytes, start: int, end: int, text: str) -> bytes:
    return data[:start] + text.encode("utf-8") + data[end:]


def _refusal(path: Path, error: PacketError) -> OutputFileError:
    return OutputFileError(path, str(error), "it is left as it is; mend it, or move it away")
