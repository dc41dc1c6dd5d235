"""Boxes of the page that Gradio does not have."""

from typing import Any

import gradio as gr

_CAPTION = """
<figure class="sentence">
<figcaption>{label}</figcaption>
<p class="said" aria-live="polite" data-empty="{empty}">${{value}}</p>
<button type="button" class="copy">Copy</button>
</figure>
"""

# The clipboard is for pages on this machine or behind HTTPS; elsewhere the old way is left.
_COPY = """
element.addEventListener("click", async (event) => {
  const button = event.target.closest(".copy");
  if (!button) return;
  const said = element.querySelector(".said");
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(said.innerText);
  } else {
    getSelection().selectAllChildren(said);
    document.execCommand("copy");
  }
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
});
"""


def caption_box(label: str, empty: str, elem_id: str) -> Any:
    """A box for a caption, in large type, with a button that copies it.

    Its value is HTML: give it what `markup.sentence` makes of a text.

    Args:
        label: stands above the caption.
        empty: stands there until a caption does.
        elem_id: the box's id.
    """
    template = _CAPTION.format(label=label, empty=empty)
    return gr.HTML("", html_template=template, js_on_load=_COPY, elem_id=elem_id)


def download_button(label: str, elem_id: str) -> Any:
    """A button, unseen until there is something to take away.

    Args:
        label: what it says.
        elem_id: its id.
    """
    # Hidden, but there: what Gradio makes only when it shows can miss changes of that moment.
    return gr.DownloadButton(label, size="sm", min_width=60, visible="hidden", elem_id=elem_id)
