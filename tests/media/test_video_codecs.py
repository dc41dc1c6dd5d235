"""Codecs beside those of OpenCV's writer; PyAV writes them."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from captioner.errors import CodecMissingError, TooLargeError, TruncatedFileError
from captioner.media import videos
from captioner.media.budget import Budget
from captioner.media.frames import expected_duration, read_frames, sample_frames
from captioner.media.videos import VideoSource
from tests.codecs import CODECS, INTERLACED, interlaced, write, written
from tests.makers import corners, numbered_frames, truncate, turn_mp4
from tests.media.captures import keep_pictures
from tests.media.test_videos import numbers


@pytest.mark.parametrize("name", CODECS)
def test_frames_and_times(tmp_path, name):
    path = written(tmp_path, name)
    frames = list(read_frames(path))
    assert numbers(frames) == list(range(30))
    times = [frame.time for frame in frames]
    assert times == pytest.approx([index / 25 for index in range(30)], abs=0.002)
    assert sample_frames(path).duration == pytest.approx(30 / 25, abs=0.05)


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "libx264"), ("a.mkv", "libsvtav1")])
def test_variable_rate(tmp_path, name, codec):
    times = [0, 40, 80, 500, 540, 1500, 1540, 1600]
    path = write(tmp_path / name, numbered_frames(8), times, codec=codec)
    frames = list(read_frames(path))
    assert numbers(frames) == list(range(8))
    assert [frame.time * 1000 for frame in frames] == pytest.approx(times, abs=2)


# AV1, which OpenCV cannot decode


@pytest.mark.parametrize("name", ["av1.mp4", "av1.webm"])
def test_av1_without_its_package(tmp_path, monkeypatch, name):
    path = written(tmp_path, name, 5)
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(CodecMissingError, match=r"captionloom\[av1\]"):
        sample_frames(path)


def test_av1_colours_and_scale(tmp_path):
    path = write(tmp_path / "a.mp4", [corners(96, 64)] * 3, codec="libsvtav1")
    image = next(read_frames(path, max_side=48)).image.astype(int)
    assert image.shape == (32, 48, 3)
    assert np.abs(image[4, 4] - [255, 0, 0]).max() < 25
    assert np.abs(image[-4, 4] - [0, 0, 255]).max() < 25


@pytest.mark.parametrize("codec", ["libsvtav1", "libx264"])
@pytest.mark.parametrize(("degrees", "expected"), [(90, "BR WG"), (180, "WB GR"), (270, "GW RB")])
def test_rotation(tmp_path, codec, degrees, expected):
    path = turn_mp4(write(tmp_path / "a.mp4", [corners(96, 64)] * 3, codec=codec), degrees)
    image = next(read_frames(path)).image
    assert image.shape == ((64, 96, 3) if degrees == 180 else (96, 64, 3))
    letters = {(1, 0, 0): "R", (0, 1, 0): "G", (0, 0, 1): "B", (1, 1, 1): "W"}
    rows = [
        "".join(letters[tuple(int(v > 127) for v in image[y, x])] for x in (8, -8)) for y in (8, -8)
    ]
    assert " ".join(rows) == expected


def test_av1_limit_of_pixels(tmp_path):
    with pytest.raises(TooLargeError):
        sample_frames(written(tmp_path, "av1.mp4", 3), max_pixels=160 * 96 - 1)


def test_av1_cut_short(tmp_path):
    with pytest.raises(TruncatedFileError):
        sample_frames(truncate(written(tmp_path, "av1.mp4"), 0.5))
    clip = sample_frames(truncate(written(tmp_path, "av1.webm", 60), 0.6))
    assert 0 < clip.duration < 2.4


@pytest.mark.parametrize("name", ["av1.mp4", "av1.webm", "av1-10-bit.mkv"])
def test_long_av1_is_not_read_through(tmp_path, monkeypatch, name):
    monkeypatch.setattr(videos, "_FRAMES_A_JUMP", 10)
    monkeypatch.setattr(videos, "_clock", lambda: 0.0)
    monkeypatch.setattr(VideoSource, "lazy_frames", lambda _: pytest.fail("read it through"))
    path = written(tmp_path, name, 200)
    clip = sample_frames(path)
    assert expected_duration(path) == pytest.approx(8.0, abs=0.05)
    ideal = np.array([200 * (index + 0.5) / 16 for index in range(16)])
    assert np.abs(numbers(clip.frames) - ideal).max() <= 1
    assert [frame.time for frame in clip.frames] == pytest.approx(
        [number / 25 for number in numbers(clip.frames)], abs=0.002
    )


# Interlaced, which OpenCV does not convert


@pytest.mark.parametrize("name", INTERLACED)
def test_interlaced(tmp_path, name):
    path = interlaced(tmp_path, name)
    assert numbers(read_frames(path)) == list(range(30))
    assert len(sample_frames(path).frames) == 16


@pytest.mark.parametrize("name", ["mpeg2.mpg", "h264.mp4"])
def test_interlaced_without_its_package(tmp_path, monkeypatch, name):
    path = interlaced(tmp_path, name, 5)
    monkeypatch.setitem(sys.modules, "av", None)
    for read in (sample_frames, expected_duration, lambda path: next(read_frames(path))):
        with pytest.raises(CodecMissingError, match=r"interlaced.*captionloom\[av1\]"):
            read(path)


@pytest.mark.parametrize("installed", [True, False])
@pytest.mark.parametrize("count", [1, 5])
def test_a_video_that_stands_still_is_not_taken_for_interlaced(
    tmp_path, monkeypatch, count, installed
):
    path = write(tmp_path / "a.mp4", [corners(96, 64)] * count, codec="libx264")
    if not installed:
        monkeypatch.setitem(sys.modules, "av", None)
    (frame,) = sample_frames(path).frames
    assert np.abs(frame.image[4, 4].astype(int) - [255, 0, 0]).max() < 25


def test_a_frame_that_is_interlaced_shows_the_one_before(tmp_path, monkeypatch):
    path = write(tmp_path / "a.mp4", numbered_frames(40, first=100), codec="libx264")
    keep_pictures(monkeypatch, good=1)
    assert set(numbers(sample_frames(path).frames)) == {100}
    monkeypatch.setattr(videos, "_FRAMES_A_JUMP", 1)
    monkeypatch.setattr(videos, "_clock", lambda: 0.0)
    assert set(numbers(VideoSource(path, 10**6, None, Budget(path)).jump([0.8, 1.2], 1))) == {100}


# Few full pictures


def test_video_with_one_full_picture(tmp_path, monkeypatch):
    monkeypatch.setattr(videos, "_FRAMES_A_JUMP", 10)
    options = {"x264-params": "keyint=infinite:scenecut=0"}
    path = write(tmp_path / "a.mp4", numbered_frames(200), codec="libx264", options=options)
    clip = sample_frames(path)
    ideal = np.array([200 * (index + 0.5) / 16 for index in range(16)])
    assert np.abs(numbers(clip.frames) - ideal).max() <= 1


@pytest.mark.skipif(not hasattr(os, "sched_getscheduler"), reason="of Linux")
def test_making_av1_for_tests_leaves_the_process_at_its_ordinary_priority(tmp_path):
    write(tmp_path / "a.mp4", [corners(96, 64)] * 3, codec="libsvtav1")
    threads = [int(thread.name) for thread in Path("/proc/self/task").iterdir()]
    assert {os.sched_getscheduler(number) for number in threads} == {os.SCHED_OTHER}
