import os
import shutil

import numpy as np
import pytest

from captioner.errors import MediaError
from captioner.media.detect import media_kind
from captioner.media.frames import read_frames
from captioner.page import preview
from captioner.page.preview import RATE, playable, write_video
from tests.makers import (
    frame_number,
    numbered_frame,
    numbered_frames,
    plain,
    save_animation,
    save_video,
    truncate,
)

BLACK, WHITE = plain((0, 0, 0)), plain((255, 255, 255))


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "made"
    made.mkdir()
    return made


def shown(path, folder):
    result = playable(path, media_kind(path), folder)
    return result, list(read_frames(result))


@pytest.mark.parametrize("name", ["clip.avi", "clip.mkv", "clip.mp4", "clip.gif", "clip.webp"])
def test_what_no_browser_plays_becomes_webm(name, folder, tmp_path):
    # The MP4 is MPEG-4 part 2, which browsers do not decode.
    frames = numbered_frames(20)
    path = tmp_path / name
    if path.suffix in (".gif", ".webp"):
        save_animation(path, frames, 100)
    else:
        save_video(path, frames, fps=10)
    result, copied = shown(path, folder)
    assert result == folder / "clip.webm"
    assert result.read_bytes().startswith(b"\x1aE\xdf\xa3")
    assert [frame_number(frame.image) for frame in copied] == list(range(20))


def test_what_a_browser_plays_stays_as_it_is(folder, tmp_path):
    path = save_video(tmp_path / "clip.webm", numbered_frames(5))
    assert shown(path, folder)[0] == path
    assert list(folder.iterdir()) == []


def test_a_name_that_lies_about_the_container_is_not_believed(folder, tmp_path):
    avi = save_video(tmp_path / "clip.avi", numbered_frames(5))
    path = shutil.copy(avi, tmp_path / "clip.mp4")
    assert shown(path, folder)[0].suffix == ".webm"


def test_uneven_delays_are_kept(folder, tmp_path):
    path = save_animation(tmp_path / "a.gif", [BLACK, WHITE, BLACK], [300, 900, 300])
    _, frames = shown(path, folder)
    light = [frame.image.mean() > 127 for frame in frames]
    assert light == [False] * 3 + [True] * 9 + [False] * 9  # the last as long as the one before


def test_a_fast_clip_loses_frames_and_not_time(folder, tmp_path):
    path = save_video(tmp_path / "a.avi", numbered_frames(60), fps=30)
    _, frames = shown(path, folder)
    assert len(frames) == pytest.approx(2 * RATE, abs=1)
    assert frame_number(frames[10].image) == pytest.approx(30, abs=3)


def test_a_long_clip_is_shown_in_part(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(preview, "SECONDS", 1.0)
    path = save_animation(tmp_path / "a.gif", numbered_frames(50), 100)
    _, frames = shown(path, folder)
    assert len(frames) == 10


def test_the_copy_is_small_and_its_sides_are_even(folder, tmp_path):
    frames = [np.full((501, 1001, 3), value, np.uint8) for value in (0, 255)]
    path = save_animation(tmp_path / "a.gif", frames)
    _, copied = shown(path, folder)
    height, width = copied[0].image.shape[:2]
    assert (width, height) == (360, 180)


def test_frames_that_change_size_get_the_size_of_the_first(tmp_path):
    path = tmp_path / "a.webm"
    write_video(path, iter([BLACK, plain((255, 255, 255), 20, 20)]))
    assert {frame.image.shape for frame in read_frames(path)} == {BLACK.shape}


def test_a_file_that_cannot_be_written_is_an_error(tmp_path):
    with pytest.raises(OSError, match="cannot write"):
        write_video(tmp_path / "missing" / "a.webm", iter([numbered_frame(1)]))


def test_a_damaged_clip_is_a_media_error(folder, tmp_path):
    path = truncate(save_video(tmp_path / "a.mp4", numbered_frames(20)), 0.3)
    with pytest.raises(MediaError):
        playable(path, "video", folder)


def test_nothing_is_said_on_the_way_and_standard_error_is_still_there(tmp_path, capfd):
    write_video(tmp_path / "a.webm", iter([BLACK, WHITE]))
    os.write(2, b"later")
    assert capfd.readouterr().err == "later"
