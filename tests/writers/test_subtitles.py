import html
import re
from itertools import pairwise

import pytest

from captioner.writers import SIDECARS
from captioner.writers.subtitles import Cue, cues_of
from tests.writers.makers import clip, image, timed

VTT, SRT = SIDECARS["vtt"], SIDECARS["srt"]


def test_web_vtt():
    row = clip("b.gif", timed(0.2, 1.5, "a dog"), timed(1.5, 3725.0625, "a cat"), text="a pet")
    assert VTT.render(row) == (
        "WEBVTT\n\n"
        "NOTE\na pet\n\n"
        "00:00:00.000 --> 00:00:01.500\na dog\n\n"
        "00:00:01.500 --> 01:02:05.062\na cat\n"
    )


def test_sub_rip():
    row = clip("b.gif", timed(0.2, 1.5, "a dog"), timed(1.5, 360000.5, "a cat"))
    assert SRT.render(row) == (
        "1\n00:00:00,000 --> 00:00:01,500\na dog\n\n2\n00:00:01,500 --> 100:00:00,500\na cat\n"
    )


def test_equal_neighbours_are_one_cue():
    frames = [timed(0, 1, "a dog"), timed(1, 2, "a  dog\n"), timed(2, 3, "a cat")]
    frames += [timed(3, 4, "a dog")]
    assert cues_of(frames) == [
        Cue(0, 2000, "a dog"),
        Cue(2000, 3000, "a cat"),
        Cue(3000, 4000, "a dog"),
    ]


def test_no_cue_is_of_no_length_or_before_the_one_before_it():
    frames = [timed(0, 0, "a"), timed(0, 0, "b"), timed(0, 0.0004, "c"), timed(0.5, 0.4, "d")]
    cues = cues_of(frames)
    assert [cue.text for cue in cues] == ["a", "b", "c", "d"]
    assert cues[0].start == 0
    assert all(cue.start < cue.end for cue in cues)
    assert all(one.end <= other.start for one, other in pairwise(cues))


def test_a_still_clip_of_no_length_is_one_short_cue():
    assert cues_of([timed(0, 0, "a"), timed(0, 0, "a")]) == [Cue(0, 1, "a")]


AWKWARD = ["a --> b", "<b>bold</b> & more", "two\n\nparagraphs", "1\n00:00:00.000 --> 00:00:01.000"]


@pytest.mark.parametrize("text", AWKWARD)
def test_no_caption_breaks_web_vtt(text):
    lines = VTT.render(clip("b.gif", timed(0, 1, text), text=text)).splitlines()
    assert [index for index, line in enumerate(lines) if "-->" in line] == [5]
    payload = lines[6]
    assert html.unescape(payload) == " ".join(text.split())
    assert not re.search("<|&(?!amp;|lt;|gt;)", payload)
    assert len(lines) == 7


@pytest.mark.parametrize("text", AWKWARD)
def test_no_caption_breaks_sub_rip(text):
    lines = SRT.render(clip("b.gif", timed(0, 1, text), text=text)).splitlines()
    assert len(lines) == 3
    assert "-->" not in lines[2]


@pytest.mark.parametrize("sidecar", [VTT, SRT])
def test_a_still_picture_has_no_subtitles(tmp_path, sidecar):
    assert not sidecar.takes(image())
    with pytest.raises(ValueError, match=r"a\.jpg: a still picture has no subtitles"):
        sidecar.write(image(), tmp_path / "sidecar")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("sidecar", [VTT, SRT])
def test_what_the_cues_say_is_read_again(tmp_path, sidecar):
    path = tmp_path / "clip"
    assert sidecar.read_caption(path) is None
    frames = timed(0, 1, "a dog & <cat>"), timed(1, 2, "snow"), timed(2, 3, "a dog & <cat>")
    sidecar.write(clip("b.gif", *frames), path)
    assert sidecar.read_caption(path) == "a dog & <cat> snow"
    assert sidecar.is_there(path)


def test_subtitles_of_another_make_are_there(tmp_path):
    path = tmp_path / "film.vtt"
    path.write_text("WEBVTT\n\n00:01.000 --> 00:02.000 align:start\nHello\nthere\n")
    assert VTT.read_caption(path) == "Hello there"
