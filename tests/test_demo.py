import os
import subprocess
import sys
from pathlib import Path

import pytest

from captioner.media.detect import media_kind
from captioner.media.frames import sample_frames
from captioner.media.images import load_image
from tools.demo import make

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make(tmp_path_factory.mktemp("demo") / "inputs")


def test_the_demo_has_photos_a_gif_and_a_video(made):
    kinds = [media_kind(path) for path in made]
    assert kinds.count("image") >= 3
    assert [path.suffix for path in made if media_kind(path) == "animation"] == [".gif"]
    assert kinds.count("video") == 1


def test_its_photos_are_real_ones(made):
    for path in made:
        if media_kind(path) == "image":
            image = load_image(path)
            assert min(image.shape[:2]) >= 300
            assert image.std() > 30


def test_its_clips_move(made):
    for path in made:
        if media_kind(path) != "image":
            clip = sample_frames(path, max_frames=8)
            assert len(clip.frames) == 8
            assert clip.duration == pytest.approx(3.0 if path.suffix == ".mp4" else 1.8, abs=0.1)


_READ_DAMAGED = """
import sys
from pathlib import Path
from captioner import MediaError
from captioner.media.frames import sample_frames
from tools.demo import make

cut = next(path for path in make(Path(sys.argv[1])) if path.suffix == ".mp4")
cut.write_bytes(cut.read_bytes()[:2000])
try:
    sample_frames(cut)
except MediaError:
    print("refused")
"""


def test_after_it_ffmpeg_stays_silent(tmp_path):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("OPENCV_")}
    command = [sys.executable, "-c", _READ_DAMAGED, str(tmp_path)]
    done = subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("refused\n", "")
