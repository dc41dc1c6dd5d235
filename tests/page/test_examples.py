import base64
from io import BytesIO
from pathlib import Path

import gradio as gr
import httpx
import pytest
from PIL import Image

from captioner.media.detect import media_kind
from captioner.media.frames import read_frames
from captioner.page.examples import add_clip_examples, add_photo_examples
from captioner.page.uploads import path_of


@pytest.fixture
def buttons(uploads):
    """What each example's button does, by what it says."""
    with gr.Blocks() as blocks:
        box = gr.File()
        add_photo_examples(box)
        add_clip_examples(box)
    labels = {b.elem_id: b.value for b in blocks.blocks.values() if isinstance(b, gr.Button)}
    acts = [fn.fn for fn in blocks.fns.values()]
    return dict(zip(labels.values(), acts, strict=True))


def test_there_are_photos_a_gif_and_a_video_and_each_can_be_read(buttons):
    kinds = {label: media_kind(act()) for label, act in buttons.items()}
    assert kinds == {
        "A cat": "image",
        "Coffee": "image",
        "A tower": "image",
        "A GIF": "animation",
        "A video": "video",
    }
    assert len(list(read_frames(buttons["A GIF"]()))) == 12


def test_each_click_gives_a_new_file_where_uploads_lie(buttons):
    for act in buttons.values():
        first, second = Path(act()), Path(act())
        assert first != second
        assert first.read_bytes() == second.read_bytes()
        assert path_of({"path": str(first)}) == first


def test_every_button_has_a_picture_and_a_word(uploads):
    with gr.Blocks() as blocks:
        add_photo_examples(gr.File())
    buttons = [block for block in blocks.blocks.values() if isinstance(block, gr.Button)]
    assert len(buttons) == 3
    for button in buttons:
        assert button.value
        # Part of the page: a file would be deleted with the uploads.
        head, content = button.icon["url"].split(",")
        assert head == "data:image/jpeg;base64"
        assert Image.open(BytesIO(base64.b64decode(content))).size == (96, 96)
    assert not any(uploads.iterdir())


def test_the_pictures_go_to_the_browser_as_they_are(served):
    config = httpx.get(f"{served.url}/config").json()
    icons = [box["props"]["icon"] for box in config["components"] if box["props"].get("icon")]
    assert len(icons) == 5
    assert all(icon["url"].startswith("data:image/jpeg;base64,") for icon in icons)
