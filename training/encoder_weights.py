"""Starting weights of an encoder: ImageNet's, a file's, or none."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
from keras import ops

from captioner.models.caption_model import assign_weights
from captioner.models.encoders import XceptionEncoder
from captioner.models.errors import ModelError


def load_encoder_weights(encoder: XceptionEncoder, source: str) -> list[str]:
    """Sets the weights of ``encoder``.

    Args:
        encoder: its weights are replaced.
        source: ``imagenet`` (Keras Applications downloads them), ``none``, or an ``.npz`` file of
            arrays named ``layer/variable`` as in `XceptionEncoder.variables`.

    Returns:
        The names of the weights that the source lacks; these keep their random start.

    Raises:
        ModelError: the file is missing, is no ``.npz``, or a weight has another shape.
    """
    if source == "none":
        return []
    variables = encoder.variables()
    if source == "imagenet":
        original = keras.applications.Xception(weights="imagenet", include_top=False)
        given = [ops.convert_to_numpy(variable.value) for variable in original.weights]
        assign_weights(variables, dict(zip(variables, given, strict=True)), source)
        return []
    if not Path(source).is_file():
        raise ModelError(f"{source}: no such file; give imagenet, none or an .npz file")
    try:
        arrays = dict(np.load(source, allow_pickle=False))
    except (OSError, ValueError) as error:
        raise ModelError(f"{source} is not an .npz file of weights ({error})") from error
    known = {name: variable for name, variable in variables.items() if name in arrays}
    if not known:
        raise ModelError(f"{source} holds no weights of {encoder.config.name}")
    assign_weights(known, arrays, source)
    return [name for name in variables if name not in arrays]
