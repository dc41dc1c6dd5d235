"""Results as HTML: every text of a model or a visitor is escaped here."""

import base64
import io
from collections.abc import Sequence
from html import escape
from itertools import groupby
from statistics import fmean
from typing import TYPE_CHECKING
from urllib.parse import quote

from PIL import Image

from captioner.describe.confidence import SURE

if TYPE_CHECKING:
    from pathlib import Path

    from captioner.batch.rows import Row
    from captioner.media.pixels import RGBArray
    from captioner.page.words import Words
    from captioner.search.index import Hit
    from captioner.types import Answer, Caption, TimedCaption

_THUMBNAIL = 240  # pixels of the longer side


def status(text: str, state: str) -> str:
    """A line that says how things are.

    Args:
        text: the line.
        state: ``"busy"``, ``"ready"`` or ``"stopped"``; picks the colour of the dot.
    """
    dot = f'<span class="dot {escape(state)}" aria-hidden="true"></span>'
    return f'<p class="status" role="status">{dot}{escape(text)}</p>'


def waiting(ahead: int) -> str:
    """A line that says how many others come first.

    Args:
        ahead: how many; at least 1.
    """
    # script.js says it in words, as it says the places in Gradio's queue.
    dot = '<span class="dot busy" aria-hidden="true"></span>'
    return f'<p class="status" role="status">{dot}<span data-place="{ahead}">Waiting</span></p>'


def sentence(text: str) -> str:
    """A caption."""
    return escape(text)


def progress(text: str, done: int, total: int) -> str:
    """A line with a bar that fills as work is done."""
    bar = f'<progress max="{total}" value="{done}" aria-label="progress"></progress>'
    return f'<div class="status-bar">{status(text, "busy")}{bar}</div>'


def small_print(text: str) -> str:
    """A line for those who look for it."""
    return f'<p class="hint">{escape(text)}</p>'


def taken(text: str, suffixes: Sequence[str]) -> str:
    """A line that says which files are taken.

    Args:
        text: the line.
        suffixes: of the files that ``script.js`` takes out of a folder.
    """
    known = escape(" ".join(suffixes))
    return f'<p class="hint" data-suffixes="{known}">{escape(text)}</p>'


def sureness(word: str) -> str:
    """A line that says how sure a caption is; empty where that is not known."""
    state = "ready" if word == SURE else "stopped"
    return status(f"The model is {word}.", state) if word else ""


def beams(caption: "Caption") -> str:
    """The other captions that the search found, the likeliest first."""
    items = "".join(f"<li>{escape(found.text)}</li>" for found in caption.alternatives)
    return f'<ol class="others">{items}</ol>' if items else ""


