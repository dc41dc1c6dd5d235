"""Workers of a Ray cluster: each holds the models and captions a few files after another.

Ray Data hands the inputs out in blocks. A worker opens, or fetches, the files of its block itself,
so that clips, and every format that ``captioner.media`` knows, are read as on one machine.
Where a worker dies, Ray starts another and hands it the block again: rows are made as a whole block
or not at all, so each input has its row exactly once.
"""

import math
import pickle
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from captioner.batch.finding import Input
from captioner.batch.pipeline import caption_inputs
from captioner.batch.rows import Row
from captioner.cluster.remote import fetch, is_remote, open_store
from captioner.describe.loading import load_clip_captioner, needs_summarizer
from captioner.media.budget import DEFAULT_LIMITS
from captioner.media.detect import kind_from_suffix
from captioner.writers.parquet import parquet_schema

if TYPE_CHECKING:
    import pyarrow

    from captioner.describe.base import Captioner, ClipCaptioner
    from summarizer import Summarizer

_BATCHES_A_BLOCK = 4  # enough for decoding to run ahead of the network; little to do again
_ROWS_A_FILE = 1000
_FETCHERS = 8


@dataclass(frozen=True)
class Job:
    """What every worker is told.

    Attributes:
        load_captioner: loads the captioner; called once by each worker.
        load_summarizer: loads the summarizer; called where there is a clip and it is needed.
        always_summarize: whether the summarizer makes the sentence of a clip also where a network
            from frames to the sentence could.
        max_frames, frame_selector, batch_size, max_seconds: as for ``load_clip_captioner`` and
            ``caption_inputs``.
    """

    load_captioner: "Callable[[], Captioner]"
    load_summarizer: "Callable[[], Summarizer]"
    always_summarize: bool
    max_frames: int
    frame_selector: str
    batch_size: int
    max_seconds: float = DEFAULT_LIMITS.seconds


class Worker:
    """Captions blocks of inputs; Ray Data keeps it alive from one to the next.

    A model that cannot be loaded ends the run, for another block would fare no better.
    """

    def __init__(self, job: Job) -> None:
        self.job = job

    @cached_property
    def _captioner(self) -> "Captioner":
        return self.job.load_captioner()

    @cached_property
    def _clip_captioner(self) -> "ClipCaptioner":
        job = self.job
        return load_clip_captioner(
            self._captioner,
            job.load_summarizer()
            if needs_summarizer(self._captioner, job.always_summarize)
            else None,
            max_frames=job.max_frames,
            frame_selector=job.frame_selector,
            batch_size=job.batch_size,
        )

    def __call__(self, block: "pyarrow.Table") -> "pyarrow.Table":
        """The rows of a block of inputs, in their order, as ``parquet_schema`` has them."""
        import pyarrow

        inputs = [pickle.loads(data) for data in block.column("input").to_pylist()]
        if any(kind_from_suffix(_name(item)) in ("animation", "video") for item in inputs):
            _ = self._clip_captioner  # what cannot be loaded is found out now, not for each clip
        rows = []
        with TemporaryDirectory() as folder:
            captioned = caption_inputs(
                _here(inputs, Path(folder)),
                self._captioner,
                lambda: self._clip_captioner,
                batch_size=self.job.batch_size,
                max_seconds=self.job.max_seconds,
            )
            for item, row in zip(inputs, captioned, strict=True):
                rows.append(row.as_dict())
                if is_remote(item.path):
                    Path(row.path).unlink(missing_ok=True)
        return pyarrow.Table.from_pylist(rows, parquet_schema())


def caption_on_ray(
    inputs: Sequence[Input], job: Job, output: str, *, workers: int, num_cpus: float
) -> None:
    """Caption the inputs on the cluster that Ray is connected to, and write the rows.

    Args:
        inputs: what was found; local paths must be good on every machine.
        job: what the workers are told.
        output: an empty folder, or one that is to be made, on the same terms; Parquet files whose
            names sort in the order of the inputs go there.
        workers: how many there are.
        num_cpus: processors reserved for each.

    Raises:
        ray.exceptions.RayTaskError: something failed in a worker; ``cause`` says what.
        ray.exceptions.RayError: the cluster failed.
    """
    import pyarrow
    import ray.data

    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = sys.stderr.isatty()
    context.raise_original_map_exception = True
    context.execution_options.preserve_order = True
    # As bytes, for a file name need not be valid Unicode, and a string of Arrow's must be.
    packed = [pickle.dumps(item) for item in inputs]
    size = _block_size(len(inputs), job.batch_size, workers)
    blocks = [
        pyarrow.table({"input": pyarrow.array(packed[start : start + size], pyarrow.binary())})
        for start in range(0, len(packed), size)
    ]
    rows = ray.data.from_arrow(blocks).map_batches(
        Worker,
        fn_constructor_args=(job,),
        batch_size=None,  # a whole block
        batch_format="pyarrow",
        compute=ray.data.ActorPoolStrategy(size=min(workers, len(blocks))),
        num_cpus=num_cpus,
    )
    system, path = open_store(output)
    # Workers may hold every processor: writing must not wait for one, or nothing ends.
    rows.write_parquet(
        path, filesystem=system, min_rows_per_file=_ROWS_A_FILE, ray_remote_args={"num_cpus": 0}
    )


def read_rows(output: str) -> Iterator[Row]:
    """The rows that `caption_on_ray` wrote to a folder, in the order of the inputs."""
    import pyarrow.dataset

    system, path = open_store(output)
    for batch in pyarrow.dataset.dataset(path, filesystem=system, format="parquet").to_batches():
        for values in batch.to_pylist():
            yield Row.from_dict(values, path=values["file_name"])


def _block_size(inputs: int, batch_size: int, workers: int) -> int:
    """Inputs in a block: whole batches, but not so many that a worker is left without."""
    batches = math.ceil(inputs / batch_size)
    return batch_size * max(1, min(_BATCHES_A_BLOCK, batches // workers))


def _here(inputs: Sequence[Input], folder: Path) -> Iterator[Input]:
    """The inputs; those of an object store fetched into a folder, a few ahead of their turn."""
    fetched: deque[Future[Input]] = deque()
    with ThreadPoolExecutor(_FETCHERS) as pool:
        for number, item in enumerate(inputs):
            fetched.append(
                pool.submit(_fetched, item, folder / f"{number}{Path(_name(item)).suffix}")
            )
            if len(fetched) > _FETCHERS:
                yield fetched.popleft().result()
        while fetched:
            yield fetched.popleft().result()


def _name(item: Input) -> str:
    """The path of an input, without the parameters of an address."""
    return item.path.partition("?")[0] if is_remote(item.path) else item.path


def _fetched(item: Input, copy: Path) -> Input:
    if item.error is not None or not is_remote(item.path):
        return item
    try:
        fetch(item.path, copy)
    except (OSError, ValueError) as error:
        reason = f"it cannot be fetched ({error}); check its permissions, or try again"
        return replace(item, path=str(copy), error=reason)
    return replace(item, path=str(copy))
