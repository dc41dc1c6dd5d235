import os
import subprocess
import sys

import numpy as np
import pytest

from captioner.media import videos
from captioner.media.errors import (
    CodecMissingError,
    NoFramesError,
    TooLargeError,
    TruncatedFileError,
    UnsupportedFileError,
)
from captioner.media.frames import read_frames, sample_frames
from captioner.media.videos import VideoSource
from tests.makers import (
    corners,
    frame_number,
    numbered_frame,
    numbered_frames,
    save_animation,
    save_photo,
    save_video,
    truncate,
    turn_mp4,
)

CONTAINERS = [".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".ts", ".wmv", ".flv"]


def numbers(frames):
    return [frame_number(frame.image) for frame in frames]


@pytest.mark.parametrize("suffix", CONTAINERS)
def test_every_frame_comes_in_order(tmp_path, suffix):
    path = save_video(tmp_path / f"a{suffix}", numbered_frames(30), fps=25)
    assert numbers(read_frames(path)) == list(range(30))


@pytest.mark.parametrize("suffix", CONTAINERS)
def test_times(tmp_path, suffix):
    path = save_video(tmp_path / f"a{suffix}", numbered_frames(30), fps=25)
    times = [frame.time for frame in read_frames(path)]
    assert times == pytest.approx([index / 25 for index in range(30)], abs=0.002)


def test_wrong_count_and_a_time_that_falls_back(tmp_path):
    # FFmpeg writes no time for the last frame of such a file and its header gives no count.
    path = save_video(tmp_path / "a.mpg", numbered_frames(30), fps=25)
    frames = list(read_frames(path))
    assert numbers(frames) == list(range(30))
    times = [frame.time for frame in frames]
    assert times == pytest.approx([index / 25 for index in range(30)], abs=0.002)
    assert sample_frames(path).duration == pytest.approx(30 / 25, abs=0.002)


def test_colours_are_red_green_blue(tmp_path):
    path = save_video(tmp_path / "a.mp4", [corners(96, 64)] * 3)
    image = next(read_frames(path)).image.astype(int)
    assert np.abs(image[8, 8] - [255, 0, 0]).max() < 20
    assert np.abs(image[-8, 8] - [0, 0, 255]).max() < 20


@pytest.mark.parametrize(
    ("degrees", "expected"),
    [(0, "RG BW"), (90, "BR WG"), (180, "WB GR"), (270, "GW RB")],
)
def test_rotation_in_the_header(tmp_path, degrees, expected):
    path = turn_mp4(save_video(tmp_path / "a.mp4", [corners(96, 64)] * 3), degrees)
    image = next(read_frames(path)).image
    assert image.shape == ((64, 96, 3) if degrees % 180 == 0 else (96, 64, 3))
    letters = {(1, 0, 0): "R", (0, 1, 0): "G", (0, 0, 1): "B", (1, 1, 1): "W"}
    rows = [
        "".join(letters[tuple(int(v > 127) for v in image[y, x])] for x in (8, -8)) for y in (8, -8)
    ]
    assert " ".join(rows) == expected


def test_max_side(tmp_path):
    path = save_video(tmp_path / "a.mp4", numbered_frames(3))
    frames = list(read_frames(path, max_side=80))
    assert {frame.image.shape for frame in frames} == {(48, 80, 3)}
    assert numbers(frames) == [0, 1, 2]


def test_one_frame(tmp_path):
    clip = sample_frames(save_video(tmp_path / "a.mp4", numbered_frames(1, first=5), fps=10))
    assert numbers(clip.frames) == [5]
    assert clip.duration == pytest.approx(0.1)


@pytest.mark.parametrize("name", ["b.gif", "b.jpg", "b", "b.txt"])
def test_content_decides_and_not_the_suffix(tmp_path, name):
    path = save_video(tmp_path / "a.mp4", numbered_frames(4)).rename(tmp_path / name)
    assert numbers(sample_frames(path).frames) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "name", ["with space.mp4", "new\nline.mp4", "日本語 é.mp4", "%03d.jpg", "http:a.mp4", "-i.mp4"]
)
def test_names(tmp_path, name):
    path = save_video(tmp_path / "a.mp4", numbered_frames(4)).rename(tmp_path / name)
    assert numbers(sample_frames(path).frames) == [0, 1, 2, 3]


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode there")
def test_name_that_is_not_unicode(tmp_path):
    path = save_video(tmp_path / "a.mp4", numbered_frames(4))
    path = path.rename(tmp_path / os.fsdecode(b"bad\xff.mp4"))
    assert numbers(sample_frames(path).frames) == [0, 1, 2, 3]


def test_relative_name(tmp_path, monkeypatch):
    save_video(tmp_path / "a.mp4", numbered_frames(4))
    monkeypatch.chdir(tmp_path)
    assert numbers(sample_frames("a.mp4").frames) == [0, 1, 2, 3]


