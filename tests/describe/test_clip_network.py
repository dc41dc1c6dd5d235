"""Clips by the networks that ship: one look at each frame, its caption, and the clip's sentence."""

import numpy as np
import pytest

from captioner import load_captioner, load_clip_captioner
from captioner.describe.clip_network import ClipNetwork, NetworkClipCaptioner
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


def test_with_the_captioners_encoder_the_network_says_what_it_says_alone(clips, gif):
    assert isinstance(clips, NetworkClipCaptioner)
    assert clips.name == "clips-xception-lstm"
    alone = load_clip_captioner("clips-xception-lstm").caption(gif)
    said = clips.caption(gif)
    assert said.text == alone.text
    assert [frame.caption.text for frame in said.frames] == [
        frame.caption.text for frame in alone.frames
    ]
    assert len(said.frames) == 3
    assert said.summarizer is None
    assert said.attention.shape == (len(said.words), 3)
    np.testing.assert_allclose(said.attention.sum(axis=1), 1, atol=1e-3)


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


def test_a_clip_of_one_frame_has_that_frames_caption(clips, tmp_path):
    said = clips.caption(save_photo(tmp_path / "photo.png", photo()))
    (frame,) = said.frames
    assert (said.text, said.score) == (frame.caption.text, frame.caption.score)


def test_beams_are_those_of_all_searches(captioner):
    network = captioner.searching(beams=2).whole_clips()
    assert isinstance(network, ClipNetwork)
    (frame,) = network.encode_frames([photo()])
    assert len(frame.caption.alternatives) == 1
    assert network.writer.decoding.beams == 2
    again = load_captioner("clips-xception-lstm").searching(beams=2)
    assert again.writer.decoding.beams == again.frame_writer.decoding.beams == 2


def test_with_streams_the_same_is_said(clips, gif):
    assert clips.with_streams().caption(gif).text == clips.caption(gif).text


def test_what_is_prepared_ahead_is_what_the_encoder_takes(captioner, clips):
    large = np.zeros((300, 400, 3), np.uint8)
    side = captioner.model.config.encoder.image_size
    assert clips.prepare(large).shape == (side, side, 3)


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
