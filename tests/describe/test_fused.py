import numpy as np
import pytest

from captioner.describe.fused import FusedClipCaptioner
from captioner.errors import MissingFileError
from tests.fakes import FakeCaptioner, FakeSummarizer, caption_of, save_color
from tests.makers import numbered_frames, plain, save_animation, save_video

RED, GREEN, BLUE = (250, 0, 0), (0, 250, 0), (0, 0, 250)


@pytest.fixture
def clip(tmp_path):
    """Red from 0 s to 0.1 s, green to 0.3 s, blue to 0.6 s."""
    frames = [plain(color, 16, 16) for color in (RED, GREEN, BLUE)]
    return save_animation(tmp_path / "clip.gif", frames, [100, 200, 300])


def make(**settings):
    return FusedClipCaptioner(FakeCaptioner(), FakeSummarizer(), **settings)


def test_a_clip_gets_one_sentence_and_the_captions_of_its_frames(clip):
    result = make().caption(clip)
    texts = [caption_of(color) for color in (RED, GREEN, BLUE)]
    assert result.text == " then ".join(texts)
    assert [frame.caption.text for frame in result.frames] == texts


def test_each_frame_lasts_until_the_next_and_the_last_one_to_the_end(clip):
    spans = [(frame.start, frame.end) for frame in make().caption(clip).frames]
    assert np.allclose(spans, [(0.0, 0.1), (0.1, 0.3), (0.3, 0.6)])


def test_the_frames_cover_a_sampled_clip_from_zero_to_its_end(tmp_path):
    path = save_video(tmp_path / "clip.avi", numbered_frames(40), fps=10)
    frames = make(max_frames=4).caption(path).frames
    assert len(frames) == 4
    assert frames[0].start == 0.0
    assert [frame.end for frame in frames[:-1]] == [frame.start for frame in frames[1:]]
    assert frames[-1].end == pytest.approx(4.0, abs=0.11)


def test_neighbours_with_the_same_caption_stay_apart(tmp_path):
    left, right = plain(RED, 32, 32), plain(RED, 32, 32)
    left[:8, :8], right[24:, 24:] = 255, 255  # the same mean, so the same caption
    frames = make().caption(save_animation(tmp_path / "clip.gif", [left, right])).frames
    assert len(frames) == 2
    assert frames[0].caption.text == frames[1].caption.text


def test_the_score_is_the_mean_of_the_frames(clip):
    result = make().caption(clip)
    scores = [frame.caption.score for frame in result.frames]
    assert result.score == pytest.approx(sum(scores) / 3)


def test_a_still_picture_keeps_its_caption_and_asks_no_summarizer(tmp_path):
    video = make()
    result = video.caption(save_color(tmp_path / "still.png", BLUE))
    assert result.text == caption_of(BLUE)
    assert len(result.frames) == 1
    assert video.summarizer.groups == []


def test_frames_are_captioned_in_batches_of_the_given_size(clip):
    video = make(batch_size=2)
    video.caption(clip)
    assert video.captioner.batches == [2, 1]


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(MissingFileError, match=r"none\.gif"):
        make().caption(tmp_path / "none.gif")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_frames": 0}, "max_frames is 0.*from 1 to 1000"),
        ({"batch_size": 0}, "batch_size is 0.*from 1 to 1024"),
        ({"frame_selector": "every"}, "'every'.*uniform"),
    ],
)
def test_wrong_settings_are_refused_when_it_is_made(settings, message):
    with pytest.raises(ValueError, match=message):
        make(**settings)