# What is wrong


@pytest.mark.parametrize("keep", [0.05, 0.5, 0.95])
def test_mp4_cut_before_its_index(tmp_path, keep):
    path = truncate(save_video(tmp_path / "a.mp4", numbered_frames(30)), keep)
    with pytest.raises(TruncatedFileError, match="cut short"):
        sample_frames(path)


def test_avi_cut_before_its_first_frame(tmp_path):
    path = truncate(save_video(tmp_path / "a.avi", numbered_frames(30)), 0.01)
    with pytest.raises(TruncatedFileError):
        sample_frames(path)


@pytest.mark.parametrize("suffix", [".avi", ".mkv", ".webm", ".ts"])
def test_truncated_video_gives_what_can_be_read(tmp_path, suffix):
    path = truncate(save_video(tmp_path / f"a{suffix}", numbered_frames(60), fps=25), 0.5)
    clip = sample_frames(path)
    last = clip.frames[-1]
    assert len(clip.frames) >= 10
    assert last.time <= clip.duration < 2.0
    # Spread over the half that is there, and not over what the header promises.
    assert numbers(clip.frames)[0] < 4
    assert last.time > clip.duration * 0.9


def test_no_codec(tmp_path):
    path = save_video(tmp_path / "a.avi", numbered_frames(5))
    path.write_bytes(path.read_bytes().replace(b"MJPG", b"QQQQ"))
    with pytest.raises(CodecMissingError, match=r"H\.264"):
        sample_frames(path)


def test_no_codec_in_a_webm(tmp_path):
    path = save_video(tmp_path / "a.webm", numbered_frames(5))
    path.write_bytes(path.read_bytes().replace(b"V_VP8", b"V_QQ8"))
    with pytest.raises(CodecMissingError):
        sample_frames(path)


def test_no_frame(tmp_path, monkeypatch):
    path = save_video(tmp_path / "a.mp4", numbered_frames(5))
    patch_capture(monkeypatch, grab=lambda _self, _real: False, FRAME_COUNT=0)
    with pytest.raises(NoFramesError):
        sample_frames(path)


def test_frames_that_cannot_be_decoded(tmp_path, monkeypatch):
    path = save_video(tmp_path / "a.mp4", numbered_frames(5))
    patch_capture(monkeypatch, grab=lambda _self, _real: False)
    with pytest.raises(CodecMissingError, match=r"cannot decode \((FMP4|mp4v)\)"):
        sample_frames(path)


def test_limit_of_pixels_before_decoding(tmp_path, monkeypatch):
    path = save_video(tmp_path / "a.mp4", numbered_frames(5))
    patch_capture(monkeypatch, grab=lambda _self, _real: pytest.fail("was decoded"))
    with pytest.raises(TooLargeError, match="160x96 pixels"):
        sample_frames(path, max_pixels=160 * 96 - 1)


def test_picture_is_no_video(tmp_path):
    with pytest.raises(UnsupportedFileError, match="not a video"):
        VideoSource(save_photo(tmp_path / "a.png"), 10**6).expected_duration()


def test_gif_is_left_to_pillow(tmp_path):
    path = save_animation(tmp_path / "a.gif", numbered_frames(3), 300).rename(tmp_path / "a.mp4")
    assert sample_frames(path).duration == pytest.approx(0.9)


NOISY = """
import sys
from captioner.media.errors import MediaError
from captioner.media.frames import sample_frames
for path in sys.argv[1:]:
    try:
        print(len(sample_frames(path).frames))
    except MediaError as error:
        print(type(error).__name__)
"""


def test_nothing_of_ffmpeg_reaches_the_screen(tmp_path):
    cut = [save_video(tmp_path / f"a{suffix}", numbered_frames(40), 25) for suffix in CONTAINERS]
    for path in cut:
        truncate(path)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("OPENCV_")}
    done = subprocess.run(
        [sys.executable, "-c", NOISY, *map(str, cut)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0
    assert len(done.stdout.split()) == len(cut)
    assert "TruncatedFileError" in done.stdout
    assert done.stderr == ""


# Times and headers that lie


def patch_capture(monkeypatch, grab=None, position=None, **properties):
    """Make OpenCV's captures answer otherwise: ``grab``, the time, or a named property."""
    import cv2

    real = cv2.VideoCapture
    answers = {getattr(cv2, f"CAP_PROP_{name}"): value for name, value in properties.items()}

    class Capture:
        def __init__(self, *args):
            self.real = real(*args)
            self.grabs = 0

        def __getattr__(self, name):
            return getattr(self.real, name)

        def grab(self):
            self.grabs += 1
            return grab(self, self.real) if grab else self.real.grab()

        def get(self, which):
            if which == cv2.CAP_PROP_POS_MSEC and position:
                return position(self.grabs - 1)
            return answers.get(which, self.real.get(which))

    monkeypatch.setattr(cv2, "VideoCapture", Capture)


def times_with(monkeypatch, tmp_path, position):
    path = save_video(tmp_path / "a.mp4", numbered_frames(5), fps=10)
    patch_capture(monkeypatch, position=position)
    return [frame.time for frame in read_frames(path)]


def test_times_that_stand_still_are_counted(tmp_path, monkeypatch):
    times = times_with(monkeypatch, tmp_path, lambda index: 0.0)
    assert times == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -5000.0, -10.0])