def table(rows: "Sequence[Row]", words: "Words") -> str:
    """Files with their captions, or with what is wrong with them, as a table.

    Args:
        rows: the files.
        words: says of the score of a picture how sure it is; nobody measured what those of clips
            mean.
    """
    body = "".join(_file(row, words) for row in rows)
    return (
        '<table class="listing files"><thead><tr><th scope="col">file</th>'
        '<th scope="col">caption</th><th scope="col"></th></tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )


def _file(row: "Row", words: "Words") -> str:
    name = f'<th scope="row">{escape(row.file_name)}</th>'
    if row.error is not None:
        return f'<tr class="failed">{name}<td>{escape(row.error)}</td><td>failed</td></tr>'
    word = words(row.score) if row.kind == "image" and row.score is not None else ""
    return f"<tr>{name}<td>{escape(row.text or '')}</td><td>{escape(word)}</td></tr>"


def picture(image: "RGBArray", text: str) -> str:
    """A picture.

    Args:
        image: uint8 [H, W, 3].
        text: what it is, for those who do not see it.
    """
    return f'<img src="{_as_jpeg(Image.fromarray(image))}" alt="{escape(text)}">'


def sheet(words: Sequence[str], pictures: "Sequence[RGBArray]") -> str:
    """A picture for each word, side by side."""
    items = "".join(
        f'<figure><img src="{thumbnail(picture)}" alt="">'
        f"<figcaption>{escape(word)}</figcaption></figure>"
        for word, picture in zip(words, pictures, strict=True)
    )
    return f'<div class="sheet">{items}</div>'


def thumbnail(image: "RGBArray") -> str:
    """A picture as a small JPEG in a data URL."""
    small = Image.fromarray(image)
    small.thumbnail((_THUMBNAIL, _THUMBNAIL))
    return _as_jpeg(small)


def _as_jpeg(image: Image.Image) -> str:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode("ascii")


def timeline(
    frames: "Sequence[TimedCaption]",
    thumbnails: Sequence[str],
    duration: float,
    words: "Words",
    looked: Sequence[Sequence[str]] = (),
) -> str:
    """The captions of a clip in order of time: picture, when, how long, caption, and how sure.

    Neighbours with the same caption are one. ``script.js`` shows the moment of one that is pressed,
    and marks the one of the moment that plays.

    Args:
        frames: the captioned frames.
        thumbnails: a picture of each, as `thumbnail` makes it.
        duration: length of the whole clip, in seconds.
        words: says of a score how sure it is.
        looked: for each frame the words of the clip's sentence that were written with an eye on it.
    """
    pictured = zip(frames, thumbnails, looked or [()] * len(frames), strict=True)
    alike = (list(group) for _, group in groupby(pictured, lambda each: _text(each[0])))
    items = ""
    for group in alike:
        alike_frames, pictures, seen = zip(*group, strict=True)
        looked_here = ", ".join(dict.fromkeys(word for each in seen for word in each))
        items += _moment(alike_frames, pictures[0], duration, words, looked_here)
    return f'<ol class="timeline" aria-label="Captions of the clip, in order">{items}</ol>'


def _text(frame: "TimedCaption") -> str:
    return frame.caption.text


def _moment(
    frames: "Sequence[TimedCaption]", picture: str, duration: float, words: "Words", looked: str
) -> str:
    """One entry for frames with the same caption."""
    start, end = frames[0].start, frames[-1].end
    left = 100 * start / duration if duration else 0
    width = 100 * (end - start) / duration if duration else 100
    word = words(fmean(frame.caption.score for frame in frames))
    looked = f'<span class="looked">looked here for: {escape(looked)}</span>' if looked else ""
    return (
        f'<li data-start="{start:.3f}"><button type="button">'
        f'<img src="{picture}" alt="" width="112"><span class="moment">'
        f'<span class="head"><span class="when">{clock(start)} to {clock(end)}</span>'
        f'<span class="sure">{escape(word)}</span></span>'
        f'<span class="said">{escape(_text(frames[0]))}</span>{looked}'
        f'<span class="track" aria-hidden="true">'
        f'<span style="left:{left:.1f}%;width:{max(width, 1):.1f}%"></span></span></span>'
        "</button></li>"
    )


def moment(file: "Path", hit: "Hit") -> str:
    """A hit of a search, large; a video plays from its moment on.

    Args:
        file: a copy below the folder of uploads.
        hit: what it is a copy of.
    """
    address = f"/gradio_api/file={quote(file.as_posix())}"
    name = escape(hit.file_name)
    if file.suffix.lower() in (".jpg", ".gif"):
        shown = f'<img src="{address}" alt="{name}">'
    else:
        time = f"#t={hit.start:.3f},{hit.end:.3f}"
        shown = f'<video src="{address}{time}" controls autoplay muted playsinline></video>'
    said = f"<p>{escape(hit.caption)}</p>" if hit.caption else ""
    return f'<figure class="hit">{shown}<figcaption>{name}{said}</figcaption></figure>'


def exchange(answer: "Answer", frames: "Sequence[tuple[str, RGBArray]]") -> str:
    """A question, its answer, how sure that is, and the frames that it rests on.

    Args:
        answer: the answer.
        frames: each with the words for when it is seen, which may be empty.
    """
    sure = f"sure to {100 * answer.score:.0f} %" if answer.score >= 0 else ""
    if answer.right is not None:
        sure = f"such answers were right in {100 * answer.right:.0f} of 100 cases"
    if not answer.told and answer.alternatives:
        sure = f"a guess: {answer.alternatives[0][0]}"
    pictures = "".join(
        f'<figure><img src="{thumbnail(image)}" alt="">'
        f"<figcaption>{escape(when)}</figcaption></figure>"
        for when, image in frames
    )
    return (
        f'<dt>{escape(answer.question)}</dt><dd><p class="said">{escape(answer.text)}</p>'
        f'<p class="hint">{escape(sure)}</p><div class="sheet">{pictures}</div></dd>'
    )


def conversation(exchanges: Sequence[str]) -> str:
    """Exchanges in the order in which they were made."""
    said = "".join(exchanges)
    return f'<dl class="conversation" aria-live="polite">{said}</dl>' if said else ""


def clock(seconds: float) -> str:
    """A time as people read it: ``0:07.4``."""
    minutes, rest = divmod(round(seconds, 1), 60)
    return f"{int(minutes)}:{rest:04.1f}"
