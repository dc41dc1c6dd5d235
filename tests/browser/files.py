"""What the tests upload, and what the page has to say of it."""

from pathlib import Path

import pytest

from captioner import MediaError, load_clip_captioner
from captioner.media.frames import sample_frames
from captioner.types import ClipCaption
from tests.browser.stand_ins import StandInCaptioner, StandInSummarizer, slow_frames
from tests.fakes import caption_of
from tests.makers import numbered_frames, photo, save_animation, save_photo, save_video, truncate

PHOTO_SAID = caption_of((118, 161, 168))  # the mean colour of `photo`
SLOW_FRAMES = 16
_FRAMES = 8


def save(path: Path) -> Path:
    """Writes the photo or clip that the suffix asks for."""
    if path.suffix in (".gif", ".webp"):
        return save_animation(path, numbered_frames(_FRAMES, 320, 192), 300)
    if path.suffix in (".mp4", ".avi"):
        return save_video(path, numbered_frames(_FRAMES * 3, 320, 192), fps=10)
    return save_photo(path, photo(600, 400))


def save_slow(path: Path) -> Path:
    """Writes a GIF that takes the stand-in half a second for each frame."""
    return save_animation(path, slow_frames(SLOW_FRAMES), 300)


def save_broken(path: Path) -> Path:
    """Writes the same as `save`, cut so that nothing of it can be shown."""
    truncate(save(path), keep=0.04)
    with pytest.raises(MediaError):
        sample_frames(path, 1)
    return path


def said_of(path: Path) -> ClipCaption:
    """What the library says of a clip with the stand-ins."""
    return load_clip_captioner(StandInCaptioner(), StandInSummarizer()).caption(path)
