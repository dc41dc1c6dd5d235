"""One run at a time on one output, by a lock that dies with the process that holds it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout


class BusyError(Exception):
    """Another run holds the lock."""


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of an output file, ``FILE.lock`` beside it, which is removed in the end.

    A lock file that a killed run left behind locks nothing. Where a file system has no locks, or
    the folder takes no file, there is none.

    Raises:
        BusyError: another run holds it.
    """
    file = path.with_name(path.name + ".lock")
    # Not without waiting: where its holder removes the file at this moment, it is tried once more.
    lock = FileLock(file, timeout=0.2, poll_interval=0.05, fallback_to_soft=False)
    held = True
    try:
        lock.acquire()
    except Timeout:
        raise BusyError(
            f"{path} is being written by another run; wait for it, or name another file"
        ) from None
    except OSError:
        held = False
    try:
        yield
    finally:
        if held:
            # While it is held: afterwards it may be another run's. (Windows keeps what is open.)
            with suppress(OSError):
                file.unlink()
            lock.release()
