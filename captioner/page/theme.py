"""How the page looks: one calm design, light and dark, with the fonts that a machine has."""

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.themes.utils.colors import Color

_HERE = Path(__file__).parent

_SANS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Ubuntu", "Cantarell", "sans-serif")
_MONO = ("ui-monospace", "SF Mono", "Cascadia Mono", "Menlo", "Consolas", "monospace")

# From light to dark.
_PINE = Color(
    name="pine",
    c50="#eef6f4", c100="#d6eae6", c200="#aed5cd", c300="#7fbab0", c400="#4f9b90",
    c500="#2f7f75", c600="#21675f", c700="#1b534d", c800="#17423e", c900="#123531", c950="#0a201e",
)  # fmt: skip
_STONE = Color(
    name="stone",
    c50="#faf9f7", c100="#f3f1ed", c200="#e6e2db", c300="#d2ccc2", c400="#a39c90",
    c500="#6f695f", c600="#565149", c700="#403c36", c800="#2a2825", c900="#1d1c1a", c950="#141312",
)  # fmt: skip


def look() -> dict[str, Any]:
    """What ``launch`` is to be given, so that the page looks and behaves as designed."""
    script = (_HERE / "script.js").read_text(encoding="utf-8")
    return {"theme": theme(), "css_paths": [_HERE / "style.css"], "js": script}


def theme() -> Any:
    """The colours, sizes and fonts; nothing of it is fetched from anywhere."""
    base = gr.themes.Base(
        primary_hue=_PINE,
        secondary_hue=_PINE,
        neutral_hue=_STONE,
        radius_size=gr.themes.sizes.radius_lg,
        font=[gr.themes.Font(name) for name in _SANS],
        font_mono=[gr.themes.Font(name) for name in _MONO],
    )
    return base.set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        body_text_color="*neutral_900",
        body_text_color_dark="*neutral_100",
        body_text_color_subdued="*neutral_500",
        body_text_color_subdued_dark="*neutral_400",
        background_fill_primary="white",
        background_fill_primary_dark="*neutral_900",
        background_fill_secondary="*neutral_100",
        background_fill_secondary_dark="*neutral_800",
        block_background_fill="white",
        block_background_fill_dark="*neutral_900",
        block_border_color="*neutral_200",
        block_border_color_dark="*neutral_800",
        border_color_primary="*neutral_200",
        border_color_primary_dark="*neutral_700",
        block_border_width="1px",
        block_shadow="none",
        block_label_background_fill="white",
        block_label_background_fill_dark="*neutral_900",
        block_label_text_color="*neutral_500",
        block_label_text_color_dark="*neutral_400",
        block_title_text_color="*neutral_600",
        block_title_text_color_dark="*neutral_300",
        block_info_text_color="*neutral_500",
        block_info_text_color_dark="*neutral_400",
        input_background_fill="white",
        input_background_fill_dark="*neutral_900",
        input_border_color="*neutral_300",
        input_border_color_dark="*neutral_700",
        input_border_color_focus="*primary_500",
        input_border_color_focus_dark="*primary_400",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_dark="*primary_600",
        button_primary_background_fill_hover_dark="*primary_500",
        button_primary_text_color="white",
        button_primary_text_color_dark="white",
        button_secondary_background_fill="white",
        button_secondary_background_fill_hover="*neutral_100",
        button_secondary_background_fill_dark="*neutral_800",
        button_secondary_background_fill_hover_dark="*neutral_700",
        button_secondary_border_color="*neutral_300",
        button_secondary_border_color_dark="*neutral_700",
        button_cancel_background_fill="white",
        button_cancel_background_fill_hover="*neutral_100",
        button_cancel_background_fill_dark="*neutral_800",
        button_cancel_background_fill_hover_dark="*neutral_700",
        button_cancel_text_color="*neutral_900",
        button_cancel_text_color_dark="*neutral_100",
        button_cancel_border_color="*neutral_300",
        button_cancel_border_color_dark="*neutral_700",
        button_border_width="1px",
        link_text_color="*primary_700",
        link_text_color_dark="*primary_300",
        slider_color="*primary_500",
        loader_color="*primary_500",
    )
