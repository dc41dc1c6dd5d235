"""The frames of a clip that a text is about."""

import numpy as np
import pytest

from captioner.search.clip_cut import ClipCutCaptioner, embed_frames, frames_about
from tests.fakes import FakeCaptioner, FakeSummarizer
from tests.makers import plain, save_video
from tests.search.retrievers import COLOURS, ColourRetriever


def test_the_group_that_the_text_is_about_is_kept():
    retriever = ColourRetriever()
    colours = ["red"] * 3 + ["blue"] * 3 + ["green"] * 3
    frames = embed_frames(retriever, [plain(COLOURS[name], 16, 16) for name in colours])
    for colour, first in (("red", 0), ("blue", 3), ("green", 6)):
        text = retriever.embed_texts([colour])[0]
        assert frames_about(text, frames) == [first, first + 1, first + 2]


def test_groups_come_in_order_of_time_and_the_last_may_be_short():
    frames = np.array([[1, 0], [1, 0], [0, 1], [0, 1], [1, 0.1]], float)
    assert frames_about(np.array([1, 0]), frames, share=2 / 3, group=2) == [0, 1, 4]
    assert frames_about(np.array([1, 0]), frames, share=1.0, group=2) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("count", range(1, 40))
def test_as_few_as_one_in_three_are_kept(count):
    random = np.random.default_rng(count)
    kept = frames_about(random.normal(size=4), random.normal(size=(count, 4)))
    assert kept == sorted(set(kept))
    groups = -(-count // 3)
    assert 1 <= len(kept) <= 3 * -(-groups // 3)


def test_length_of_vectors_says_nothing():
    random = np.random.default_rng(0)
    frames, text = random.normal(size=(12, 5)), random.normal(size=5)
    scaled = frames * random.uniform(0.1, 10, size=(12, 1))
    assert frames_about(text, frames) == frames_about(7 * text, scaled)


@pytest.mark.parametrize(
    ("share", "group", "count"), [(0, 3, 2), (1.1, 3, 2), (0.5, 0, 2), (1, 1, 0)]
)
def test_what_cannot_be_is_refused(share, group, count):
    with pytest.raises(ValueError, match="give"):
        frames_about(np.ones(2), np.ones((count, 2)), share, group)


def save_colours(path, *names):
    frames = [plain(COLOURS[name], 64, 64) for name in names for _ in range(12)]
    return save_video(path, frames, fps=12)


def test_a_clip_is_captioned_by_the_frames_that_the_text_is_about(tmp_path):
    from captioner.describe.fused import FusedClipCaptioner

    clip = save_colours(tmp_path / "clip.mp4", "red", "green", "blue", "white", "black", "yellow")
    fused = FusedClipCaptioner(FakeCaptioner(), FakeSummarizer(), max_frames=4)
    cut = ClipCutCaptioner(fused, ColourRetriever(), "blue")
    times = [frame.time for frame in cut.sample(clip).frames]
    assert len(times) <= 3  # of six frames that differ, as neighbours that look alike are one
    assert any(1.9 <= time <= 2.9 for time in times)
    assert cut.caption(clip).text
    own = ClipCutCaptioner(fused, ColourRetriever())  # of what its first caption is about
    assert 1 <= len(own.sample(clip).frames) <= 6
    assert own.with_streams().name == fused.name
