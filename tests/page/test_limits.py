from pathlib import Path

import pytest

from captioner.errors import MediaError, TooLargeError, UnsupportedFileError
from captioner.page.limits import Limits, TooLongError, TooManyFilesError
from tests.makers import (
    numbered_frames,
    plain,
    save_animation,
    save_photo,
    save_png_header,
    save_video,
)


def test_what_is_within_the_limits_has_its_kind(tmp_path):
    limits = Limits()
    assert limits.check(save_photo(tmp_path / "a.png")) == "image"
    frames = [plain((0, 0, 0)), plain((255, 255, 255))]
    assert limits.check(save_animation(tmp_path / "a.gif", frames)) == "animation"
    assert limits.check(save_video(tmp_path / "a.avi", frames)) == "video"


def test_a_picture_with_too_many_pixels_is_refused_with_a_remedy_for_visitors(tmp_path):
    path = save_png_header(tmp_path / "bomb.png", 2000, 1000)
    with pytest.raises(TooLargeError) as caught:
        Limits(megapixels=1).check(path)
    assert "2000x1000" in caught.value.reason
    assert caught.value.remedy == "make it smaller"


@pytest.mark.parametrize("name", ["long.gif", "long.avi"])
def test_a_clip_that_is_too_long_is_refused(name, tmp_path):
    frames = numbered_frames(30)
    path = tmp_path / name
    saved = save_animation(path, frames, 1000) if name.endswith("gif") else save_video(path, frames)
    Limits(minutes=1).check(saved)
    with pytest.raises(TooLongError, match=r"minutes, more than the limit of 0\.04"):
        Limits(minutes=0.04).check(saved)


def test_what_is_no_media_file_is_refused(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    with pytest.raises(UnsupportedFileError):
        Limits().check(path)


def test_so_many_files_and_no_more():
    limits = Limits(files=2)
    limits.check_count([Path("a"), Path("b")])
    with pytest.raises(TooManyFilesError, match="3 files: are more than the limit of 2") as caught:
        limits.check_count([1, 2, 3])
    assert isinstance(caught.value, MediaError)
