"""Files → what the network takes of them, read in threads ahead of it."""

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from captioner.batch.finding import Input
from captioner.batch.rows import failure_reason
from captioner.describe.base import MAX_SIDE
from captioner.media.budget import DEFAULT_LIMITS, Budget, Limits
from captioner.media.detect import kind_from_suffix, media_kind
from captioner.media.images import load_image
from captioner.media.pixels import RGBArray
from captioner.types import MediaKind
from summarizer.base import SummarizerError

if TYPE_CHECKING:
    from captioner.describe.base import Captioner, ClipCaptioner

_IMAGES_OF_A_CLIP = 16  # kept room for until it is read; the usual number of frames
_PAUSE = 0.3  # seconds of waiting after which what is there goes on
_SLOW = 1.0  # seconds of waiting after which a file is called slow


@dataclass(frozen=True)
class Loaded:
    """One input as it was read.

    Attributes:
        item: the input.
        kind: what it is; None where that could not be read.
        images: a picture, or the frames of a clip, as `prepare` of its model returned them; none
            where ``error`` is set.
        spans: of a clip, the start and end of what each frame stands for, in seconds.
        error: what is wrong with it and what to do.
    """

    item: Input
    kind: MediaKind | None = None
    images: tuple[RGBArray, ...] = ()
    spans: tuple[tuple[float, float], ...] | None = None
    error: str | None = None


class Models:
    """What captions pictures, and what captions clips, which is made when the first clip comes.

    Args:
        captioner: captions pictures.
        clip_captioner: gives what captions clips; called once, and for a clip only.

    Attributes:
        pictures: captions pictures.
        streams: from how many threads at once they may be called.
    """

    def __init__(
        self, captioner: "Captioner", clip_captioner: "Callable[[], ClipCaptioner]"
    ) -> None:
        self.pictures = captioner.with_streams()
        self.streams = self.pictures.streams
        self._make_clips = clip_captioner
        self._clips: ClipCaptioner | Exception | None = None
        self._making = threading.Lock()

    @property
    def clips(self) -> "ClipCaptioner":
        """What captions clips; raises what its making raised."""
        with self._making:
            if self._clips is None:
                try:
                    self._clips = self._make_clips().with_streams()
                except Exception as error:  # it would fail, and take its time, for each clip
                    self._clips = error
        if isinstance(self._clips, Exception):
            raise self._clips
        return self._clips


class Prefetcher:
    """Reads files for the models; any number of threads may share it.

    Args:
        models: will caption what is read.
        limits: how much work each file may make.
    """

    def __init__(self, models: Models, limits: Limits = DEFAULT_LIMITS) -> None:
        self._models = models
        self._limits = limits

    def read(self, item: Input) -> Loaded:
        """Read one file, whatever is wrong with it.

        Raises:
            SummarizerError: it is a clip, and its summarizer cannot be loaded; no file is to blame.
        """
        kind = None
        if item.error is not None:
            return Loaded(item, error=item.error)
        try:
            budget = Budget(item.path, self._limits)
            kind = media_kind(item.path, budget=budget)
            if kind == "image":
                image = load_image(item.path, max_side=MAX_SIDE, budget=budget)
                return Loaded(item, kind, (self._models.pictures.prepare(image),))
            clips = self._models.clips  # loading it, for the first clip, is not the file's fault
            clip = clips.sample(item.path, Budget(item.path, self._limits))
            images = tuple(clips.prepare(frame.image) for frame in clip.frames)
            return Loaded(item, kind, images, clip.spans)
        except SummarizerError:
            raise
        except Exception as error:  # whatever one file does, the others are still to be captioned
            return Loaded(item, kind, error=failure_reason(error))


def read_ahead(
    inputs: Iterable[Input],
    read: Callable[[Input], Loaded],
    *,
    workers: int,
    room: int,
    overtaking: bool = False,
    waiting_for: Callable[[Input | None], None] = lambda item: None,
) -> "Generator[Loaded | None, None, None]":
    """Read files in threads, and yield them in their order, but for a slow one where that may be.

    A file is slow once it was waited for a second. The inputs are taken as room comes free.
    Closing the iterator stops the reading, and waits for the files that are just being read.

    Args:
        inputs: what to read.
        read: reads one.
        workers: how many threads read; at least 1.
        room: about so many images at most wait to be taken; at least 1.
        overtaking: whether files behind a slow one go before it as soon as they were read.
        waiting_for: is told of a slow file, again and again, and of None when it was read.

    Yields:
        What was read; None several times a second while there is nothing, so that nothing which
        came before has to wait, too.
    """
    remaining = iter(inputs)
    ahead: deque[_Pending] = deque()
    waited = 0.0  # for the first of them, in seconds
    with ThreadPoolExecutor(workers, "reading") as pool:
        try:
            while True:
                passing = overtaking and waited >= _SLOW
                # The room of the slow file is given to those that overtake it.
                while not ahead or sum(map(_places, islice(ahead, passing, None))) < room:
                    item = next(islice(remaining, 1), None)
                    if item is None:
                        break
                    ahead.append(_Pending(item, pool.submit(read, item)))
                if not ahead:
                    return
                candidates = [*ahead] if passing else [ahead[0]]
                start = time.monotonic()
                done, _ = wait([one.result for one in candidates], _PAUSE, FIRST_COMPLETED)
                if not done:
                    waited += time.monotonic() - start
                    if waited >= _SLOW:
                        waiting_for(ahead[0].item)
                    yield None
                    continue
                place = next(n for n, one in enumerate(candidates) if one.result in done)
                if place == 0 and waited >= _SLOW:
                    waiting_for(None)
                waited = waited if place else 0.0
                loaded = ahead[place].result.result()
                del ahead[place]
                yield loaded
        finally:
            pool.shutdown(cancel_futures=True)


class _Pending(NamedTuple):
    item: Input
    result: "Future[Loaded]"


def _places(reading: _Pending) -> int:
    """How many images of a file wait, or may come to."""
    item, result = reading
    if result.done() and result.exception() is None:
        return max(1, len(result.result().images))
    return 1 if kind_from_suffix(item.path) == "image" else _IMAGES_OF_A_CLIP
