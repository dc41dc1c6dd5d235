"""Many inputs → their rows: read ahead in threads, captioned in full batches, failures named.

While the next file is not ready, what is there is captioned nevertheless: None then goes through
all iterators here, from ``read_ahead`` to ``caption_inputs``, and has them pass on what they hold.
"""

import os
import sys
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias

from captioner.batch.finding import Input
from captioner.batch.prefetch import Loaded, Models, Prefetcher, read_ahead
from captioner.batch.rows import Row, failure_reason
from captioner.media.budget import DEFAULT_LIMITS, Limits
from captioner.media.pixels import RGBArray
from captioner.types import Caption, ClipCaption, EncodedClip, EncodedFrame, MediaKind

if TYPE_CHECKING:
    from captioner.describe.base import Captioner, ClipCaptioner

    Images: TypeAlias = list[tuple[RGBArray, bool]]  # each with whether it is a frame of a clip
    Seen: TypeAlias = Caption | EncodedFrame  # what the models make of a picture, of a frame
    Outcome: TypeAlias = Seen | str  # of an image, or the reason why there is none
    Captioned: TypeAlias = tuple[Loaded, list[Any]]  # a file, and what was seen in its images

WORKERS = max(2, min(8, os.cpu_count() or 1))
_BATCHES_AHEAD = 3  # of images that wait for the network
_CLIPS_TOGETHER = 8  # fused at once, in two thirds of the time of one after the other
_LONGEST_WAIT = 5.0  # seconds that a file waits for the clips to be so many


def caption_inputs(
    inputs: Iterable[Input],
    captioner: "Captioner",
    clip_captioner: "Callable[[], ClipCaptioner]",
    *,
    batch_size: int = 16,
    workers: int = WORKERS,
    overtaking: bool = False,
    waiting_for: Callable[[Input | None], None] = lambda item: None,
    max_seconds: float = DEFAULT_LIMITS.seconds,
) -> Generator[Row, None, None]:
    """Caption the inputs, and yield one row for each, in their order.

    The rows before a file that is slow to read are there while it is read. It holds up those after
    it, unless ``overtaking`` lets them go first.

    Files are read in threads, a few batches ahead of the network, and the inputs are taken as
    they are needed; so the memory does not grow with their number. Pictures and frames of clips
    fill batches together, of which each model gets its own. An input that fails, in whatever way,
    becomes a row that says so; only what is no ``Exception`` (Ctrl-C) stops the run. No thread
    outlives the iterator.

    Args:
        inputs: what ``find_inputs`` found.
        captioner: captions the pictures.
        clip_captioner: gives what captions the clips; called once, and for a clip only, so that
            nothing of it is loaded for pictures.
        batch_size: so many pictures and frames at most are captioned together; at least 1.
        workers: so many threads read files; at least 1.
        overtaking: whether the order may change around files that take over a second to read.
        waiting_for: is told of such a file while it is waited for, several times a second, and of
            None when it was read.
        max_seconds: reading one file may take so long; above 0.
    """
    models = Models(captioner, clip_captioner)
    prefetcher = Prefetcher(models, Limits(seconds=max_seconds))
    room = _BATCHES_AHEAD * batch_size
    held: list[Captioned] = []
    since = 0.0
    reading = read_ahead(
        inputs,
        prefetcher.read,
        workers=workers,
        room=room,
        overtaking=overtaking,
        waiting_for=waiting_for,
    )
    with (
        closing(reading) as files,
        closing(_captioned(files, models, batch_size)) as captioned,
    ):
        for file in captioned:
            if file is not None:
                since = since if held else time.monotonic()
                held.append(file)
            clips = sum(loaded.spans is not None for loaded, _ in held)
            if clips in (0, _CLIPS_TOGETHER) or time.monotonic() - since > _LONGEST_WAIT:
                yield from _rows(held, models)
                held = []
        yield from _rows(held, models)


def failed_row(item: Input, error: str | None, kind: MediaKind | None = None) -> Row:
    """The row of an input that has no caption, and why."""
    return Row(item.path, item.file_name, kind, error=error)


def _captioned(
    files: Iterable[Loaded | None], models: Models, size: int
) -> "Generator[Captioned | None, None, None]":
    """What was seen in each file's images."""
    waiting: deque[tuple[Loaded, int]] = deque()  # each with the number of its images
    outcomes: deque[Outcome] = deque()
    batches = _batches(files, waiting, size)
    with closing(_over_streams(models, batches)) as results:
        for result in results:
            if result is None:
                yield None
                continue
            outcomes.extend(result)
            while waiting and waiting[0][1] <= len(outcomes):
                file, count = waiting.popleft()
                found = [outcomes.popleft() for _ in range(count)]
                reasons = [one for one in found if isinstance(one, str)]
                seen = [one for one in found if not isinstance(one, str)]
                yield replace(file, error=reasons[0]) if reasons else file, seen


