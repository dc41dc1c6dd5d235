"""Clips by the networks that ship: one look at each frame, its caption, and the clip's sentence."""

import numpy as np
import pytest

from captioner import load_captioner, load_clip_captioner
from captioner.describe.clip_network import FramesAndClips, NetworkClipCaptioner
from captioner.describe.fused import FusedClipCaptioner
from captioner.describe.loading import needs_summarizer
from captioner.types import EncodedClip
from tests.makers import photo, plain, save_animation, save_photo


@pytest.fixture(scope="module")
def captioner():
    return load_captioner(precision="float32")


@pytest.fixture(scope="module")
def clips(captioner):
    return load_clip_captioner(captioner)


@pytest.fixture
def gif(tmp_path):
    return save_animation(tmp_path / "clip.gif", [photo(), photo(shift=40), plain((200, 30, 30))])


def test_the_sentence_is_of_the_network_and_the_frames_keep_their_captions(captioner, clips, gif):
    assert isinstance(clips, NetworkClipCaptioner)
    assert clips.name == "clips-xception-lstm"
    said = clips.caption(gif)
    frames = clips.sample(gif).frames
    assert [frame.caption for frame in said.frames] == captioner.caption_images(
        [frame.image for frame in frames]
    )
    alone = load_clip_captioner(load_captioner("clips-xception-lstm", precision="float32"))
    assert (said.text, said.score) == (
        alone.caption(gif).text,
        pytest.approx(alone.caption(gif).score, abs=1e-4),
    )
    assert said.summarizer is None


def test_each_frame_is_looked_at_once(captioner, clips, gif, monkeypatch):
    looked = []
    look = captioner.model.look
    monkeypatch.setattr(
        captioner.model, "look", lambda images: looked.append(len(images)) or look(images)
    )
    clips.caption(gif)
    assert looked == [3]


def test_clips_together_say_what_each_says_alone(clips):
    pictures = [photo(shift=20 * number) for number in range(5)]
    codes = clips.encode_frames(pictures)
    spans = tuple((float(n), n + 1.0) for n in range(5))
    several = [EncodedClip(spans[:n], tuple(codes[:n])) for n in (3, 1, 5)]
    together = clips.caption_encoded(several)
    for clip, said in zip(several, together, strict=True):
        (alone,) = clips.caption_encoded([clip])
        assert (said.text, said.score) == (alone.text, pytest.approx(alone.score, abs=1e-4))


def test_a_clip_of_one_frame_says_what_the_picture_says(captioner, clips, tmp_path):
    path = save_photo(tmp_path / "photo.png", photo())
    assert clips.caption(path).text == captioner.caption(path).text


def test_beams_are_those_of_both_searches(captioner):
    network = captioner.searching(beams=2).whole_clips()
    assert isinstance(network, FramesAndClips)
    (frame,) = network.encode_frames([photo()])
    assert len(frame.caption.alternatives) == 1
    assert network._writer.decoding.beams == 2
    assert captioner.whole_clips()._writer.decoding.beams == 5


def test_with_streams_the_same_is_said(clips, gif):
    assert clips.with_streams().caption(gif).text == clips.caption(gif).text


def test_a_summarizer_that_is_named_is_asked(captioner, gif):
    fused = load_clip_captioner(captioner, "consensus")
    assert isinstance(fused, FusedClipCaptioner)
    assert fused.caption(gif).summarizer == "consensus"
    assert needs_summarizer(captioner, named=True)
    assert not needs_summarizer(captioner, named=False)


def test_no_frames_are_no_work(clips):
    assert clips.encode_frames([]) == []
    assert clips.caption_encoded([]) == []
    with pytest.raises(ValueError, match="uint8"):
        clips.encode_frames([np.zeros((4, 4), np.uint8)])
