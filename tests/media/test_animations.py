import numpy as np
import pytest
from PIL import Image

from captioner.errors import (
    BudgetError,
    NoFramesError,
    TooLargeError,
    TruncatedFileError,
)
from captioner.media import animations, frames
from captioner.media.animations import AnimationSource, StillSource
from captioner.media.budget import Budget, Limits
from captioner.media.frames import read_frames, sample_frames
from tests.makers import (
    frame_number,
    numbered_frame,
    numbered_frames,
    photo,
    plain,
    png_chunk,
    save_animation,
    save_empty_gif,
    save_oriented,
    save_photo,
    truncate,
)

ANIMATED = [".gif", ".webp", ".png", ".avif"]
UNEVEN = [40, 200, 50, 1000, 70]  # milliseconds
STARTS = [0.0, 0.04, 0.24, 0.29, 1.29]  # seconds


@pytest.mark.parametrize("suffix", ANIMATED)
def test_every_frame_comes_in_order(tmp_path, suffix):
    path = save_animation(tmp_path / f"a{suffix}", numbered_frames(7))
    assert [frame_number(frame.image) for frame in read_frames(path)] == list(range(7))


@pytest.mark.parametrize("suffix", ANIMATED)
def test_times_are_the_true_ones(tmp_path, suffix):
    path = save_animation(tmp_path / f"a{suffix}", numbered_frames(5), UNEVEN)
    # AVIF stores times as multiples of a clock's tick, which Pillow reads to a millisecond.
    assert [frame.time for frame in read_frames(path)] == pytest.approx(STARTS, abs=0.003)


@pytest.mark.parametrize("suffix", ANIMATED)
def test_duration_includes_the_last_frame(tmp_path, suffix):
    path = save_animation(tmp_path / f"a{suffix}", numbered_frames(5), UNEVEN)
    assert sample_frames(path).duration == pytest.approx(1.36, abs=0.003)


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
@pytest.mark.parametrize("delay", [0, 10])
def test_delays_that_browsers_do_not_take_are_100_ms(tmp_path, suffix, delay):
    path = save_animation(tmp_path / f"a{suffix}", numbered_frames(3), delay)
    assert [frame.time for frame in read_frames(path)] == pytest.approx([0.0, 0.1, 0.2])


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_delay_of_20_ms_is_taken(tmp_path, suffix):
    path = save_animation(tmp_path / f"a{suffix}", numbered_frames(3), 20)
    assert [frame.time for frame in read_frames(path)] == pytest.approx([0.0, 0.02, 0.04])


def test_transparent_gif_lies_on_white(tmp_path):
    frames = []
    for shift in (0, 30):
        picture = Image.new("RGBA", (60, 30), (0, 0, 0, 0))
        picture.paste((200, 0, 0, 255), (shift, 0, shift + 10, 10))
        frames.append(picture)
    frames[0].save(
        tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=100, disposal=2
    )
    first, second = read_frames(tmp_path / "a.gif")
    assert first.image[0, 0].tolist() == [200, 0, 0]
    assert first.image[20, 50].tolist() == [255, 255, 255]
    assert second.image[0, 0].tolist() == [255, 255, 255]
    assert second.image[0, 35].tolist() == [200, 0, 0]


def test_picture_of_an_apng_for_programs_that_cannot_animate_is_no_frame(tmp_path):
    stand_in = Image.fromarray(numbered_frame(900))
    frames = [Image.fromarray(frame) for frame in numbered_frames(3)]
    stand_in.save(
        tmp_path / "a.png", save_all=True, append_images=frames, default_image=True, duration=100
    )
    numbers = [frame_number(frame.image) for frame in read_frames(tmp_path / "a.png")]
    assert numbers == [0, 1, 2]


def test_frames_stay_as_they_were_when_the_next_is_read(tmp_path):
    path = save_animation(tmp_path / "a.gif", numbered_frames(3))
    frames = list(read_frames(path))
    assert [frame_number(frame.image) for frame in frames] == [0, 1, 2]


@pytest.mark.parametrize("suffix", [".gif", ".png"])
def test_truncated_animation_gives_what_can_be_read(tmp_path, suffix):
    path = truncate(save_animation(tmp_path / f"a{suffix}", numbered_frames(10)), 0.6)
    numbers = [frame_number(frame.image) for frame in read_frames(path)]
    assert 0 < len(numbers) < 10
    assert numbers == list(range(len(numbers)))
    assert len(sample_frames(path).frames) == len(numbers)


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_animation_cut_within_its_first_frame(tmp_path, suffix):
    path = truncate(save_animation(tmp_path / f"a{suffix}", numbered_frames(10)), 0.03)
    with pytest.raises(TruncatedFileError):
        sample_frames(path)


