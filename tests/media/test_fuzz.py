"""Damaged files of every format, as Hypothesis thinks of them: arrays or a typed error come out.

The same examples come each time, a few for each decoder. For a search of new ones:
``FUZZ_EXAMPLES=20000 python -m pytest tests/media/test_fuzz.py``. Where a decoder takes the
interpreter down with it, the input is the file ``case`` in pytest's newest temporary folder.
"""

import itertools
import math
import os

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from PIL import Image

from captioner.errors import MediaError
from captioner.media.detect import media_kind
from captioner.media.frames import read_frames, sample_frames
from captioner.media.images import load_image
from tests.corpus import boxes, videos
from tests.corpus.animations import gif, gif_frame, moving
from tests.corpus.photos import encoded, textured
from tests.corpus.videos import clip, h264, jpegs
from tests.media.damage import damaged, steps

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "15"))
LONG = "FUZZ_EXAMPLES" in os.environ

# Small limits: a header that claims a large picture is refused, and takes no time.
MAX_PIXELS = 1_000_000
MOST_FRAMES = 40

GREY = Image.fromarray(np.arange(48 * 64, dtype=np.uint16).reshape(48, 64) * 21)


def still(suffix, mode="RGB", **options):
    picture = {"I;16": GREY, "F": GREY.convert("F")}.get(mode) or textured().convert(mode)
    return lambda: encoded(picture, suffix, **options)


def short_h264():
    """The first 12 frames of a H.264 video; a MJPEG one where there is none."""
    data = h264()
    if data is None:
        return clip(".avi")
    return videos.patched(data, b"stsz", 8, (12).to_bytes(4, "big"))


SEEDS = {
    "jpeg": still(".jpg"),
    "jpeg-progressive": still(".jpg", progressive=True),
    "jpeg-cmyk": still(".jpg", "CMYK"),
    "png": still(".png"),
    "png-palette": still(".png", "P", transparency=3),
    "png-16-bits": still(".png", "I;16"),
    "gif": still(".gif", "P"),
    "webp": still(".webp"),
    "webp-lossless-alpha": still(".webp", "RGBA", lossless=True),
    "bmp": still(".bmp"),
    "tiff": still(".tif"),
    "tiff-lzw": still(".tif", compression="tiff_lzw"),
    "tiff-jpeg": still(".tif", compression="jpeg"),
    "tiff-fax": still(".tif", "1", compression="group4"),
    "tiff-deflate-float": still(".tif", "F", compression="tiff_adobe_deflate"),
    "avif": still(".avif"),
    "jpeg2000": still(".jp2"),
    "heic": still(".heic"),
    "gif-animated": lambda: moving(".gif"),
    "gif-by-hand": lambda: gif([gif_frame(at, at, disposal=at % 4) for at in range(8)]),
    "webp-animated": lambda: moving(".webp"),
    "apng": lambda: moving(".png"),
    "avif-animated": lambda: moving(".avif"),
    **{f"video{suffix}": lambda suffix=suffix: clip(suffix, count=12) for suffix in videos.FORMATS},
    "avi-by-hand": lambda: boxes.avi(jpegs(8), (64, 48)),
    "mp4-of-sound": boxes.mp4_of_sound,
    "mkv-of-sound": boxes.mkv_of_sound,
    "ogg-of-sound": boxes.ogg_of_sound,
    "flv-of-sound": boxes.flv_of_sound,
    "h264": short_h264,
}
if videos.AV_IS_THERE:
    SEEDS["av1"] = lambda: videos.coded("av1.mp4")
    SEEDS["av1-webm"] = lambda: videos.coded("av1.webm")
    SEEDS["interlaced"] = lambda: videos.coded("mpeg2.mpg", fields=True)


@pytest.mark.parametrize("name", SEEDS)
def test_damage_gives_pictures_or_a_typed_error(name, tmp_path, capfd):
    seed = SEEDS[name]()
    path = tmp_path / "case"
    path.write_bytes(seed)
    capfd.readouterr()  # OpenCV's writer talks, as no reader may

    @settings(
        max_examples=EXAMPLES,
        derandomize=not LONG,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(chosen=steps)
    def search(chosen):
        path.write_bytes(damaged(seed, chosen))
        check_kind(path)
        check_image(path)
        check_clip(path)
        check_frames(path)
        assert capfd.readouterr() == ("", "")

    search()


def check_kind(path):
    try:
        assert media_kind(path, max_pixels=MAX_PIXELS) in ("image", "animation", "video")
    except MediaError as error:
        check_error(error, path)


def check_image(path):
    try:
        check_pixels(load_image(path, max_pixels=MAX_PIXELS))
        check_pixels(load_image(path, max_pixels=MAX_PIXELS, max_side=20), max_side=20)
    except MediaError as error:
        check_error(error, path)


def check_clip(path):
    try:
        chosen = sample_frames(path, 4, max_side=40, max_pixels=MAX_PIXELS)
    except MediaError as error:
        check_error(error, path)
        return
    assert 1 <= len(chosen.frames) <= 4
    assert 0 <= chosen.duration < math.inf
    check_times([frame.time for frame in chosen.frames])
    for frame in chosen.frames:
        check_pixels(frame.image, max_side=40)
    assert all(start <= end for start, end in chosen.spans)


def check_frames(path):
    try:
        frames = list(itertools.islice(read_frames(path, max_pixels=MAX_PIXELS), MOST_FRAMES))
    except MediaError as error:
        check_error(error, path)
        return
    assert frames
    check_times([frame.time for frame in frames])
    for frame in frames:
        check_pixels(frame.image)


def check_pixels(image, max_side=None):
    assert image.dtype == np.uint8
    assert image.ndim == 3
    assert image.shape[2] == 3
    assert min(image.shape) >= 1
    assert image.shape[0] * image.shape[1] <= MAX_PIXELS
    assert max_side is None or max(image.shape[:2]) <= max_side


def check_times(times):
    assert times[0] >= 0
    assert all(earlier < later < math.inf for earlier, later in itertools.pairwise(times))


def check_error(error, path):
    assert error.path == str(path)
    assert error.reason
    assert error.remedy
    assert "\n" not in str(error)
