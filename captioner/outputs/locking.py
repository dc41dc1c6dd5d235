"""One run at a time on one output, by a lock that dies with the process that holds it."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


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
    lock = path.with_name(path.name + ".lock")
    descriptor = _hold(lock)
    try:
        yield
    finally:
        if descriptor is not None:
            if sys.platform == "win32":  # an open file cannot be removed there
                os.close(descriptor)
                with suppress(OSError):
                    lock.unlink()
            else:
                lock.unlink(missing_ok=True)
                os.close(descriptor)


def _hold(lock: Path) -> int | None:
    while True:
        try:
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError:
            return None
        try:
            _lock(descriptor)
        except (BlockingIOError, PermissionError):
            os.close(descriptor)
            output = lock.with_suffix("")
            raise BusyError(
                f"{output} is being written by another run; wait for it, or name another file"
            ) from None
        except OSError:
            os.close(descriptor)
            return None
        if _is_at(lock, descriptor):
            return descriptor
        os.close(descriptor)  # its holder removed it while this run came to it: once more


def _is_at(lock: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), lock.stat())
    except OSError:
        return False
