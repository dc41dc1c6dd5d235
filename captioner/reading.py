"""Files → what the network takes of them, read in threads ahead of it."""

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from captioner.captioner import MAX_SIDE
from captioner.inputs.finding import Input
from captioner.media.budget import DEFAULT_LIMITS, Budget, Limits
from captioner.media.images import load_image
from captioner.media.kinds import MediaKind, media_kind, promised_kind
from captioner.media.pixels import RGBArray
from captioner.rows import failure_reason
from summarizer.base import SummarizerError

if TYPE_CHECKING:
    from captioner.captioner import Captioner
    from captioner.video import VideoCaptioner

_IMAGES_OF_A_CLIP = 16  # kept room for until it is read; the usual number of frames


@dataclass(frozen=True)
class Loaded:
    """One input as it was read.

    Attributes:
        item: the input.
        kind: what it is; None where that could not be read.
        images: a picture, or the frames of a clip, as `Captioner.prepare` returned them; none
            where ``error`` is set.
        spans: of a clip, the start and end of what each frame stands for, in seconds.
        error: what is wrong with it and what to do.
    """

    item: Input
    kind: MediaKind | None = None
    images: tuple[RGBArray, ...] = ()
    spans: tuple[tuple[float, float], ...] | None = None
    error: str | None = None


class Reader:
    """Reads files for a captioner; any number of threads may share it.

    Args:
        captioner: will caption the images.
        video_captioner: gives what samples and fuses clips; called once, when the first clip
            comes.
        limits: how much work each file may make.
    """

    def __init__(
        self,
        captioner: "Captioner",
        video_captioner: "Callable[[], VideoCaptioner]",
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._captioner = captioner
        self._make_video = video_captioner
        self._limits = limits
        self._video: VideoCaptioner | Exception | None = None
        self._making = threading.Lock()

    @property
    def video(self) -> "VideoCaptioner":
        """What samples and fuses clips; raises what its making raised."""
        with self._making:
            if self._video is None:
                try:
                    self._video = self._make_video()
                except Exception as error:  # it would fail, and take its time, for each clip
                    self._video = error
        if isinstance(self._video, Exception):
            raise self._video
        return self._video

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
                return Loaded(item, kind, (self._captioner.prepare(image),))
            video = self.video  # loading it, for the first clip, is not the file's fault
            clip = video.sample(item.path, Budget(item.path, self._limits))
            images = tuple(self._captioner.prepare(frame.image) for frame in clip.frames)
            return Loaded(item, kind, images, clip.spans)
        except SummarizerError:
            raise
        except Exception as error:  # whatever one file does, the others are still to be captioned
            return Loaded(item, kind, error=failure_reason(error))


def read_ahead(
    inputs: Iterable[Input], read: Callable[[Input], Loaded], *, workers: int, room: int
) -> "Generator[Loaded, None, None]":
    """Read files in threads, and yield them in their order.

    The inputs are taken as room comes free. Closing the iterator stops the reading, and waits for
    the files that are just being read.

    Args:
        inputs: what to read.
        read: reads one.
        workers: how many threads read; at least 1.
        room: about so many images at most wait to be taken; at least 1.
    """
    remaining = iter(inputs)
    ahead: deque[tuple[Input, Future[Loaded]]] = deque()
    with ThreadPoolExecutor(workers, "reading") as pool:
        try:
            while True:
                while not ahead or sum(_places(*one) for one in ahead) < room:
                    item = next(islice(remaining, 1), None)
                    if item is None:
                        break
                    ahead.append((item, pool.submit(read, item)))
                if not ahead:
                    return
                yield ahead.popleft()[1].result()
        finally:
            pool.shutdown(cancel_futures=True)


def _places(item: Input, reading: "Future[Loaded]") -> int:
    """How many images of a file wait, or may come to."""
    if reading.done() and reading.exception() is None:
        return max(1, len(reading.result().images))
    return 1 if promised_kind(item.path) == "image" else _IMAGES_OF_A_CLIP
