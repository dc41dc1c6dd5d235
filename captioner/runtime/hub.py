"""Models of the Hugging Face hub: loaded quietly, from the local cache first, failures in a line.

Both stages load through here; it knows nothing of what the models do.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from captioner.runtime.process_state import Shared

Loaded = TypeVar("Loaded")

_HUB_SECONDS = 20.0


def is_path(name: str) -> bool:
    """Whether ``name`` can only be a path: a hub name is "model" or "owner/model"."""
    return name.startswith((".", "/", "~")) or "\\" in name or name.count("/") > 1


def load_from_hub(name: str, load: Callable[..., Loaded]) -> Loaded:
    """Loads a model from the local cache, else by download, with progress on a terminal.

    Args:
        name: its name on the hub.
        load: called as ``load(name, local_files_only=True)``; where that raises ``OSError``, as
            transformers does for a file that the cache lacks, then as ``load(name)``.

    Raises:
        Exception: whatever the network, the hub or ``load`` raises.
    """
    from huggingface_hub import HfApi

    with quiet(progress=sys.stderr.isatty()):
        with contextlib.suppress(OSError):
            return load(name, local_files_only=True)
        # Without a network this fails at once, where the download would try again for a minute.
        HfApi().model_info(name, timeout=_HUB_SECONDS)
        return load(name)


def check_numbers(model: Any) -> None:
    """Refuses weights that are no numbers: such a model would write the same nonsense of anything.

    Args:
        model: of transformers.

    Raises:
        ValueError: a weight is infinite or no number.
    """
    import torch

    for name, weights in model.state_dict().items():
        if weights.is_floating_point() and not torch.isfinite(weights).all():
            raise ValueError(f"the weights are damaged: {name} holds what is no number")


def first_line(error: Exception) -> str:
    """The kind of an error and the first line of what it says; transformers writes pages."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0].strip()}" if lines else type(error).__name__


@contextlib.contextmanager
def quiet(progress: bool = False) -> Iterator[None]:
    """Keeps transformers' log lines and progress bars off the screen, and puts them back after."""
    with _no_logs, contextlib.nullcontext() if progress else _no_bars:
        yield


def _stop_logs() -> Callable[[], None]:
    from huggingface_hub.utils import logging as hub_logging
    from transformers.utils import logging

    verbosity, hub_verbosity = logging.get_verbosity(), hub_logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    hub_logging.set_verbosity(logging.ERROR)

    def undo() -> None:
        logging.set_verbosity(verbosity)
        hub_logging.set_verbosity(hub_verbosity)

    return undo


def _stop_bars() -> Callable[[], None]:
    from transformers.utils import logging

    if not logging.is_progress_bar_enabled():
        return lambda: None
    logging.disable_progress_bar()

    def undo() -> None:
        logging.enable_progress_bar()

    return undo


_no_logs, _no_bars = Shared(_stop_logs), Shared(_stop_bars)
