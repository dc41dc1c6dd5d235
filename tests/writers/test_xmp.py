import codecs
import random
import xml.etree.ElementTree as ET
from itertools import takewhile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captioner.writers import SIDECARS, OutputFileError
from captioner.writers.xmp import _NOT_IN_XML, describe, described
from captioner.writers.xmp_packet import DC, RDF, PacketError
from tests.writers import xmp_samples
from tests.writers.makers import failure, image

XMP = SIDECARS["xmp"]
CAPTION = 'a dog & <b>"cat"</b> in 雪'


def without_description(data):
    """The meaning of all the rest, in canonical form."""
    root = ET.fromstring(data)
    for parent in list(root.iter()):
        parent.attrib.pop(f"{{{DC}}}description", None)
        for child in parent.findall(f"{{{DC}}}description"):
            parent.remove(child)
    for parent in list(root.iter()):
        for child in parent.findall(f"{{{RDF}}}Description"):
            if len(child) == 0 and set(child.attrib) <= {f"{{{RDF}}}about"}:
                parent.remove(child)
    return ET.canonicalize(ET.tostring(root), strip_text=True)


def removed(before, after):
    """What of ``before`` is no longer there, where one piece was replaced by another."""
    start = common_length(before, after)
    end = common_length(before[start:][::-1], after[start:][::-1])
    return before[start : len(before) - end]


def common_length(left, right):
    return sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False))
    )


def test_a_new_file_is_the_caption_in_the_default_language():
    text = XMP.render(image(text=CAPTION))
    root = ET.fromstring(text.encode())
    (item,) = root.iter(f"{{{RDF}}}li")
    assert item.text == CAPTION
    assert item.attrib == {"{http://www.w3.org/XML/1998/namespace}lang": "x-default"}
    path = f"{{{RDF}}}RDF/{{{RDF}}}Description/{{{DC}}}description/{{{RDF}}}Alt/{{{RDF}}}li"
    assert root.find(path) is item
    assert described(text.encode()) == CAPTION


@pytest.mark.parametrize("name", xmp_samples.ALL)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_only_the_description_changes(name, newline):
    before = xmp_samples.ALL[name].replace("\n", newline).encode()
    after = describe(before, CAPTION)
    assert described(after) == CAPTION
    assert without_description(after) == without_description(before)
    assert after.count(b"\n") == after.count(newline.encode())
    again = describe(after, "other words")
    assert again == after.replace(CAPTION_IN_XML, b"other words")


CAPTION_IN_XML = 'a dog &amp; &lt;b&gt;"cat"&lt;/b&gt; in 雪'.encode()


@pytest.mark.parametrize("name", ["darktable", "lightroom", "exiftool", "exiftool-compact"])
def test_a_new_description_is_put_in_and_nothing_is_taken_out(name):
    before = xmp_samples.ALL[name].encode()
    assert removed(before, describe(before, CAPTION)) == b""


def test_other_languages_and_the_packet_stay():
    before = xmp_samples.DIGIKAM.encode()
    assert describe(before, CAPTION) == before.replace(b"old &lt;words&gt;", CAPTION_IN_XML, 1)
    french = xmp_samples.FRENCH_ONLY.encode()
    item = b'<rdf:li xml:lang="x-default">a dog</rdf:li>\n    <rdf:li xml:lang="fr">'
    assert describe(french, "a dog") == french.replace(b'<rdf:li xml:lang="fr">', item)


def test_a_new_description_is_indented_like_its_neighbours():
    lines = describe(xmp_samples.LIGHTROOM.encode(), "a dog").decode().splitlines()
    start = lines.index("   <dc:description>")
    assert lines[start : start + 6] == [
        "   <dc:description>",
        "    <rdf:Alt>",
        '     <rdf:li xml:lang="x-default">a dog</rdf:li>',
        "    </rdf:Alt>",
        "   </dc:description>",
        "   <dc:subject>",
    ]


def test_a_value_that_looks_like_the_attribute_is_none():
    text = xmp_samples.ATTRIBUTE.replace('dc:source="x"', """dc:a=' dc:description="kept"' """)
    text = text.replace("dc:format", "dc:b").replace("image/jpeg", " dc:description='kept' ")
    after = describe(text.encode(), "a dog").decode()
    assert """dc:a=' dc:description="kept"' """ in after
    assert """dc:b=" dc:description='kept' \"""" in after
    assert "old" not in after


@pytest.mark.parametrize("name", xmp_samples.ALL)
def test_the_caption_that_is_there_is_read(tmp_path, name):
    path = tmp_path / "photo.jpg.xmp"
    path.write_text(xmp_samples.ALL[name], encoding="utf-8")
    _, caption = xmp_samples.WITH_CAPTION.get(name, (None, None))
    assert XMP.read_caption(path) == caption
    assert XMP.is_there(path) is (caption is not None)


