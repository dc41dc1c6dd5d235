"""The models of a server: loaded behind the page, each once, and run by one thread for all."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from captioner.ask.base import Answerer
from captioner.describe.base import Captioner, ClipCaptioner, WholeClips
from captioner.describe.loading import DEFAULT_MODEL, load_clip_captioner, needs_summarizer
from captioner.errors import ModelError
from summarizer.base import Summarizer

if TYPE_CHECKING:
    from captioner.types import Caption, ClipCaption, EncodedClip, EncodedFrame

_T = TypeVar("_T")


class Models:
    """The captioners that a server offers, and its summarizer.

    Whatever they compute goes through one thread, first come, first served: so each model is in
    memory once, no two requests run it together, and a long job lets others in between its batches.

    Args:
        names: the captioners that are offered, the default first; None is the one that ships.
        load_captioner: called with a name, for each captioner once.
        load_summarizer: called once, and only where a captioner needs it.
        load_answerer: called once, at the first question; None: the server answers no questions.
        always_summarize: whether the summarizer makes the sentence of a clip also where a network
            from frames to the sentence could.
    """

    def __init__(
        self,
        names: Sequence[str | None],
        load_captioner: Callable[[str | None], Captioner],
        load_summarizer: Callable[[], Summarizer],
        load_answerer: Callable[[], Answerer] | None = None,
        always_summarize: bool = False,
    ):
        self._wanted = {name or DEFAULT_MODEL: name for name in names}
        self._load_captioner = load_captioner
        self._load_summarizer = load_summarizer
        self._load_answerer = load_answerer
        self._always_summarize = always_summarize
        self._answerer: Answerer | None = None
        self._loading_answerer = Lock()
        self._captioners: dict[str, Future[Captioner]] = {name: Future() for name in self._wanted}
        self._summarizer: Future[Summarizer | None] = Future()
        self._turns = _Turns()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the captioners, the default first."""
        return tuple(self._wanted)

    @property
    def _futures(self) -> list[Future[Any]]:
        """The models in the order in which they are loaded."""
        return [*self._captioners.values(), self._summarizer]

    def start(self) -> None:
        """Begins to load, in the background."""
        Thread(target=self._load_all, name="loading", daemon=True).start()

    def ready(self, name: str | None = None) -> bool:
        """Whether a captioner is loaded; without a name: whether all models are."""
        futures = self._futures if name is None else [self._captioners[name]]
        return all(future.done() for future in futures)

    def ahead(self) -> int:
        """How many batches of other requests are run, or wait, before the next one that comes."""
        return self._turns.taken

    def wait(self) -> None:
        """Waits until everything is loaded.

        Raises:
            Exception: what the loading of a model raised; then nothing after it was loaded.
        """
        for future in self._futures:
            future.result()

    def captioner(self, name: str, beams: int = 0) -> Captioner:
        """A captioner to share; waits until it is loaded.

        Args:
            name: one of `names`.
            beams: captions followed side by side; 0: as many as the model itself prefers.
        """
        captioner = self._captioners[name].result()
        return captioner.searching(beams=beams) if beams else captioner

    def clip_captioner(
        self, name: str, *, beams: int = 0, max_frames: int = 16, frame_selector: str = "uniform"
    ) -> ClipCaptioner:
        """What captions clips; waits until its models are loaded. For the rest see `captioner`."""
        captioner = self.captioner(name, beams)
        return load_clip_captioner(
            captioner,
            self._summarizer.result() if self._summarizes(captioner) else None,
            max_frames=max_frames,
            frame_selector=frame_selector,
        )

    def summarizes(self, name: str) -> bool:
        """Whether clips are captions of this captioner, made one; waits until it is loaded."""
        return self._summarizes(self.captioner(name))

    @property
    def answers(self) -> bool:
        """Whether the server answers questions."""
        return self._load_answerer is not None

    @property
    def has_answerer(self) -> bool:
        """Whether what answers questions is loaded."""
        return self._answerer is not None

    def answerer(self) -> Answerer:
        """What answers questions; loaded when it is first needed. Run it by `take`.

        Raises:
            ModelError: there is none, or it cannot be loaded.
        """
        if self._load_answerer is None:
            raise ModelError("this server answers no questions; start one with --answerer MODEL")
        with self._loading_answerer:
            if self._answerer is None:
                self._answerer = self._turns.take(self._load_answerer)
            return self._answerer

    def take(self, work: Callable[..., _T], *args: Any) -> _T:
        """What work of another model returns or raises, once it had its turn among these."""
        return self._turns.take(work, *args)

    def close(self) -> None:
        """Ends the thread; what waits for it is given up."""
        self._turns.close()

    def _load_all(self) -> None:
        try:
            for name, wanted in self._wanted.items():
                # Keras counts the names of layers in each thread anew: one that builds a graph from
                # layers of another would use some twice.
                captioner = self._turns.take(self._load, wanted)
                self._captioners[name].set_result(_Shared(captioner, self._turns))
            needed = any(self._summarizes(future.result()) for future in self._captioners.values())
            summarizer = self._load_summarizer() if needed else None
            shared = None if summarizer is None else _SharedSummarizer(summarizer, self._turns)
            self._summarizer.set_result(shared)
        except BaseException as error:
            for future in self._futures:
                if not future.done():
                    future.set_exception(error)

    def _load(self, wanted: str | None) -> Captioner:
        captioner = self._load_captioner(wanted)
        # The first picture is slow, and the first frame of a clip: they compile the graphs.
        blank = [np.zeros((64, 64, 3), np.uint8)]
        captioner.caption_images(blank)
        if not self._summarizes(captioner):
            load_clip_captioner(captioner).encode_frames(blank)
        return captioner

    def _summarizes(self, captioner: Captioner) -> bool:
        return needs_summarizer(captioner, self._always_summarize)


