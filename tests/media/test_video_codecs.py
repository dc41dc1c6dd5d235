"""Codecs beside those of OpenCV's writer; PyAV writes them."""

import sys
from fractions import Fraction

import numpy as np
import pytest

from captioner.media import videos
from captioner.media.errors import CodecMissingError, TooLargeError, TruncatedFileError
from captioner.media.frames import expected_duration, read_frames, sample_frames
from captioner.media.videos import VideoSource
from tests.makers import corners, frame_number, numbered_frames, truncate, turn_mp4
from tests.media.test_videos import numbers

CODECS = {
    "av1.mp4": ("libsvtav1", "yuv420p"),
    "av1.webm": ("libsvtav1", "yuv420p"),
    "av1-10-bit.mkv": ("libsvtav1", "yuv420p10le"),
    "vp9.webm": ("libvpx-vp9", "yuv420p"),
    "hevc-10-bit.mp4": ("libx265", "yuv420p10le"),
    "h264.mp4": ("libx264", "yuv420p"),
    "prores.mov": ("prores_ks", "yuv422p10le"),
    "mpeg2.mpg": ("mpeg2video", "yuv420p"),
}
QUIET = {"libx265": {"x265-params": "log-level=error"}, "libsvtav1": {"preset": "6"}}


def write(path, frames, times=None, *, codec, pixels="yuv420p", options=None, flags=None):
    """Write frames (uint8 [H, W, 3]) with PyAV, 25 a second or at ``times`` in milliseconds."""
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options or QUIET.get(codec, {}))
        frames = list(frames)
        height, width, _ = frames[0].shape
        stream.width, stream.height, stream.pix_fmt = width, height, pixels
        stream.bit_rate = 2_000_000
        if times is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        if flags:
            stream.codec_context.flags |= flags
        for index, image in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            frame = frame.reformat(format=pixels)
            if times is not None:
                frame.time_base = Fraction(1, 1000)
            frame.pts = index if times is None else times[index]
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def written(folder, name, count=30):
    codec, pixels = CODECS[name]
    return write(folder / name, numbered_frames(count), codec=codec, pixels=pixels)


@pytest.mark.parametrize("name", CODECS)
def test_frames_and_times(tmp_path, name):
    path = written(tmp_path, name)
    frames = list(read_frames(path))
    assert numbers(frames) == list(range(30))
    times = [frame.time for frame in frames]
    assert times == pytest.approx([index / 25 for index in range(30)], abs=0.002)
    assert sample_frames(path).duration == pytest.approx(30 / 25, abs=0.05)


def test_interlaced_mpeg2(tmp_path):
    from av.codec.context import Flags

    flags = Flags.interlaced_dct | Flags.interlaced_me
    frames = numbered_frames(30)
    path = write(tmp_path / "a.mpg", frames, codec="mpeg2video", flags=flags)
    assert numbers(read_frames(path)) == list(range(30))


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
    monkeypatch.setattr(VideoSource, "shots", lambda _: pytest.fail("read it through"))
    path = written(tmp_path, name, 200)
    clip = sample_frames(path)
    assert expected_duration(path) == pytest.approx(8.0, abs=0.05)
    ideal = np.array([200 * (index + 0.5) / 16 for index in range(16)])
    assert np.abs(numbers(clip.frames) - ideal).max() <= 1
    assert [frame.time for frame in clip.frames] == pytest.approx(
        [number / 25 for number in numbers(clip.frames)], abs=0.002
    )


# Few full pictures


def pretend(monkeypatch, spacing):
    """Make OpenCV's captures and the clock count frames decoded, a full one every ``spacing``."""
    import cv2

    real = cv2.VideoCapture
    decoded = [0]

    class Capture:
        def __init__(self, *args):
            self.real = real(*args)

        def __getattr__(self, name):
            return getattr(self.real, name)

        def grab(self):
            decoded[0] += 1
            return self.real.grab()

        def set(self, which, value):
            decoded[0] += round(value / 1000 * 25) % spacing
            return self.real.set(which, value)

    monkeypatch.setattr(cv2, "VideoCapture", Capture)
    monkeypatch.setattr(videos, "_clock", lambda: float(decoded[0]))
    return decoded


@pytest.mark.parametrize(
    ("spacing", "most"), [(10**9, 1.3), (800, 1.3), (200, 1.3), (50, 1.0), (10, 0.5)]
)
def test_cost_of_a_long_video(tmp_path, monkeypatch, spacing, most):
    monkeypatch.setattr(videos, "_FRAMES_A_JUMP", 10)
    path = written(tmp_path, "h264.mp4", 800)
    decoded = pretend(monkeypatch, spacing)
    clip = sample_frames(path)
    assert decoded[0] <= most * 800
    ideal = np.array([50 * (index + 0.5) for index in range(16)])
    assert np.abs(np.array([frame_number(f.image) for f in clip.frames]) - ideal).max() <= 1


def test_video_with_one_full_picture(tmp_path, monkeypatch):
    monkeypatch.setattr(videos, "_FRAMES_A_JUMP", 10)
    options = {"x264-params": "keyint=infinite:scenecut=0"}
    path = write(tmp_path / "a.mp4", numbered_frames(200), codec="libx264", options=options)
    clip = sample_frames(path)
    ideal = np.array([200 * (index + 0.5) / 16 for index in range(16)])
    assert np.abs(numbers(clip.frames) - ideal).max() <= 1
