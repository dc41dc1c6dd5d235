"""Which Keras backend an entry point runs on.

Keras reads ``KERAS_BACKEND`` once, at its first import, so these are called before that, and by
entry points only: a library that changed it would change its user's other models too.
"""

import logging
import os
import sys
from importlib.util import find_spec


def choose_backend() -> str:
    """Choose the backend for captioning: OpenVINO where it is installed, else TensorFlow.

    OpenVINO is the fastest of Keras's backends on a CPU, but it only runs models and does not
    train them. A ``KERAS_BACKEND`` that the user set is kept.

    Returns:
        The name that ``KERAS_BACKEND`` now holds.
    """
    return _set_backend("openvino" if find_spec("openvino") else "tensorflow")


def choose_training_backend() -> str:
    """Choose the backend for training: TensorFlow, unless the user set ``KERAS_BACKEND``.

    Returns:
        The name that ``KERAS_BACKEND`` now holds.
    """
    return _set_backend("tensorflow")


def on_openvino() -> bool:
    """Whether Keras runs on OpenVINO, or would if it were imported now."""
    if "keras" in sys.modules:
        return bool(sys.modules["keras"].config.backend() == "openvino")
    return os.environ.get("KERAS_BACKEND") == "openvino"


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