def test_times_that_are_no_times_are_counted(tmp_path, monkeypatch, wrong):
    times = times_with(monkeypatch, tmp_path, lambda index: wrong)
    assert times == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])


def test_times_out_of_order_are_put_right(tmp_path, monkeypatch):
    shown = [0.0, 200.0, 100.0, 300.0, 400.0]
    times = times_with(monkeypatch, tmp_path, lambda index: shown[index])
    assert times == sorted(times)
    assert len(set(times)) == 5


def test_variable_rate_is_kept(tmp_path, monkeypatch):
    shown = [0.0, 40.0, 1000.0, 1500.0, 1540.0]
    times = times_with(monkeypatch, tmp_path, lambda index: shown[index])
    assert times == pytest.approx([0.0, 0.04, 1.0, 1.5, 1.54])


@pytest.mark.parametrize("rate", [0.0, -1.0, 90_000.0, float("nan")])
def test_rate_that_is_no_rate(tmp_path, monkeypatch, rate):
    path = save_video(tmp_path / "a.mp4", numbered_frames(5), fps=10)
    patch_capture(monkeypatch, position=lambda index: 0.0, FPS=rate)
    times = [frame.time for frame in read_frames(path)]
    assert times == pytest.approx([0.0, 0.04, 0.08, 0.12, 0.16])


@pytest.mark.parametrize("count", [-1.0, 0.0, 3.0, 40.0, 1e12, float("nan")])
def test_count_that_lies_changes_nothing(tmp_path, monkeypatch, count):
    path = save_video(tmp_path / "a.mp4", numbered_frames(64), fps=10)
    honest = sample_frames(path)
    patch_capture(monkeypatch, FRAME_COUNT=count)
    clip = sample_frames(path)
    assert numbers(clip.frames) == numbers(honest.frames)
    assert clip.duration == honest.duration


# Jumping


@pytest.fixture
def jumpy(monkeypatch):
    monkeypatch.setattr(videos, "_FRAMES_A_JUMP", 10)


def no_reading(self):
    pytest.fail("read it through")


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".avi", ".webm"])
def test_long_video_is_not_read_through(tmp_path, monkeypatch, jumpy, suffix):
    path = save_video(tmp_path / f"a{suffix}", numbered_frames(200), fps=10)
    monkeypatch.setattr(VideoSource, "shots", no_reading)
    clip = sample_frames(path)
    assert clip.duration == pytest.approx(20.0, abs=0.01)
    ideal = np.array([200 * (index + 0.5) / 16 for index in range(16)])
    assert np.abs(numbers(clip.frames) - ideal).max() <= 1
    assert [frame.time for frame in clip.frames] == pytest.approx(
        [number / 10 for number in numbers(clip.frames)], abs=0.002
    )


def test_short_video_is_read_through(tmp_path):
    path = save_video(tmp_path / "a.mp4", numbered_frames(100), fps=10)
    assert VideoSource(path, 10**6).jump([1.0], 0.5) is None


@pytest.mark.parametrize("claimed", [180.0, 400.0])
def test_long_video_whose_header_lies_is_read_through(tmp_path, monkeypatch, jumpy, claimed):
    path = save_video(tmp_path / "a.mp4", numbered_frames(200), fps=10)
    honest = sample_frames(path)
    patch_capture(monkeypatch, FRAME_COUNT=claimed)
    clip = sample_frames(path)
    assert clip.duration == pytest.approx(20.0)
    ideal = np.array(numbers(honest.frames))
    assert np.abs(np.array(numbers(clip.frames)) - ideal).max() <= 1


def test_long_video_that_is_cut_short_is_read_through(tmp_path, jumpy):
    path = truncate(save_video(tmp_path / "a.avi", numbered_frames(400), fps=10), 0.5)
    clip = sample_frames(path)
    assert clip.duration < 25
    assert clip.frames[-1].time > clip.duration * 0.9


def test_frame_number_reads_what_numbered_frame_wrote():
    # The tests above stand on it.
    assert [frame_number(numbered_frame(n)) for n in range(1024)] == list(range(1024))
