"""Which Keras backend an entry point runs on.

Keras reads ``KERAS_BACKEND`` once, at its first import, so these are called before that, and by
entry points only: a library that changed it would change its user's other models too.
"""

import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from importlib.util import find_spec
from tempfile import TemporaryFile

from captioner.runtime.process_state import standard_error_to

# A line of Abseil's logging library, and of TensorFlow's older one; what is fatal is kept.
_LOG_LINE = re.compile(
    rb"[IWE]\d{4} [\d:.]+ |\d{4}-\d\d-\d\d [\d:.]+: [IWE] |WARNING: All log messages before absl"
)


def choose_backend() -> str:
    """Choose the backend for captioning: OpenVINO, else TensorFlow, else PyTorch.

    OpenVINO is the fastest of Keras's backends on a CPU, but it only runs models and does not
    train them. Where it is not to be had, PyTorch comes with the package. A ``KERAS_BACKEND`` that
    the user set is kept.

    Returns:
        The name that ``KERAS_BACKEND`` now holds.
    """
    installed = [name for name in ("openvino", "tensorflow") if find_spec(name)]
    return _set_backend(installed[0] if installed else "torch")


def choose_training_backend() -> str:
    """Choose the backend for training: TensorFlow, unless the user set ``KERAS_BACKEND``.

    Returns:
        The name that ``KERAS_BACKEND`` now holds.
    """
    return _set_backend("tensorflow")


def import_tensorflow() -> None:
    """Imports TensorFlow without what its libraries log about themselves and about CUDA.

    They write past Python, some of it before TensorFlow's own setting counts. Whoever sets
    ``TF_CPP_MIN_LOG_LEVEL`` to 0 or 1 sees all of it. Whatever else is written to standard error
    meanwhile comes after.
    """
    wanted = os.environ.get("TF_CPP_MIN_LOG_LEVEL") in ("0", "1")
    with nullcontext() if wanted else _without_logs():
        import tensorflow

        tensorflow.config.list_physical_devices()  # looks for CUDA, and says so


@contextmanager
def _without_logs() -> Iterator[None]:
    """Drops the lines of C++ logs that are written to standard error."""
    with TemporaryFile() as caught:
        with standard_error_to(caught):
            yield
        caught.seek(0)
        kept = b"".join(line for line in caught if not _LOG_LINE.match(line))
        with suppress(OSError):
            os.write(2, kept)


def on_openvino() -> bool:
    """Whether Keras runs on OpenVINO, or would if it were imported now."""
    if "keras" in sys.modules:
        return bool(sys.modules["keras"].config.backend() == "openvino")
    return os.environ.get("KERAS_BACKEND") == "openvino"


def openvino_is_free() -> bool:
    """Whether OpenVINO is installed, and nobody has chosen a backend of Keras yet."""
    chosen = "keras" in sys.modules or os.environ.get("KERAS_BACKEND")
    return not chosen and find_spec("openvino") is not None


def _set_backend(default: str) -> str:
    # TensorFlow greets every run with lines about its build; 2 leaves its errors.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # Keras imports Matplotlib where that is installed, which then misses its own cache aloud.
    matplotlib = logging.getLogger("matplotlib")
    if matplotlib.level == logging.NOTSET:
        matplotlib.setLevel(logging.ERROR)
    # An empty value counts as unset, as it does for Keras.
    if not os.environ.get("KERAS_BACKEND"):
        os.environ["KERAS_BACKEND"] = default
    return os.environ["KERAS_BACKEND"]
