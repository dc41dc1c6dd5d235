"""Many inputs → their rows: pictures in batches, clips one by one, failures named."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from captioner.captioner import MAX_SIDE
from captioner.finding import Input
from captioner.media.images import load_image
from captioner.media.kinds import MediaKind, media_kind
from captioner.rows import Row, failure_reason

if TYPE_CHECKING:
    from captioner.captioner import Caption, Captioner
    from captioner.video import VideoCaptioner


@dataclass(frozen=True)
class _Picture:
    """A still picture that waits for its batch: its array, or why there is none."""

    item: Input
    kind: MediaKind | None
    image: NDArray[np.uint8] | None
    error: str | None


def caption_inputs(
    inputs: Iterable[Input],
    captioner: "Captioner",
    video_captioner: "Callable[[], VideoCaptioner]",
    *,
    batch_size: int = 16,
) -> Iterator[Row]:
    """Caption the inputs, and yield one row for each, in their order.

    Pictures that follow each other are captioned together. An input that fails, in whatever
    way, becomes a row that says so; only what is no ``Exception`` (Ctrl-C) stops the run.

    Args:
        inputs: what ``find_inputs`` found.
        captioner: captions the pictures.
        video_captioner: gives what captions the clips; called for a clip only, so that nothing
            of stage two is loaded for pictures.
        batch_size: so many pictures at most are captioned together.
    """
    waiting: list[_Picture] = []
    for item in inputs:
        picture = _load(item)
        if picture.kind in ("animation", "video"):
            yield from _caption_pictures(waiting, captioner)
            waiting = []
            yield _caption_clip(item, picture.kind, captioner.name, video_captioner)
            continue
        waiting.append(picture)
        if len(waiting) >= batch_size:
            yield from _caption_pictures(waiting, captioner)
            waiting = []
    yield from _caption_pictures(waiting, captioner)


def failed_row(item: Input, error: str | None, kind: MediaKind | None = None) -> Row:
    """The row of an input that has no caption, and why."""
    return Row(item.path, item.file_name, kind, error=error)


def _load(item: Input) -> _Picture:
    kind = None
    if item.error is not None:
        return _Picture(item, kind, None, item.error)
    try:
        kind = media_kind(item.path)
        image = load_image(item.path, max_side=MAX_SIDE) if kind == "image" else None
        return _Picture(item, kind, image, None)
    except Exception as error:  # whatever one file does, the others are still to be captioned
        return _Picture(item, kind, None, failure_reason(error))


def _caption_pictures(pictures: list[_Picture], captioner: "Captioner") -> Iterator[Row]:
    images = [picture.image for picture in pictures if picture.image is not None]
    outcomes = iter(_caption_images(images, captioner))
    for picture in pictures:
        outcome = picture.error if picture.image is None else next(outcomes)
        if outcome is None or isinstance(outcome, str):
            yield failed_row(picture.item, outcome, picture.kind)
        else:
            yield _captioned_row(
                picture.item, picture.kind, outcome.text, outcome.score, captioner.name
            )


def _caption_images(
    images: list[NDArray[np.uint8]], captioner: "Captioner"
) -> "list[Caption | str]":
    """The caption of each image, or the reason why it has none."""
    if not images:
        return []
    try:
        return [*captioner.caption_images(images)]
    except Exception as error:
        if len(images) == 1:
            return [failure_reason(error)]
    # One image spoils the batch, or the batch does not fit into memory: each on its own.
    return [outcome for image in images for outcome in _caption_images([image], captioner)]


def _caption_clip(
    item: Input, kind: MediaKind, model: str, video_captioner: "Callable[[], VideoCaptioner]"
) -> Row:
    try:
        video = video_captioner()
        result = video.caption(item.path)
    except Exception as error:  # as for pictures
        return failed_row(item, failure_reason(error), kind)
    summarizer = video.summarizer.name if len(result.frames) > 1 else None
    return _captioned_row(
        item, kind, result.text, result.score, model, frames=result.frames, summarizer=summarizer
    )


def _captioned_row(
    item: Input, kind: MediaKind | None, text: str, score: float, model: str, **clip: Any
) -> Row:
    return Row(item.path, item.file_name, kind, text, score, model=model, **clip)
