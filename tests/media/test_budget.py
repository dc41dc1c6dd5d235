import io

import numpy as np
import pytest
from PIL import Image

from captioner.batch.finding import Input
from captioner.batch.pipeline import caption_inputs
from captioner.describe.fused import FusedClipCaptioner
from captioner.errors import BudgetError, MediaError
from captioner.media import containers
from captioner.media.budget import Budget, Limits
from captioner.media.detect import media_kind
from captioner.media.frames import expected_duration, read_frames, sample_frames
from captioner.media.images import load_image
from tests.corpus.animations import gif, gif_frame
from tests.fakes import FakeCaptioner, FakeSummarizer
from tests.makers import numbered_frames, photo, save_animation, save_photo, save_video


class Clock:
    """Goes on by a second each time it is asked."""

    def __init__(self, step=1.0):
        self.now = 0.0
        self.step = step

    def __call__(self):
        self.now += self.step
        return self.now


def test_time_is_up_and_stays_so():
    budget = Budget("a.gif", Limits(seconds=2), Clock())
    budget.check()
    budget.check()
    for _ in range(2):
        with pytest.raises(BudgetError, match=r"more than 2 seconds.*--max-seconds"):
            budget.check()


def test_pixels_are_summed_over_frames():
    budget = Budget("a.gif", Limits(pixels=3_000_000))
    for _ in range(3):
        budget.spend_frame(1000, 1000)
    with pytest.raises(BudgetError, match="too many frames"):
        budget.spend_frame(1, 1)


def test_waiting_for_other_files_costs_nothing():
    clock = Clock(0)

    class Slow:
        def __enter__(self):
            clock.now += 100

        def __exit__(self, *_):
            pass

    budget = Budget("a.jpg", Limits(seconds=1), clock)
    with budget.waiting(Slow()):
        budget.check()


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".gif", ".webp", ".tif"])
@pytest.mark.parametrize("limits", [Limits(seconds=0.5), Limits(bytes=50), Limits(memory=50)])
def test_a_still_picture_is_given_up(tmp_path, suffix, limits):
    path = save_photo(tmp_path / f"a{suffix}")
    with pytest.raises(BudgetError):
        load_image(path, budget=Budget(path, limits, Clock()))


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_an_animation_is_given_up_in_its_midst(tmp_path, suffix):
    path = save_animation(tmp_path / f"a{suffix}", numbered_frames(10))
    clock = Clock(0)
    frames = read_frames(path, budget=Budget(path, Limits(seconds=1), clock))
    next(frames)
    clock.now = 2
    with pytest.raises(BudgetError, match="--max-seconds"):
        next(frames)


def test_a_video_is_given_up_in_its_midst(tmp_path):
    path = save_video(tmp_path / "a.mp4", numbered_frames(10), fps=10)
    clock = Clock(0)
    frames = read_frames(path, budget=Budget(path, Limits(seconds=1), clock))
    next(frames)
    clock.now = 2
    with pytest.raises(BudgetError, match="--max-seconds"):
        list(frames)


def test_the_counting_of_frames_is_given_up(tmp_path):
    path = tmp_path / "a.gif"
    path.write_bytes(gif([gif_frame()] * 200))
    with pytest.raises(BudgetError):
        expected_duration(path, budget=Budget(path, Limits(seconds=20), Clock()))


def test_very_many_tiny_frames_are_refused(tmp_path):
    path = tmp_path / "a.gif"
    path.write_bytes(gif([gif_frame()] * 200, 1, 1))
    with pytest.raises(BudgetError, match="too many frames"):
        sample_frames(path, budget=Budget(path, Limits(pixels=200 * 10_000)))


def test_large_frames_are_refused_before_one_is_decoded(tmp_path):
    path = tmp_path / "a.gif"
    path.write_bytes(gif([gif_frame()] * 200, 7000, 7000))
    with pytest.raises(BudgetError, match="too many frames of 7000x7000"):
        sample_frames(path)


def test_a_jpeg_whose_header_ends_in_a_hole_of_gigabytes_is_given_up(tmp_path):
    path = save_photo(tmp_path / "a.jpg")
    data = path.read_bytes()
    with path.open("wb") as file:
        file.write(data[: data.index(b"\xff\xda")])
        file.truncate(20 << 30)  # sparse
    with pytest.raises(BudgetError, match="to be read"):
        load_image(path, budget=Budget(path, Limits(bytes=10 << 20)))


def test_a_webp_that_takes_gigabytes_is_refused_before_it_is_decoded(tmp_path):
    path = tmp_path / "a.webp"
    Image.new("RGB", (64, 64)).save(path, lossless=True)
    data = bytearray(path.read_bytes())
    at = data.index(b"VP8L") + 9  # 14 bits each: width - 1, height - 1
    sizes = (16383 - 1) | (10000 - 1) << 14
    kept = int.from_bytes(data[at : at + 4], "little") >> 28 << 28
    data[at : at + 4] = (kept | sizes).to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.raises(BudgetError, match="GiB of memory"):
        load_image(path)


def test_reads_beyond_the_end_are_cut():
    budget = Budget("a", Limits(bytes=1000))
    file = budget.metered(io.BytesIO(b"x" * 600))
    assert len(file.read(1 << 40)) == 600
    assert file.read() == b""
    file.seek(0)
    with pytest.raises(BudgetError):
        file.read()


def test_a_run_goes_on_after_a_file_that_takes_too_long(tmp_path):
    slow = save_animation(tmp_path / "slow.gif", numbered_frames(3))
    good = save_photo(tmp_path / "good.png", photo())
    captioner = FakeCaptioner()
    rows = list(
        caption_inputs(
            [Input(str(slow), "slow.gif"), Input(str(good), "good.png")],
            captioner,
            lambda: FusedClipCaptioner(captioner, FakeSummarizer()),
            max_seconds=0,
        )
    )
    assert "--max-seconds" in rows[0].error
    assert len(rows) == 2


def test_defaults_change_nothing_for_a_usual_file(tmp_path):
    path = save_photo(tmp_path / "a.png", photo())
    assert media_kind(path) == "image"
    np.testing.assert_array_equal(load_image(path, budget=Budget(path)), photo())
    assert issubclass(BudgetError, MediaError)


def test_only_so_many_boxes_of_an_mp4_are_walked(monkeypatch):
    monkeypatch.setattr(containers, "_MOST_BOXES", 10)
    start = b"\0\0\0\x08ftyp" + b"\0\0\0\x08moov"
    assert not containers.is_cut_short(io.BytesIO(start + b"\0\0\0\x08free" * 100))

    class Counted(io.BytesIO):
        reads = 0

        def read(self, *size):
            self.reads += 1
            return super().read(*size)

    file = Counted(start + b"\0\0\0\x08free" * 1000)
    containers.is_cut_short(file)
    assert file.reads < 20
