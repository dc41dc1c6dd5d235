import numpy as np
import pytest

from captioner.errors import TruncatedFileError
from captioner.media import videos
from captioner.media.budget import Budget
from captioner.media.frames import read_frames, sample_frames
from captioner.media.videos import VideoSource
from tests.corpus import boxes
from tests.corpus.videos import jpegs
from tests.makers import frame_number, numbered_frame, numbered_frames, save_video, truncate
from tests.media.captures import DecodingClock, fail_to_retrieve, patch_capture


def numbers(frames):
    return [frame_number(frame.image) for frame in frames]


# Streams that change, and frames that fail on the way


@pytest.mark.parametrize("first", [(64, 48), (320, 240)])
def test_stream_that_changes_its_size_keeps_the_first(tmp_path, first):
    sizes = [first, (320, 240) if first == (64, 48) else (64, 48), first]
    frames = [jpegs(9, *size)[3 * part : 3 * part + 3] for part, size in enumerate(sizes)]
    path = tmp_path / "a.avi"
    path.write_bytes(boxes.avi([jpeg for part in frames for jpeg in part], first))
    read = list(read_frames(path))
    assert numbers(read) == list(range(9))
    assert {frame.image.shape for frame in read} == {(first[1], first[0], 3)}


def no_memory():
    import cv2

    raise cv2.error("Insufficient memory")


@pytest.mark.parametrize("failure", [lambda: (False, None), no_memory])
def test_clip_ends_at_a_frame_that_cannot_be_fetched(tmp_path, monkeypatch, failure):
    path = save_video(tmp_path / "a.mp4", numbered_frames(8))
    fail_to_retrieve(monkeypatch, 3, failure)
    assert numbers(read_frames(path)) == [0, 1, 2]
    assert numbers(sample_frames(path).frames) == [0, 1, 2]


@pytest.mark.parametrize("failure", [lambda: (False, None), no_memory])
def test_no_frame_can_be_fetched(tmp_path, monkeypatch, failure):
    path = save_video(tmp_path / "a.mp4", numbered_frames(8))
    fail_to_retrieve(monkeypatch, 0, failure)
    with pytest.raises(TruncatedFileError):
        sample_frames(path)
    with pytest.raises(TruncatedFileError):
        next(read_frames(path))


def test_long_video_whose_frame_cannot_be_fetched_is_read_through(tmp_path, monkeypatch, jumpy):
    path = save_video(tmp_path / "a.mp4", numbered_frames(200), fps=10)
    fail_to_retrieve(monkeypatch, 4, no_memory)
    assert len(sample_frames(path).frames) == 3  # and the first of all, of which no use is made


# Times and headers that lie


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


def test_times_hours_apart_are_counted(tmp_path, monkeypatch):
    shown = [0.0, 100.0, 5e9, 5e9 + 100, 5e9 + 200]
    times = times_with(monkeypatch, tmp_path, lambda index: shown[index])
    assert times == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])


def test_first_time_hours_late_is_the_start(tmp_path, monkeypatch):
    times = times_with(monkeypatch, tmp_path, lambda index: 5e9 + 100 * index)
    assert times == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])


def test_variable_rate_is_kept(tmp_path, monkeypatch):
    shown = [0.0, 40.0, 1000.0, 1500.0, 1540.0]
    times = times_with(monkeypatch, tmp_path, lambda index: shown[index])
    assert times == pytest.approx([0.0, 0.04, 1.0, 1.5, 1.54])


@pytest.mark.parametrize("rate", [0.0, -1.0, 1e-9, 90_000.0, float("nan")])
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
    monkeypatch.setattr(videos, "_clock", lambda: 0.0)  # no jump takes long


def no_reading(self):
    pytest.fail("read it through")


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".avi", ".webm"])
def test_long_video_is_not_read_through(tmp_path, monkeypatch, jumpy, suffix):
    path = save_video(tmp_path / f"a{suffix}", numbered_frames(200), fps=10)
    monkeypatch.setattr(VideoSource, "lazy_frames", no_reading)
    clip = sample_frames(path)
    assert clip.duration == pytest.approx(20.0, abs=0.01)
    ideal = np.array([200 * (index + 0.5) / 16 for index in range(16)])
    assert np.abs(numbers(clip.frames) - ideal).max() <= 1
    assert [frame.time for frame in clip.frames] == pytest.approx(
        [number / 10 for number in numbers(clip.frames)], abs=0.002
    )


def test_short_video_is_read_through(tmp_path):
    path = save_video(tmp_path / "a.mp4", numbered_frames(100), fps=10)
    assert VideoSource(path, 10**6, None, Budget(path)).jump([1.0], 0.5) is None


@pytest.mark.parametrize(
    ("spacing", "most"), [(10**9, 1.3), (800, 1.3), (400, 1.3), (200, 1.3), (50, 1.0), (10, 0.5)]
)
def test_cost_of_a_long_video(tmp_path, monkeypatch, spacing, most):
    monkeypatch.setattr(videos, "_FRAMES_A_JUMP", 10)
    path = save_video(tmp_path / "a.mp4", numbered_frames(800), fps=10)
    clock = DecodingClock(monkeypatch, spacing, rate=10)
    clip = sample_frames(path)
    assert clock.decoded <= most * 800
    ideal = np.array([50 * (index + 0.5) for index in range(16)])
    assert np.abs(numbers(clip.frames) - ideal).max() <= 1


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
