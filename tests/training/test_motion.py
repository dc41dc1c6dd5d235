"""Photos set in motion."""

from pathlib import Path

import numpy as np
import pytest

from tests.makers import photo, save_flickr8k
from training.clips.layouts import load_clips
from training.clips.motion import MOTIONS, main, moving


@pytest.mark.parametrize("motion", sorted(MOTIONS))
def test_a_crop_moves_inside_the_photo(motion: str) -> None:
    for seed in range(20):
        boxes = MOTIONS[motion](np.random.default_rng(seed), 5)
        assert len(boxes) == 5
        assert len(set(boxes)) == 5
        for left, top, right, bottom in boxes:
            assert -1e-9 <= left < right <= 1 + 1e-9
            assert -1e-9 <= top < bottom <= 1 + 1e-9


def test_frames_are_squares_that_differ() -> None:
    frames = moving(photo(), "pan", 4, 32, np.random.default_rng(0))
    assert {frame.shape for frame in frames} == {(32, 32, 3)}
    assert (frames[0] != frames[-1]).any()


def test_a_folder_of_photos_becomes_clips(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    colours = {"red": (200, 30, 30), "blue": (40, 60, 210)}
    captions = ["a {} wall", "the wall is {}"]
    photos = save_flickr8k(tmp_path / "photos", colours, captions, train=3, dev=1)
    words = ["--photos", photos, "--output", tmp_path / "moving", "--side", 32, "--cuts", 1]
    assert main(list(map(str, words))) == 0
    assert "the camera's motion" in capsys.readouterr().out
    for item in load_clips(tmp_path / "moving", "train"):
        assert len(item.frames) == 4
        assert len(item.captions) > 1
