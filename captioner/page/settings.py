"""The settings that all tabs share; nobody needs to touch them."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from captioner.media.frames import SELECTORS
from captioner.page.service import MOST_BEAMS, MOST_FRAMES

_BEAMS = [("as the model prefers", 0), *((str(count), count) for count in (1, 2, 3, 5, MOST_BEAMS))]
_SELECTIONS = {
    "uniform": "evenly over the time",
}


@dataclass(frozen=True)
class SettingBoxes:
    """The boxes that hold the settings."""

    model: Any
    beams: Any
    frames: Any
    selection: Any

    @property
    def photo(self) -> list[Any]:
        """The boxes that matter to a photo."""
        return [self.model, self.beams]

    @property
    def clip(self) -> list[Any]:
        """The boxes that matter to a clip."""
        return [self.model, self.beams, self.frames, self.selection]


def build_settings(models: tuple[str, ...]) -> SettingBoxes:
    """Lays the boxes out in an accordion that is closed.

    Args:
        models: the names of the captioners, the default first.
    """
    with gr.Accordion("Settings", open=False, elem_id="settings"), gr.Row():
        with gr.Column(min_width=240):
            model = gr.Dropdown(
                list(models),
                value=models[0],
                label="Model",
                visible=len(models) > 1,
                elem_id="setting-model",
            )
            beams = gr.Dropdown(
                _BEAMS,
                value=0,
                label="Beams",
                info="Captions followed side by side in the search. More are slower.",
                elem_id="setting-beams",
            )
        with gr.Column(min_width=240):
            frames = gr.Slider(
                1,
                MOST_FRAMES,
                value=16,
                step=1,
                label="Frames of a clip",
                info="So many at most are captioned.",
                elem_id="setting-frames",
            )
            selection = gr.Radio(
                [(_SELECTIONS.get(name, name), name) for name in SELECTORS],
                value="uniform",
                label="Choice of frames",
                visible=len(SELECTORS) > 1,
                elem_id="setting-selection",
            )
    return SettingBoxes(model, beams, frames, selection)
