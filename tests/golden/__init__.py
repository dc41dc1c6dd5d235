"""What the models that ship say of photos and clips, kept in ``captions.json``.

The photos and clips are those that the project has and that packages of the tests carry. Each was
chosen because it keeps its text when noise changes all of its pixels: another processor, or
another version of a decoder, must not decide between two captions that are as good.
"""

from importlib.util import find_spec
from pathlib import Path

from captioner import load_captioner, load_clip_captioner
from summarizer import load_summarizer
from tools import demo

FILE = Path(__file__).parent / "captions.json"


def _package(name: str) -> Path:
    """Where a package lies; it is not imported, for that takes seconds."""
    spec = find_spec(name)
    assert spec is not None and spec.origin is not None, f"{name} is not installed: make setup"
    return Path(spec.origin).parent


_ROOT = Path(__file__).parents[2]
_SKIMAGE = _package("skimage") / "data"
_GRADIO = _package("gradio") / "media_assets"

PHOTOS = (
    *(_ROOT / "captioner" / "page" / "photos" / name for name in ("cat.jpg", "coffee.jpg")),
    _ROOT / "tools" / "photos" / "camera.jpg",
    *(
        _SKIMAGE / name
        for name in ("coins.png", "horse.png", "ihc.png", "retina.jpg", "rocket.jpg")
    ),
    *(_GRADIO / "images" / name for name in ("cheetah.jpg", "groot.jpeg")),
)
CLIPS = (_GRADIO / "videos" / "b.mp4", _SKIMAGE / "no_time_for_that_tiny.gif")


def captions(folder: Path) -> dict[str, str]:
    """What the models say now, by the names of the files.

    Args:
        folder: takes the files that have to be made first.
    """
    captioner = load_captioner(precision="float32")
    whole = load_clip_captioner(captioner)
    fused = load_clip_captioner(captioner, load_summarizer())
    moving = {path.name: path for path in demo.make(folder)}
    texts = {path.name: captioner.caption(path).text for path in PHOTOS}
    texts |= {path.name: whole.caption(path).text for path in (*CLIPS, moving["cat.mp4"])}
    clips = (*CLIPS, moving["camera.gif"])
    return texts | {f"{path.name}, two stages": fused.caption(path).text for path in clips}
