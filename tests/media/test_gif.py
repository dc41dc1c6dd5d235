import io
import itertools

import pytest
from PIL import GifImagePlugin, Image

from captioner.errors import BudgetError
from captioner.media.frames import sample_frames
from captioner.media.gif import numbered_frames
from tests.corpus.animations import gif, gif_frame, moving

LARGE = gif_frame(width=16, height=16, data=b"\x02" + (b"\xff" + bytes(255)) * 9 + b"\0")
COLOURS = gif_frame(flags=0x81, data=bytes(12) + b"\x02\x02\x44\x01\x00")
COMMENT = b"\x21\xfe\x03,,,\x03;;;\x00"


def count(data):
    return len(list(numbered_frames(io.BytesIO(data))))


@pytest.mark.parametrize(
    ("data", "number"),
    [
        (moving(".gif"), 8),
        (gif([]), 0),
        (gif([gif_frame()] * 3), 3),
        (gif([gif_frame()] * 3, end=b""), 3),
        (gif([gif_frame()] * 3) + gif_frame(), 3),
        (gif([gif_frame()] * 3, colours=None), 3),
        (gif([LARGE, COLOURS, COMMENT, LARGE]), 3),
        (gif([gif_frame(), b"garbage." * 9, gif_frame()]), 2),
        (gif([gif_frame(), bytes(3 << 16), gif_frame()]), 2),
        (gif([gif_frame(), bytes(1 << 16)], end=b""), 1),
    ],
)
def test_frames_are_those_of_pillow(data, number):
    assert count(data) == number
    if number:
        with Image.open(io.BytesIO(data)) as image:
            assert image.n_frames == number


def test_a_gif_that_is_cut_has_the_frames_that_begin():
    data = gif([gif_frame(), LARGE, COLOURS, COMMENT, gif_frame()])
    counts = [count(data[:length]) for length in range(13, len(data) + 1)]
    assert counts[0] == 0
    assert counts[-1] == 4
    assert all(0 <= after - before <= 1 for before, after in itertools.pairwise(counts))


def test_very_many_frames_are_counted_without_pillow_and_refused(tmp_path, monkeypatch):
    path = tmp_path / "a.gif"
    path.write_bytes(gif([gif_frame()] * 210_000))
    sought = []
    real = GifImagePlugin.GifImageFile._seek

    def seek(self, frame, update_image=True):
        sought.append(frame)
        real(self, frame, update_image)

    monkeypatch.setattr(GifImagePlugin.GifImageFile, "_seek", seek)
    with pytest.raises(BudgetError, match="too many frames of 16x16 pixels"):
        sample_frames(path)
    assert set(sought) <= {0, 1}
