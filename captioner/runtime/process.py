"""The process around a command: its standard streams, its signals and its exit code.

Nothing heavy is imported here, and nothing before it: a signal can come at once.
"""

import io
import os
import signal
import sys
from contextlib import suppress
from importlib import import_module
from types import FrameType
from typing import Any, NoReturn

FAILED = 1
INTERRUPTED = 128 + 2  # as a shell counts SIGINT
READER_GONE = 128 + 13  # and SIGPIPE
TERMINATED = 128 + 15  # and SIGTERM


class TerminatedError(KeyboardInterrupt):
    """SIGTERM: as Ctrl-C, the run ends in good order, and what was done is kept."""


def run(module: str) -> NoReturn:
    """Be the process of a command: call the ``main`` of a module, and exit with what it returns.

    Ctrl-C and SIGTERM raise ``KeyboardInterrupt`` in it, unless they were ignored from the start;
    while it is still being imported they end the process, for there is nothing to keep. What
    standard error does not take is lost, and nothing else with it.
    """
    _on_signals(_leave, _leave)
    _open_missing_streams()
    sys.stderr = _standard_error()
    main = import_module(module).main
    _on_signals(signal.default_int_handler, _terminate)
    try:
        code = _flushed(main())
    except SystemExit as exit_:  # of argparse
        code = _flushed(exit_.code if isinstance(exit_.code, int) else FAILED)
    except KeyboardInterrupt as stop:
        code = exit_code_of(stop)
    except BrokenPipeError:
        code = _flushed(READER_GONE)
    if code in (INTERRUPTED, TERMINATED):
        # All that was done is written. Threads of the network may still be at work: Python would
        # wait for them, and after a second Ctrl-C tear them down, which they answer by an abort.
        os._exit(code)
    sys.exit(code)


def exit_code_of(stop: KeyboardInterrupt) -> int:
    """What a run returns that was stopped by a signal."""
    return TERMINATED if isinstance(stop, TerminatedError) else INTERRUPTED


def _on_signals(interrupt: "signal._HANDLER", terminate: "signal._HANDLER") -> None:
    """Set the handlers of SIGINT and SIGTERM; what a parent ignores for us stays ignored."""
    for number, handler in ((signal.SIGINT, interrupt), (signal.SIGTERM, terminate)):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, handler)


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    os._exit(128 + number)


def _terminate(_number: int, _frame: FrameType | None) -> NoReturn:
    raise TerminatedError


def _open_missing_streams() -> None:
    """Open the null device in place of each standard stream that was closed before the start.

    A file that is opened later would have its number otherwise, and what libraries print would go
    into it. ``sys.stdin`` and ``sys.stdout`` stay None, so that others can tell.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # takes the lowest number


class _Lossy(io.FileIO):
    """A file that loses what it cannot write."""

    def write(self, data: Any, /) -> int:
        with suppress(OSError):
            written = super().write(data)
            if written is not None:  # where it would have to wait
                return written
        return len(data)


def _standard_error() -> io.TextIOWrapper:
    encoding = "utf-8" if sys.stderr is None else sys.stderr.encoding
    file = io.BufferedWriter(_Lossy(2, "w", closefd=False))
    return io.TextIOWrapper(file, encoding, "backslashreplace", line_buffering=True)


def _flushed(code: int) -> int:
    """The exit code, once standard output has taken all of what was printed."""
    if sys.stdout is None:
        return code
    try:
        sys.stdout.flush()
    except OSError as error:
        # What is left in its buffer goes nowhere; Python would try it again, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return READER_GONE
        if code == 0:  # otherwise somebody has said so
            print(f"cannot write standard output: {error.strerror}", file=sys.stderr)
        return code or FAILED
    return code
