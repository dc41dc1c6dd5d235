import os
import subprocess
import sys

import numpy as np
import pytest

from captioner.errors import (
    CodecMissingError,
    NoFramesError,
    TooLargeError,
    TruncatedFileError,
    UnsupportedFileError,
)
from captioner.media.budget import Budget
from captioner.media.containers import is_cut_short
from captioner.media.frames import read_frames, sample_frames
from captioner.media.videos import VideoSource
from tests.corpus import boxes
from tests.makers import (
    corners,
    frame_number,
    numbered_frames,
    save_animation,
    save_photo,
    save_video,
    truncate,
    turn_mp4,
)
from tests.media.captures import patch_capture

SOUND = {
    "mp4": boxes.mp4_of_sound(),
    "mkv": boxes.mkv_of_sound(),
    "ogg": boxes.ogg_of_sound(),
    "flv": boxes.flv_of_sound(),
    "avi": boxes.avi([bytes(800)] * 9, (0, 0), stream=b"auds", codec=bytes(4)),
}
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


@pytest.mark.parametrize("name", ["mp4", "mkv", "ogg", "avi", "flv"])
def test_sound_without_pictures(tmp_path, name):
    path = tmp_path / "a.mp4"
    path.write_bytes(SOUND[name])
    with pytest.raises(NoFramesError, match="holds sound and no pictures"):
        sample_frames(path)


def test_ffmpeg_is_not_asked_to_walk_over_millions_of_boxes(tmp_path, monkeypatch):
    import cv2

    path = tmp_path / "a.mp4"
    path.write_bytes(boxes.mp4_of_empty_boxes(2_000_000))
    monkeypatch.setattr(cv2, "VideoCapture", lambda *_: pytest.fail("was opened"))
    with pytest.raises(TruncatedFileError):
        sample_frames(path)


def test_boxes_looked_at_are_bounded(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(boxes.mp4_of_empty_boxes(2_000_000))

    class Counting:
        reads = 0

        def __init__(self, file):
            self.seek = file.seek
            self._file = file

        def read(self, size):
            self.reads += 1
            return self._file.read(size)

    with path.open("rb") as file:
        counting = Counting(file)
        assert is_cut_short(counting)
        assert counting.reads < 20_000


def test_no_frame(tmp_path, monkeypatch):
    path = save_video(tmp_path / "a.mp4", numbered_frames(5))
    patch_capture(monkeypatch, grab=lambda: False, FRAME_COUNT=0)
    with pytest.raises(NoFramesError):
        sample_frames(path)


def test_frames_that_cannot_be_decoded(tmp_path, monkeypatch):
    path = save_video(tmp_path / "a.mp4", numbered_frames(5))
    patch_capture(monkeypatch, grab=lambda: False)
    with pytest.raises(CodecMissingError, match=r"cannot decode \((FMP4|mp4v)\)"):
        sample_frames(path)


def test_limit_of_pixels_before_decoding(tmp_path, monkeypatch):
    path = save_video(tmp_path / "a.mp4", numbered_frames(5))
    patch_capture(monkeypatch, grab=lambda: pytest.fail("was decoded"))
    with pytest.raises(TooLargeError, match="160x96 pixels"):
        sample_frames(path, max_pixels=160 * 96 - 1)


def test_picture_is_no_video(tmp_path):
    path = save_photo(tmp_path / "a.png")
    with pytest.raises(UnsupportedFileError, match="not a video"):
        VideoSource(path, 10**6, None, Budget(path)).expected_duration()


def test_gif_is_left_to_pillow(tmp_path):
    path = save_animation(tmp_path / "a.gif", numbered_frames(3), 300).rename(tmp_path / "a.mp4")
    assert sample_frames(path).duration == pytest.approx(0.9)


NOISY = """
import sys
from captioner.errors import MediaError
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


@pytest.mark.parametrize("max_side", [500, 120, 41, 7])
def test_scaling_down_keeps_what_is_seen(tmp_path, max_side):
    frame = np.zeros((96, 160, 3), np.uint8)
    frame[:, 80:] = 200
    path = save_video(tmp_path / "a.mp4", [frame])
    (seen,) = read_frames(path, max_side=max_side)
    height, width, _ = seen.image.shape
    assert width == min(160, max_side) and height == pytest.approx(width * 0.6, abs=1)
    assert seen.image[:, : width // 2 - 1].mean() < 20
    assert seen.image[:, width // 2 + 2 :].mean() > 180
