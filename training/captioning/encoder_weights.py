"""Starting weights of an encoder: ImageNet's, a file's, another model's, or none."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np
from keras import ops
from safetensors import SafetensorError
from safetensors.numpy import load_file

from captioner.errors import ModelError
from captioner.models.caption_model import assign_weights
from captioner.models.encoders.base import VisualEncoder
from captioner.models.encoders.convolutional import variables_by_name
from captioner.models.folder import read_folder
from captioner.models.saving import whole_file

_CHOICE = "imagenet, none, a model folder, or a .npz, .safetensors or .h5 file"

Arrays = Mapping[str, np.ndarray]


def load_encoder_weights(encoder: VisualEncoder, *sources: str) -> list[str]:
    """Sets the weights of ``encoder``.

    Args:
        encoder: its weights are replaced.
        sources: each is

            - ``imagenet``: Keras Applications downloads them, for what it has;
            - ``none``: they stay as they are;
            - a model folder, of a captioner with this encoder, alone or beside others;
            - an ``.npz`` or ``.safetensors`` file of arrays named ``layer/variable`` as in
              `VisualEncoder.variables`;
            - an ``.h5`` file of Keras Applications, without the classifier ("notop").

            Of several encoders side by side, ``xception=SOURCE`` is for one of them, and what names
            none is for all others.

    Returns:
        The names of the weights that a source lacks; these keep their random start.

    Raises:
        ModelError: a source is missing, damaged, or of another network; or the weights of ImageNet
            cannot be downloaded.
    """
    several = len(encoder.parts) > 1
    lacking = []
    for name, source in _by_part(encoder, sources).items():
        names = _load(encoder.parts[name], name, source)
        lacking += [f"{name}/{variable}" if several else variable for variable in names]
    return lacking


def _by_part(encoder: VisualEncoder, sources: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    others: list[str] = []
    for source in sources:
        name, equals, own = source.partition("=")
        if equals and name in encoder.parts:
            found[name] = own
        else:
            others.append(source)
    if len(others) > 1:
        raise ModelError(
            f"{' and '.join(others)} cannot both be the encoder's weights; of several encoders "
            f"name each, ENCODER=WEIGHTS; there are {', '.join(encoder.parts)}"
        )
    for name in encoder.parts:
        if name not in found:
            if not others:
                raise ModelError(f"where {name} starts is not said; give {name}=WEIGHTS, too")
            found[name] = others[0]
    return found


def _load(encoder: VisualEncoder, name: str, source: str) -> list[str]:
    if source == "none":
        return []
    arrays = _arrays(encoder, name, source)
    variables = encoder.variables()
    known = {key: variable for key, variable in variables.items() if key in arrays}
    if not known:
        raise ModelError(f"{source} holds no weights of {name}")
    assign_weights(known, arrays, source)
    return [key for key in variables if key not in arrays]


def _arrays(encoder: VisualEncoder, name: str, source: str) -> Arrays:
    path = Path(source)
    if source == "imagenet":
        return _imagenet(encoder, name)
    if path.is_dir():
        return _of_folder(path, name)
    if not path.is_file():
        raise ModelError(f"{source}: no such file or folder; give {_CHOICE}")
    if path.suffix == ".safetensors":
        return _safetensors(path)
    if path.suffix in (".h5", ".hdf5"):
        return _of_keras(encoder, name, source)
    return _npz(path)


def _imagenet(encoder: VisualEncoder, name: str) -> Arrays:
    if encoder.application is None:
        raise ModelError(
            f"imagenet: Keras Applications has no {name}; give a file, which docs/training.md says "
            "how to make, a model folder, or none"
        )
    try:
        return _application(encoder.application, "imagenet")
    except Exception as error:  # Keras raises nothing more precise
        raise ModelError(
            f"the weights of ImageNet cannot be had ({error}); check the network, or give none, a "
            "model folder or a file to --encoder-weights"
        ) from error


def _of_keras(encoder: VisualEncoder, name: str, source: str) -> Arrays:
    if encoder.application is None:
        raise ModelError(f"{source}: Keras Applications has no {name}; give another kind of file")
    try:
        return _application(encoder.application, source)
    except Exception as error:  # h5py and Keras have many kinds
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelError(
            f"{source} does not hold the weights of {name} without its classifier, as Keras "
            f"Applications saves them ({reason})"
        ) from error


def _application(name: str, weights: str) -> Arrays:
    original = getattr(keras.applications, name)(weights=weights, include_top=False)
    named = variables_by_name(original.layers)
    return {key: ops.convert_to_numpy(variable.value) for key, variable in named.items()}


def _of_folder(folder: Path, name: str) -> Arrays:
    kinds = read_folder(folder).config.encoder.name.split("+")
    if name not in kinds:
        raise ModelError(f"{folder} has no weights of {name}: its encoder is {' + '.join(kinds)}")
    arrays = _safetensors(whole_file(folder, "encoder.safetensors"))
    if len(kinds) == 1:
        return arrays
    prefix = f"{name}/"
    return {
        key.removeprefix(prefix): array for key, array in arrays.items() if key.startswith(prefix)
    }


def _safetensors(path: Path) -> Arrays:
    try:
        arrays: dict[str, np.ndarray] = load_file(path)
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{path} is damaged ({error}); copy it again") from error
    return arrays


def _npz(path: Path) -> Arrays:
    if not zipfile.is_zipfile(path):  # which an .npz is
        raise ModelError(
            f"{path} is no .npz file, or a damaged one; give {_CHOICE}; an .npz holds arrays that "
            "numpy.savez wrote, named layer/variable"
        )
    try:
        with np.load(path, allow_pickle=False) as file:
            return dict(file)
    except (OSError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        # NumPy's own words would be about what it could do for somebody who trusts the file.
        raise ModelError(
            f"{path}: its arrays are damaged, or of another kind than numbers"
        ) from error
