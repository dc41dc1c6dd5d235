"""Results as HTML: whatever a model, a file's name or a server says, it stays text."""

import re

import pytest

from captioner.batch.rows import Row
from captioner.page import markup
from captioner.types import Caption, TimedCaption
from tests.makers import photo

EVIL = '<img src=x onerror="alert(1)">&'
ESCAPED = "&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;"


def caption(text=EVIL, score=-1.234, **more):
    return Caption(text, score, (), **more)


@pytest.mark.parametrize(
    "html",
    [
        markup.sentence(EVIL),
        markup.status(EVIL, "busy"),
        markup.progress(EVIL, 1, 2),
        markup.beams(caption(alternatives=(caption(),))),
        markup.table([Row("a", EVIL, "image", EVIL, -1.0)], lambda _: EVIL),
        markup.table([Row("a", EVIL, None, error=EVIL)], lambda _: EVIL),
        markup.timeline([TimedCaption(0, 1, caption())], [""], 1, lambda _: EVIL),
        markup.sureness(EVIL),
        markup.small_print(EVIL),
    ],
)
def test_every_text_is_escaped(html):
    assert ESCAPED in html
    assert "<img src=x" not in html


def test_other_captions_are_in_order():
    others = caption("a", alternatives=(caption("b"), caption("c")))
    assert markup.beams(others) == '<ol class="others"><li>b</li><li>c</li></ol>'
    assert markup.beams(caption("a")) == ""


def test_where_nothing_is_known_nothing_is_said():
    assert markup.sureness("") == ""
    assert "<td></td></tr>" in markup.table([Row("a", "a", "image", "b", -1.0)], nothing)
    sure = markup.table([Row("a", "a", kind, "b", -1.0) for kind in ("video", "image")], sure_of)
    assert sure.count("fairly sure") == 1  # what scores of clips mean was not measured


def nothing(_):
    return ""


def sure_of(_):
    return "fairly sure"


def test_the_bar_fills():
    assert '<progress max="8" value="3"' in markup.progress("3 of 8", 3, 8)


def test_a_moment_of_the_timeline_lies_where_it_is_in_the_clip():
    frames = [TimedCaption(0, 2.5, caption("a")), TimedCaption(2.5, 10, caption("b"))]
    html = markup.timeline(frames, ["x", "y"], 10, nothing)
    assert html.count("<li") == 2
    assert "left:0.0%;width:25.0%" in html
    assert "left:25.0%;width:75.0%" in html


def test_neighbours_with_the_same_caption_are_one_moment():
    texts, times = "aabba", [0, 1, 2, 3, 4, 5]
    frames = [
        TimedCaption(start, end, caption(text, -float(start)))
        for text, start, end in zip(texts, times, times[1:], strict=False)
    ]
    html = markup.timeline(frames, list("vwxyz"), 5, str)
    assert re.findall(r'data-start="(.*?)".*?src="(.*?)"', html) == [
        ("0.000", "v"),
        ("2.000", "x"),
        ("4.000", "z"),
    ]
    assert re.findall("when.>(.*?)<", html) == [
        "0:00.0 to 0:02.0",
        "0:02.0 to 0:04.0",
        "0:04.0 to 0:05.0",
    ]
    assert re.findall("sure.>(.*?)<", html) == ["-0.5", "-2.5", "-4.0"]


def test_a_clip_without_length_has_a_timeline_too():
    assert "left:0.0%;width:100.0%" in markup.timeline(
        [TimedCaption(0, 0, caption())], [""], 0, nothing
    )


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0:00.0"), (7.44, "0:07.4"), (59.96, "1:00.0"), (61, "1:01.0"), (3600, "60:00.0")],
)
def test_times_are_as_people_read_them(seconds, said):
    assert markup.clock(seconds) == said


def test_a_thumbnail_is_small():
    picture = markup.thumbnail(photo(2000, 1000))
    assert picture.startswith("data:image/jpeg;base64,")
    assert len(picture) < 15_000
