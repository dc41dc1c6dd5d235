"""Starting weights of an encoder: ImageNet's, a file's, or none."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import keras
import numpy as np
from keras import ops

from captioner.errors import ModelError
from captioner.models.caption_model import assign_weights
from captioner.models.encoders import XceptionEncoder


def load_encoder_weights(encoder: XceptionEncoder, source: str) -> list[str]:
    """Sets the weights of ``encoder``.

    Args:
        encoder: its weights are replaced.
        source: ``imagenet`` (Keras Applications downloads them), ``none``, or an ``.npz`` file of
            arrays named ``layer/variable`` as in `XceptionEncoder.variables`.

    Returns:
        The names of the weights that the source lacks; these keep their random start.

    Raises:
        ModelError: the file is missing, is no ``.npz``, or a weight has another shape; or the
            weights of ImageNet cannot be downloaded.
    """
    if source == "none":
        return []
    variables = encoder.variables()
    if source == "imagenet":
        try:
            original = keras.applications.Xception(weights="imagenet", include_top=False)
        except Exception as error:  # Keras raises nothing more precise
            raise ModelError(
                f"the weights of ImageNet cannot be had ({error}); check the network, or give none "
                "or an .npz file to --encoder-weights"
            ) from error
        given = [ops.convert_to_numpy(variable.value) for variable in original.weights]
        assign_weights(variables, dict(zip(variables, given, strict=True)), source)
        return []
    if not Path(source).is_file():
        raise ModelError(f"{source}: no such file; give imagenet, none or an .npz file")
    arrays = _read(source)
    known = {name: variable for name, variable in variables.items() if name in arrays}
    if not known:
        raise ModelError(f"{source} holds no weights of {encoder.config.name}")
    assign_weights(known, arrays, source)
    return [name for name in variables if name not in arrays]


def _read(source: str) -> dict[str, np.ndarray]:
    if not zipfile.is_zipfile(source):  # which an .npz is
        raise ModelError(
            f"{source} is no .npz file, or a damaged one; give imagenet, none, or arrays that "
            "numpy.savez wrote, named layer/variable"
        )
    try:
        with np.load(source, allow_pickle=False) as file:
            return dict(file)
    except (OSError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        # NumPy's own words would be about what it could do for somebody who trusts the file.
        raise ModelError(
            f"{source}: its arrays are damaged, or of another kind than numbers"
        ) from error