def test_names_of_the_two_forms():
    assert XMP.path_for("a/photo.jpg").as_posix() == "a/photo.jpg.xmp"
    assert SIDECARS["xmp-stem"].path_for("a/photo.jpg").as_posix() == "a/photo.xmp"


def test_a_file_is_made_and_then_merged_into(tmp_path):
    path = tmp_path / "photo.jpg.xmp"
    assert XMP.read_caption(path) is None
    XMP.write(image(text="a dog"), path)
    assert path.read_text(encoding="utf-8") == XMP.render(image(text="a dog"))
    path.write_text(xmp_samples.DARKTABLE, encoding="utf-8")
    XMP.write(image(text="a cat"), path)
    assert path.read_bytes() == describe(xmp_samples.DARKTABLE.encode(), "a cat")
    assert list(tmp_path.iterdir()) == [path]


def test_an_empty_file_is_as_none(tmp_path):
    path = tmp_path / "photo.jpg.xmp"
    path.write_text("\n")
    assert XMP.read_caption(path) is None
    XMP.write(image(text="a dog"), path)
    assert XMP.read_caption(path) == "a dog"


def test_a_row_without_a_caption_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="no caption"):
        XMP.write(failure(), tmp_path / "photo.jpg.xmp")
    assert list(tmp_path.iterdir()) == []


RDF_START = f'<rdf:RDF xmlns:rdf="{RDF}">'
DECLARED = '<?xml version="1.0" encoding="{}"?>' + RDF_START + "</rdf:RDF>"
LAUGHS = f"""<!DOCTYPE x [<!ENTITY a "{"ha" * 50}"><!ENTITY b "{"&a;" * 50}">]>
{RDF_START}<rdf:Description>&b;</rdf:Description></rdf:RDF>"""
FETCH = f"""<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>
{RDF_START}<rdf:Description>&a;</rdf:Description></rdf:RDF>"""
TWICE = xmp_samples.PLAIN_TEXT.replace(
    "</rdf:Description>", "<dc:description>b</dc:description></rdf:Description>"
)
REFUSED = {
    "cut short": (xmp_samples.LIGHTROOM[:700], "not well-formed XML"),
    "no XML": ("precious", "not well-formed XML"),
    "no RDF": ("<html><body/></html>", "no rdf:RDF"),
    "entities": (LAUGHS, "DOCTYPE"),
    "a file fetched": (FETCH, "DOCTYPE"),
    "an unknown entity": (RDF_START + "&a;</rdf:RDF>", "not well-formed XML"),
    "two descriptions": (TWICE, "more than once"),
    "UTF-16 that says UTF-8": (xmp_samples.DARKTABLE.encode("utf-16"), "is in UTF-16, and says"),
    "UTF-8 that says UTF-16": (DECLARED.format("UTF-16"), "is in UTF-8, and says"),
    "UTF-16 that says another order": (
        codecs.BOM_UTF16_LE + DECLARED.format("UTF-16BE").encode("utf-16-le"),
        "is in UTF-16, and says",
    ),
    "US-ASCII that is more": (DECLARED.format("US-ASCII") + "<!-- é -->", "not in US-ASCII"),
    "UTF-8 that is not": (xmp_samples.DARKTABLE.encode() + b"<!-- \xff -->", "not in UTF-8"),
    "UTF-16 cut short": (xmp_samples.SHORT.encode("utf-16")[:-1], "not in UTF-16"),
    "no encoding": (DECLARED.format("utf-99"), "is in UTF-8, and says that it is in utf-99"),
    "Latin-1": (DECLARED.format("iso-8859-1"), "iso"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_damaged_is_named_and_left_as_it_is(tmp_path, name):
    content, reason = REFUSED[name]
    content = content if isinstance(content, bytes) else content.encode()
    path = tmp_path / "photo.jpg.xmp"
    path.write_bytes(content)
    with pytest.raises(OutputFileError, match=reason) as caught:
        XMP.write(image(), path)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == content
    assert not XMP.is_there(path) or name == "two descriptions"
    assert list(tmp_path.iterdir()) == [path]


@given(st.text(), st.sampled_from(list(xmp_samples.ALL.values())))
@settings(max_examples=60, deadline=None)
def test_any_caption_can_be_written_and_the_rest_stays(caption, sample):
    before = sample.encode()
    after = describe(before, caption)
    assert without_description(after) == without_description(before)
    clean = _NOT_IN_XML.sub("\ufffd", caption)
    assert (described(after) or "") == clean.strip()


def test_damage_is_a_packet_error_and_nothing_else():
    chance = random.Random(0)
    samples = [sample.encode() for sample in xmp_samples.ALL.values()]
    for _ in range(2000):
        data = bytearray(chance.choice(samples))
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.choice(b"<>/\"' =&x\x00\xff")
        try:
            after = describe(bytes(data), "a dog")
        except PacketError:
            continue
        assert described(after) == "a dog"
