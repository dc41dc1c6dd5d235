"""Settings of the whole process, changed for a while and put back, whichever threads do so."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

_lock = threading.RLock()


@contextmanager
def standard_error_to(file: BinaryIO) -> Iterator[None]:
    """Turns standard error away, C libraries' words too; one thread at a time.

    Where it is closed nothing is done, for nobody would see them.
    """
    with _lock:
        kept = _duplicate(2)
        if kept is not None:
            _flush_standard_error()
            os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            if kept is not None:
                os.dup2(kept, 2)
                os.close(kept)


@contextmanager
def data_format(chosen: str) -> Iterator[None]:
    """Has Keras's layers that are made inside take this format; one thread at a time.

    Args:
        chosen: ``channels_first`` or ``channels_last``.
    """
    import keras

    with _lock:
        before = keras.config.image_data_format()
        keras.config.set_image_data_format(chosen)
        try:
            yield
        finally:
            keras.config.set_image_data_format(before)


@contextmanager
def dtype_policy(name: str) -> Iterator[None]:
    """Has Keras's layers that are made inside compute so; one thread at a time.

    Args:
        name: ``float32`` or ``mixed_bfloat16``.
    """
    import keras

    with _lock:
        before = keras.mixed_precision.dtype_policy()
        keras.mixed_precision.set_dtype_policy(name)
        try:
            yield
        finally:
            keras.mixed_precision.set_dtype_policy(before)


class Shared:
    """A change that holds as long as any thread is inside: the first makes it, the last undoes it.

    Args:
        change: makes it, and returns what undoes it.
    """

    def __init__(self, change: Callable[[], Callable[[], None]]):
        self._change = change
        self._inside = 0
        self._undo: Callable[[], None] = lambda: None

    def __enter__(self) -> None:
        with _lock:
            if self._inside == 0:
                self._undo = self._change()
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with _lock:
            self._inside -= 1
            if self._inside == 0:
                self._undo()


def _duplicate(descriptor: int) -> int | None:
    try:
        return os.dup(descriptor)
    except OSError:
        return None


def _flush_standard_error() -> None:
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            sys.stderr.flush()
