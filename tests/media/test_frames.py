import gc
import tracemalloc

import pytest

from captioner.errors import (
    EmptyFileError,
    MissingFileError,
    UnreadableFileError,
    UnsupportedFileError,
)
from captioner.media import frames as frames_module
from captioner.media.frames import SELECTORS, Clip, read_frames, sample_frames
from tests.makers import (
    frame_number,
    numbered_frame,
    numbered_frames,
    save_animation,
    save_video,
)

READERS = [sample_frames, read_frames]


@pytest.mark.parametrize("read", READERS)
def test_missing(tmp_path, read):
    with pytest.raises(MissingFileError):
        read(tmp_path / "none.mp4")


@pytest.mark.parametrize("read", READERS)
def test_empty(tmp_path, read):
    (tmp_path / "a.mp4").touch()
    with pytest.raises(EmptyFileError):
        read(tmp_path / "a.mp4")


@pytest.mark.parametrize("read", READERS)
def test_folder(tmp_path, read):
    with pytest.raises(UnreadableFileError):
        read(tmp_path)


@pytest.mark.parametrize("read", READERS)
def test_text(tmp_path, read):
    (tmp_path / "a.gif").write_text("hello")
    with pytest.raises(UnsupportedFileError):
        read(tmp_path / "a.gif")


def test_unknown_selector_lists_the_known(tmp_path):
    with pytest.raises(ValueError, match=r"unknown selector 'best'.*uniform"):
        sample_frames(tmp_path / "a.mp4", selector="best")


def test_uniform_is_known():
    assert "uniform" in SELECTORS


@pytest.mark.parametrize("count", [0, -1])
def test_max_frames_below_one(tmp_path, count):
    with pytest.raises(ValueError, match="max_frames"):
        sample_frames(tmp_path / "a.mp4", max_frames=count)


@pytest.mark.parametrize("read", READERS)
def test_max_side_below_one(tmp_path, read):
    with pytest.raises(ValueError, match="max_side"):
        read(tmp_path / "a.mp4", max_side=0)


def test_another_selector_can_be_added(tmp_path, monkeypatch):
    def first(source, count):
        lazy_frames = source.lazy_frames()
        return Clip((next(lazy_frames).frame(),), 1.0)

    monkeypatch.setattr(frames_module, "SELECTORS", {"first": first})
    path = save_video(tmp_path / "a.mp4", numbered_frames(9))
    clip = sample_frames(path, selector="first")
    assert [frame_number(frame.image) for frame in clip.frames] == [0]


def test_frames_that_look_alike_are_merged(tmp_path):
    shown = [numbered_frame(number) for number in (1, 1, 1, 1, 2, 2, 2, 2)]
    clip = sample_frames(save_video(tmp_path / "a.mp4", shown, fps=4), max_frames=8)
    assert [frame_number(frame.image) for frame in clip.frames] == [1, 2]
    assert [frame.time for frame in clip.frames] == pytest.approx([0.0, 1.0])
    assert clip.duration == pytest.approx(2.0)


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".avi"])
def test_clip_of_one_scene_gives_one_frame(tmp_path, suffix):
    path = save_video(tmp_path / f"a{suffix}", [numbered_frame(3)] * 40)
    assert len(sample_frames(path).frames) == 1


def peak_memory(read):
    gc.collect()
    tracemalloc.start()
    read()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


@pytest.mark.parametrize("suffix", [".avi", ".mp4"])
def test_memory_does_not_grow_with_the_length(tmp_path, suffix):
    short = save_video(tmp_path / f"short{suffix}", numbered_frames(40, 320, 192))
    long = save_video(tmp_path / f"long{suffix}", numbered_frames(1000, 320, 192))
    sample_frames(short)  # imports
    frame = 320 * 192 * 3
    few, many = peak_memory(lambda: sample_frames(short)), peak_memory(lambda: sample_frames(long))
    assert few > 16 * frame  # the frames do count
    assert many < few + 2 * frame
    assert many < 24 * frame


def test_memory_of_small_copies_is_small(tmp_path):
    path = save_video(tmp_path / "a.avi", numbered_frames(60, 640, 384))
    sample_frames(path)
    full = 640 * 384 * 3
    assert peak_memory(lambda: sample_frames(path, max_side=64)) < 4 * full


def test_reading_all_frames_holds_one(tmp_path):
    path = save_video(tmp_path / "a.avi", numbered_frames(200, 320, 192))
    frame = 320 * 192 * 3

    def read():
        for _ in read_frames(path):
            pass

    read()
    assert peak_memory(read) < 5 * frame


def test_stopping_early_closes_the_file(tmp_path):
    path = save_animation(tmp_path / "a.gif", numbered_frames(5))
    frames = read_frames(path)
    next(frames)
    frames.close()
    path.unlink()
    assert list(frames) == []
