import pytest
from PIL import Image

from captioner.errors import EmptyFileError, MissingFileError, UnsupportedFileError
from captioner.media.detect import (
    IMAGE_SUFFIXES,
    MEDIA_SUFFIXES,
    VIDEO_SUFFIXES,
    kind_from_suffix,
    media_kind,
)
from captioner.media.frames import sample_frames
from tests.corpus.animations import ONE_PIXEL, gif, gif_frame
from tests.makers import (
    numbered_frames,
    photo,
    save_animation,
    save_photo,
    save_video,
)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".gif", ".webp", ".bmp", ".tif", ".avif"])
def test_still(tmp_path, suffix):
    assert media_kind(save_photo(tmp_path / f"a{suffix}")) == "image"


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png", ".avif"])
def test_animation(tmp_path, suffix):
    assert media_kind(save_animation(tmp_path / f"a{suffix}", numbered_frames(3))) == "animation"


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_animation_of_one_frame_is_a_still(tmp_path, suffix):
    assert media_kind(save_animation(tmp_path / f"a{suffix}", numbered_frames(1))) == "image"


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".avi", ".mkv", ".webm", ".ts", ".wmv", ".flv"])
def test_video(tmp_path, suffix):
    assert media_kind(save_video(tmp_path / f"a{suffix}", numbered_frames(12), fps=25)) == "video"


@pytest.mark.parametrize("suffix", [".gif", ".jpg", ""])
def test_video_under_another_suffix(tmp_path, suffix):
    path = save_video(tmp_path / "a.mp4", numbered_frames(3)).rename(tmp_path / f"b{suffix}")
    assert media_kind(path) == "video"


def test_gif_named_mp4(tmp_path):
    path = save_animation(tmp_path / "a.gif", numbered_frames(3)).rename(tmp_path / "a.mp4")
    assert media_kind(path) == "animation"


def test_pages_of_a_tiff_are_no_animation(tmp_path):
    pages = [Image.fromarray(photo(shift=shift)) for shift in (0, 9)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    assert media_kind(tmp_path / "a.tif") == "image"


def test_views_of_a_phone_photo_are_no_animation(tmp_path):
    views = [Image.fromarray(photo(shift=shift)) for shift in (0, 9)]
    views[0].save(tmp_path / "a.jpg", format="MPO", save_all=True, append_images=views[1:])
    assert media_kind(tmp_path / "a.jpg") == "image"


def test_missing(tmp_path):
    with pytest.raises(MissingFileError):
        media_kind(tmp_path / "none.mp4")


def test_empty(tmp_path):
    (tmp_path / "a.mp4").touch()
    with pytest.raises(EmptyFileError):
        media_kind(tmp_path / "a.mp4")


@pytest.mark.parametrize("suffix", [".mp4", ".gif", ".txt"])
def test_text(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_text("hello")
    with pytest.raises(UnsupportedFileError):
        media_kind(path)


def test_playlist_never_reaches_ffmpeg(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/secret.ts\n")
    with pytest.raises(UnsupportedFileError):
        media_kind(path)


def test_suffixes_are_lower_case_with_a_dot():
    assert all(suffix == suffix.lower() and suffix[0] == "." for suffix in MEDIA_SUFFIXES)
    assert MEDIA_SUFFIXES == IMAGE_SUFFIXES | VIDEO_SUFFIXES
    assert {".jpg", ".gif", ".webp", ".mp4", ".avi", ".mov", ".mkv", ".webm"} <= MEDIA_SUFFIXES


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a/b.JPG", "image"),
        ("a.webp", "image"),
        ("a.gif", "animation"),
        ("a.b.Mp4", "video"),
        ("a.txt", None),
        ("a.gif/b", None),
        ("png", None),
    ],
)
def test_what_a_name_promises(name, kind):
    assert kind_from_suffix(name) == kind


def test_gif_that_ends_within_its_second_frame_is_an_animation(tmp_path):
    data = gif([gif_frame(), gif_frame()], end=b"")
    (tmp_path / "a.gif").write_bytes(data[: -len(ONE_PIXEL)])
    assert media_kind(tmp_path / "a.gif") == "animation"
    assert len(sample_frames(tmp_path / "a.gif").frames) == 1
