"""Examples that work offline with one click."""

import base64
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from gradio.media import get_image
from PIL import Image, ImageOps

from captioner.media.pixels import RGBArray
from captioner.page.preview import write_video
from captioner.page.storage import new_folder

_PHOTOS = Path(__file__).with_name("photos")
_SIZE = (320, 240)
_ICON = (96, 96)


@dataclass(frozen=True)
class _Example:
    """A file to try.

    Attributes:
        label: what its button says.
        photo: the photo of which it is made.
        make: makes it, of the photo, in a folder.
    """

    label: str
    photo: Path
    make: Callable[[Path, Path], Path]

    def give(self) -> str:
        """A new file: Gradio deletes after an hour what was in a box."""
        return str(self.make(self.photo, new_folder()))


def add_photo_examples(photo: Any) -> None:
    """Lays out examples of photos; a press puts one into the box."""
    files = {
        "A cat": _PHOTOS / "cat.jpg",
        "Coffee": _PHOTOS / "coffee.jpg",
        "A tower": Path(get_image("tower.jpg")),  # in Gradio's own package
    }
    examples = [_Example(label, file, _copy) for label, file in files.items()]
    _add_buttons(examples, photo, "photo-example")


def add_clip_examples(clip: Any) -> None:
    """Lays out examples of clips, camera moves over the photos; a press puts one into the box."""
    examples = [
        _Example("A GIF", _PHOTOS / "cat.jpg", _gif),
        _Example("A video", _PHOTOS / "coffee.jpg", _video),
    ]
    _add_buttons(examples, clip, "clip-example")


def _add_buttons(examples: Sequence[_Example], box: Any, elem_id: str) -> None:
    gr.Markdown("Or try one of these:", elem_classes="hint")
    with gr.Row(elem_classes="examples"):
        for number, example in enumerate(examples, start=1):
            button = gr.Button(
                example.label,
                icon=_icon(example.photo),
                min_width=100,
                elem_id=f"{elem_id}-{number}",
            )
            button.click(
                example.give,
                outputs=box,
                show_progress="hidden",
                queue=False,
                api_visibility="private",
            )


def _copy(photo: Path, folder: Path) -> Path:
    return Path(shutil.copy(photo, folder))


def _gif(photo: Path, folder: Path) -> Path:
    path = folder / f"{photo.stem}.gif"
    colours = Image.Quantize.FASTOCTREE  # five times as fast as Pillow's own choice
    first, *others = (Image.fromarray(view).quantize(method=colours) for view in _closer(photo, 12))
    first.save(path, save_all=True, append_images=others, duration=200, loop=0)
    return path


def _video(photo: Path, folder: Path) -> Path:
    path = folder / f"{photo.stem}.avi"
    write_video(path, _closer(photo, 40), codec="MJPG")
    return path


def _icon(photo: Path) -> dict[str, str]:
    """A small picture that is part of the page: a file would be deleted after an hour."""
    with Image.open(photo) as file:
        image = ImageOps.fit(file.convert("RGB"), _ICON, Image.Resampling.LANCZOS)
    content = BytesIO()
    image.save(content, "JPEG", quality=85)
    address = "data:image/jpeg;base64," + base64.b64encode(content.getvalue()).decode("ascii")
    return {"path": f"{photo.stem}.jpg", "url": address}


def _closer(photo: Path, count: int) -> Iterator[RGBArray]:
    """What a camera sees that comes closer to the middle of a photo."""
    with Image.open(photo) as file:
        image = file.convert("RGB")
    scale = min(image.width / _SIZE[0], image.height / _SIZE[1])
    width, height = _SIZE[0] * scale, _SIZE[1] * scale
    for step in range(count):
        part = 1 - 0.4 * step / count
        left, top = (image.width - width * part) / 2, (image.height - height * part) / 2
        box = (left, top, left + width * part, top + height * part)
        yield np.asarray(image.resize(_SIZE, Image.Resampling.BILINEAR, box), np.uint8)
