"""XMP in every encoding that it may have, and what a parser of another make (libxml2) reads."""

import codecs
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from captioner.writers import SIDECARS
from captioner.writers.xmp import _NOT_IN_XML, describe, described
from captioner.writers.xmp_packet import DC, RDF, PacketError
from tests.writers import xmp_samples
from tests.writers.makers import image

XMP = SIDECARS["xmp"]
CAPTION = 'a dog & <b>"cat"</b> in 雪 🐕'
NAMES = {"rdf": RDF, "dc": DC}
MARKS = {
    "utf-8": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}
DECLARED = {
    "utf-8": ["UTF-8", "utf8"],
    "utf-16-le": ["UTF-16", "UTF-16LE"],
    "utf-16-be": ["UTF-16", "UTF-16BE", "ISO-10646-UCS-2"],
    "utf-32-le": ["UTF-32", "utf-32le"],
    "utf-32-be": ["UTF-32", "UTF-32BE", "ISO-10646-UCS-4"],
}
FORMS = [
    (codec, marked, declared)
    for codec, names in DECLARED.items()
    for marked in (True, False)
    for declared in (None, *names)
]


def encoded(sample, codec, marked, declared):
    """A sample in another form."""
    text = re.sub(r"\A<\?xml.*?\?>\s*", "", sample)
    if declared is not None:
        text = f'<?xml version="1.0" encoding="{declared}"?>\n{text}'
    return (MARKS[codec] if marked else b"") + text.encode(codec)


def parsed(data, codec):
    name = codec.upper().replace("-LE", "LE").replace("-BE", "BE")
    return etree.fromstring(data, etree.XMLParser(encoding=name, resolve_entities=False))


def read(root):
    """The caption in the default language, as another program finds it."""
    path = "//rdf:Description/dc:description/rdf:Alt/rdf:li[@xml:lang='x-default']"
    (item,) = root.xpath(path, namespaces=NAMES)
    return item.text or ""


def take_out(element):
    """Remove an element, and not the text behind it, which lxml counts as its own."""
    parent, before, tail = element.getparent(), element.getprevious(), element.tail or ""
    if before is None:
        parent.text = (parent.text or "") + tail
    else:
        before.tail = (before.tail or "") + tail
    parent.remove(element)


def rest(root):
    """All but the description, in canonical form, comments and processing instructions too."""
    for parent in root.iter(f"{{{RDF}}}Description"):
        parent.attrib.pop(f"{{{DC}}}description", None)
        for child in parent.findall(f"{{{DC}}}description"):
            take_out(child)
    for parent in list(root.iter(f"{{{RDF}}}RDF")):
        for child in parent.findall(f"{{{RDF}}}Description"):
            if len(child) == 0 and set(child.attrib) <= {f"{{{RDF}}}about"}:
                take_out(child)
    return etree.tostring(root.getroottree(), method="c14n2", strip_text=True)


@pytest.mark.parametrize(("codec", "marked", "declared"), FORMS)
def test_every_encoding_of_xmp_is_read_written_and_kept(codec, marked, declared):
    for sample in xmp_samples.ALL.values():
        before = encoded(sample, codec, marked, declared)
        after = describe(before, CAPTION)
        root = parsed(after, codec)
        assert read(root) == described(after) == CAPTION
        assert rest(root) == rest(parsed(before, codec))
        text = after.decode(codec)
        assert text.startswith("\ufeff") is marked
        assert (declared or "<?xml") in text or declared is None
        assert describe(before, "other words") == describe(after, "other words")


@pytest.mark.parametrize("codec", MARKS)
@pytest.mark.parametrize("sample", xmp_samples.WITH_CAPTION.values())
def test_a_caption_in_every_encoding_is_found(codec, sample):
    text, caption = sample
    assert described(encoded(text, codec, False, None)) == caption


def test_us_ascii_stays_us_ascii():
    before = encoded(xmp_samples.SHORT, "utf-8", False, "US-ASCII")
    after = describe(before, CAPTION)
    assert after.isascii()
    assert "雪 🐕" not in after.decode()
    assert read(etree.fromstring(after)) == described(after) == CAPTION
    assert rest(etree.fromstring(after)) == rest(etree.fromstring(before))


@pytest.mark.parametrize("codec", MARKS)
@pytest.mark.parametrize("marked", [True, False])
def test_a_blank_file_in_every_encoding_is_as_none(tmp_path, codec, marked):
    path = tmp_path / "photo.jpg.xmp"
    path.write_bytes((MARKS[codec] if marked else b"") + " \n".encode(codec))
    assert XMP.read_caption(path) is None
    XMP.write(image(text="a dog"), path)
    assert path.read_bytes() == XMP.render(image(text="a dog")).encode()


@given(st.text(), st.sampled_from(list(xmp_samples.ALL.values())), st.sampled_from(FORMS))
@settings(max_examples=60, deadline=None)
def test_another_parser_reads_any_caption_as_it_was_written(caption, sample, form):
    before = encoded(sample, *form)
    root = parsed(describe(before, caption), form[0])
    assert read(root) == _NOT_IN_XML.sub("\ufffd", caption)
    assert rest(root) == rest(parsed(before, form[0]))


def test_another_parser_reads_what_was_damaged_and_not_refused():
    chance = random.Random(1)
    samples = [sample.encode() for sample in xmp_samples.ALL.values()]
    accepted = 0
    for _ in range(2000):
        data = bytearray(chance.choice(samples))
        for _ in range(chance.randint(1, 3)):
            data[chance.randrange(len(data))] = chance.choice(b"<>/\"' =&x:\xc3")
        try:
            after = describe(bytes(data), CAPTION)
            before = etree.fromstring(bytes(data))
        except (PacketError, etree.XMLSyntaxError):  # which also refuses odd addresses of schemas
            continue
        accepted += 1
        root = etree.fromstring(after)
        assert read(root) == described(after) == CAPTION
        assert rest(root) == rest(before)
    assert accepted > 50