def _batches(
    files: Iterable[Loaded | None], waiting: deque[tuple[Loaded, int]], size: int
) -> "Iterator[Images | None]":
    """The images of all files, ``size`` at a time, or those that there are before each None.

    Each file goes on to ``waiting``.
    """
    images: Images = []
    files_in_it = 0
    for file in files:
        if file is None:
            if images:
                yield images
                images, files_in_it = [], 0
            yield None
            continue
        waiting.append((replace(file, images=()), len(file.images)))
        images += [(image, file.spans is not None) for image in file.images]
        files_in_it += 1
        while len(images) >= size:
            yield images[:size]
            images, files_in_it = images[size:], 0
        # Files without images fill no batch, and are not to wait for one that is far away.
        if not images or files_in_it >= 4 * size:
            yield images
            images, files_in_it = [], 0
    yield images


def _over_streams(
    models: Models, batches: "Iterator[Images | None]"
) -> "Generator[list[Outcome] | None, None, None]":
    """What becomes of each batch, in their order; several at once where there are streams.

    At a None, it is what is there by then.
    """
    work = partial(_see, models)
    if models.streams == 1:
        for batch in batches:
            yield None if batch is None else work(batch)  # in this thread: Ctrl-C ends it at once
        return
    for batch in batches:
        # The first image, too, in this thread: graphs are built for it, and Keras, which names the
        # layers of each thread apart, must do so in the thread that loaded the model.
        yield None if batch is None else work(batch[:1])
        if batch:
            yield from _side_by_side(work, chain([batch[1:]], batches), models.streams)
            return


def _side_by_side(
    work: "Callable[[Images], list[Outcome]]",
    batches: "Iterable[Images | None]",
    streams: int,
) -> "Generator[list[Outcome] | None, None, None]":
    running: deque[Future[list[Outcome]]] = deque()
    with ThreadPoolExecutor(streams, "captioning") as pool:
        try:
            for batch in batches:
                if batch is not None:
                    running.append(pool.submit(work, batch))
                # As many again wait, so that no stream does while this thread fuses clips.
                while running and (running[0].done() or len(running) > 2 * streams):
                    yield running.popleft().result()
                if batch is None:
                    yield None
            while running:
                yield running.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def _see(models: Models, images: "Images") -> "list[Outcome]":
    """What the models make of a batch; pictures and frames are given to a model of their own."""
    alone = [image for image, of_clip in images if not of_clip]
    pictures = iter(_see_alike(models.pictures.caption_images, alone))
    frames = [image for image, of_clip in images if of_clip]
    encoded = iter(_see_alike(models.clips.encode_frames, frames) if frames else [])
    return [next(encoded if of_clip else pictures) for _, of_clip in images]


def _see_alike(
    look: "Callable[[Sequence[RGBArray]], Sequence[Seen]]", images: list[RGBArray]
) -> "list[Outcome]":
    if not images:
        return []
    try:
        return [*look(images)]
    except Exception as error:
        if len(images) == 1:
            return [failure_reason(error)]
    # One image makes the batch fail, or the batch does not fit into memory: each on its own.
    return [outcome for image in images for outcome in _see_alike(look, [image])]


def _rows(held: "Sequence[Captioned]", models: Models) -> Iterator[Row]:
    """The rows of these files; the sentences of their clips are made together."""
    clips = [
        EncodedClip(file.spans, tuple(frames))
        for file, frames in held
        if file.spans is not None and file.error is None
    ]
    with _one_torch_thread() if models.streams > 1 else nullcontext():
        sentences = iter(_caption_clips(models, clips) if clips else [])
    for file, seen in held:
        if file.error is not None:
            yield failed_row(file.item, file.error, file.kind)
        elif file.spans is None:
            yield _row(file, seen[0].text, seen[0].score, models.pictures.name)
        elif isinstance(clip := next(sentences), str):
            yield failed_row(file.item, clip, file.kind)
        else:
            yield _row(
                file,
                clip.text,
                clip.score,
                models.clips.name,
                frames=clip.frames,
                summarizer=clip.summarizer,
            )


def _caption_clips(models: Models, clips: Sequence[EncodedClip]) -> "list[ClipCaption | str]":
    """What each clip shows, or the reason why that cannot be said."""
    try:
        return [*models.clips.caption_encoded(clips)]
    except Exception as error:
        if len(clips) == 1:
            return [failure_reason(error)]
    return [outcome for clip in clips for outcome in _caption_clips(models, [clip])]


@contextmanager
def _one_torch_thread() -> Iterator[None]:
    """Let a summarizer compute in this thread alone: the streams have all the cores.

    More threads of PyTorch would wait for each other by turning in a circle, and so take ten
    times as long, and the streams' time with it.
    """
    torch = sys.modules.get("torch")
    if torch is None:  # the summarizer needs none
        yield
        return
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _row(file: Loaded, text: str, score: float, model: str, **clip: Any) -> Row:
    return Row(file.item.path, file.item.file_name, file.kind, text, score, model=model, **clip)