def test_gif_without_a_frame(tmp_path):
    with pytest.raises(NoFramesError, match="GIF without a frame"):
        sample_frames(save_empty_gif(tmp_path / "a.gif"))


def test_limit_of_pixels(tmp_path):
    path = save_animation(tmp_path / "a.gif", numbered_frames(3))
    with pytest.raises(TooLargeError):
        sample_frames(path, max_pixels=160 * 96 - 1)


def test_limit_of_pixels_from_within(tmp_path):
    path = save_animation(tmp_path / "a.gif", numbered_frames(3))
    source = AnimationSource(path, 1, None, Budget(path))
    with pytest.raises(TooLargeError):
        next(source.lazy_frames())


def test_max_side(tmp_path):
    path = save_animation(tmp_path / "a.gif", numbered_frames(3))
    shapes = {frame.image.shape for frame in sample_frames(path, max_side=80).frames}
    assert shapes == {(48, 80, 3)}


def test_header_promises_the_length_of_an_even_animation(tmp_path):
    for suffix in ANIMATED:
        path = save_animation(tmp_path / f"a{suffix}", numbered_frames(6), 50)
        promised = AnimationSource(path, 10**6, None, Budget(path)).expected_duration()
        assert promised == pytest.approx(0.3, abs=0.003), suffix


def test_still_is_a_clip_of_one_frame(tmp_path):
    clip = sample_frames(save_photo(tmp_path / "a.png"))
    assert clip.duration == 0.0
    assert [frame.time for frame in clip.frames] == [0.0]
    np.testing.assert_array_equal(clip.frames[0].image, photo())


def test_still_is_turned_upright(tmp_path):
    (frame,) = read_frames(save_oriented(tmp_path / "a.png", 8))
    assert frame.image.shape == (48, 32, 3)
    assert frame.image[2, 2].tolist() == [0, 255, 0]


def test_still_is_decoded_once(tmp_path, monkeypatch):
    calls = []
    original = animations.load_image
    monkeypatch.setattr(
        animations, "load_image", lambda *args, **kw: calls.append(1) or original(*args, **kw)
    )
    sample_frames(save_photo(tmp_path / "a.png"))
    assert len(calls) == 1


def test_still_of_one_pixel(tmp_path):
    clip = sample_frames(save_photo(tmp_path / "a.png", plain((9, 8, 7), 1, 1)))
    assert clip.frames[0].image.tolist() == [[[9, 8, 7]]]


def test_still_has_nowhere_to_jump_to(tmp_path):
    path = tmp_path / "a.png"
    assert StillSource(path, 1, None, Budget(path)).jump([0.0], 1.0) is None


def test_truncated_still(tmp_path):
    with pytest.raises(TruncatedFileError):
        sample_frames(truncate(save_photo(tmp_path / "a.jpg", photo(300, 200))))


@pytest.mark.parametrize("delay", [65535, 60_010])
def test_delays_above_a_minute_are_100_ms(tmp_path, delay):
    path = save_animation(tmp_path / "a.gif", numbered_frames(3), [100, delay, 100])
    assert [frame.time for frame in read_frames(path)] == pytest.approx([0.0, 0.1, 0.2])


def test_last_frame_that_says_stop_does_not_hide_the_others(tmp_path):
    path = save_animation(tmp_path / "a.gif", numbered_frames(40), [100] * 39 + [655_350])
    assert len(sample_frames(path).frames) == 16


def test_more_frames_than_can_be_decoded_are_refused(tmp_path):
    path = save_animation(tmp_path / "a.gif", numbered_frames(10, 200, 100))
    too_few = Limits(pixels=200 * 100 * 10 - 1)
    with pytest.raises(BudgetError, match="too many frames of 200x100 pixels"):
        sample_frames(path, budget=Budget(path, too_few))
    enough = Limits(pixels=200 * 100 * 20)
    assert len(sample_frames(path, budget=Budget(path, enough)).frames) == 10


def test_claim_of_more_frames_than_the_file_has_bytes_is_no_reason(tmp_path):
    path = save_animation(tmp_path / "a.png", numbered_frames(5))
    data = bytearray(path.read_bytes())
    at = data.index(b"acTL") + 4
    chunk = png_chunk(b"acTL", (1 << 31).to_bytes(4, "big") + bytes(4))
    data[at - 8 : at + 12] = chunk
    path.write_bytes(data)
    assert len(list(read_frames(path))) == 5


def test_frames_of_a_clip_have_a_limit_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setattr(frames, "MAX_FRAME_PIXELS", 160 * 96 - 1)
    with pytest.raises(TooLargeError):
        sample_frames(save_animation(tmp_path / "a.gif", numbered_frames(3)))
    sample_frames(save_photo(tmp_path / "a.png", photo(200, 100)))