class _Turns:
    """One thread that runs the models, in the order in which work comes."""

    def __init__(self) -> None:
        self._runner = ThreadPoolExecutor(1, thread_name_prefix="models")
        self._lock = Lock()
        self.taken = 0  # pieces of work that are not yet done

    def take(self, work: Callable[..., _T], *args: Any) -> _T:
        """What the work returns or raises; waits for its turn."""
        with self._lock:
            self.taken += 1
        try:
            return self._runner.submit(work, *args).result()
        finally:
            with self._lock:
                self.taken -= 1

    def close(self) -> None:
        """Ends the thread; what waits for it is given up."""
        self._runner.shutdown(wait=False, cancel_futures=True)


class _Shared(Captioner):
    """A captioner whose batches wait in the line of all requests."""

    def __init__(self, captioner: Captioner, turns: _Turns):
        self.name = captioner.name
        self._captioner = captioner
        self._turns = turns

    def caption_images(self, images: Sequence[np.ndarray]) -> "list[Caption]":
        return self._turns.take(self._captioner.caption_images, images)

    def prepare(self, image: np.ndarray) -> np.ndarray:
        return self._captioner.prepare(image)  # which needs no turn

    def searching(self, *, beams: int) -> Captioner:
        return _Shared(self._captioner.searching(beams=beams), self._turns)

    def for_clips(self) -> Captioner:
        return _Shared(self._captioner.for_clips(), self._turns)

    def whole_clips(self) -> WholeClips | None:
        whole = self._captioner.whole_clips()
        return None if whole is None else _SharedClips(whole, self._turns)


class _SharedClips(WholeClips):
    """The same for what captions clips as a whole."""

    def __init__(self, clips: WholeClips, turns: _Turns):
        self._clips = clips
        self._turns = turns

    @property
    def name(self) -> str:
        return self._clips.name

    def prepare(self, image: np.ndarray) -> np.ndarray:
        return self._clips.prepare(image)  # which needs no turn

    def encode_frames(self, images: Sequence[np.ndarray]) -> "list[EncodedFrame]":
        return self._turns.take(self._clips.encode_frames, images)

    def caption_encoded(self, clips: "Sequence[EncodedClip]") -> "list[ClipCaption]":
        return self._turns.take(self._clips.caption_encoded, clips)

    def with_streams(self) -> WholeClips:
        return self


class _SharedSummarizer(Summarizer):
    """The same for a summarizer."""

    def __init__(self, summarizer: Summarizer, turns: _Turns):
        self.name = summarizer.name
        self._summarizer = summarizer
        self._turns = turns

    def summarize_many(self, groups: Sequence[Sequence[str]]) -> list[str]:
        return self._turns.take(self._summarizer.summarize_many, groups)
