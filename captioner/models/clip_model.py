"""A network from the features of a clip's frames to its sentence.

It is a `CaptionModel` whose "image" is a clip: where a captioner of pictures has pixels, it has T
frames' features, and where that one has positions of a grid, it has moments and their tokens. So
the decoders, the search, the graphs and the training of captioners serve it as they are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from captioner.errors import ModelError
from captioner.models.caption_model import CaptionModel
from captioner.models.clip_model_config import (
    TASK,
    ClipEncoderConfig,
    ClipModelConfig,
    FrameFeature,
)
from captioner.models.config import CaptionModelConfig
from captioner.models.encoders.base import VisualEncoder
from captioner.models.temporal import build_temporal


@keras.saving.register_keras_serializable(package="captionloom")
class Whitening(keras.layers.Layer):
    """Brings one feature [..., C] to uncorrelated numbers [..., P] of mean 0 and variance 1.

    Its weights are not learnt by gradients, but are a principal component analysis of the features
    of training frames. Without components, every number is scaled by itself.

    Args:
        components: P, or 0.
    """

    def __init__(self, components: int, **kwargs: Any):
        super().__init__(trainable=False, **kwargs)
        self.components = components

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the mean and the matrix, or scale."""
        channels = input_shape[-1]
        shape = (channels, self.components) if self.components else (channels,)
        # Of no use before they are set: random, so that a network can be tried without training.
        self.mean = self.add_weight(shape=(channels,), initializer="zeros", name="mean")
        start = "glorot_uniform" if self.components else "ones"
        self.scale = self.add_weight(shape=shape, initializer=start, name="scale")
        self.built = True

    def call(self, x: Any) -> Any:
        """Whitens."""
        centred = x - self.mean
        return ops.matmul(centred, self.scale) if self.components else centred * self.scale

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The last axis may be another."""
        return (*input_shape[:-1], self.components or input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {**super().get_config(), "components": self.components}


@keras.saving.register_keras_serializable(package="captionloom")
class TokenKinds(keras.layers.Layer):
    """Adds a learnt vector to each of the N tokens of a frame [B, T, N, D]: which one it is."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the vectors."""
        self.kinds = self.add_weight(
            shape=tuple(input_shape[-2:]), initializer="zeros", name="kinds"
        )
        self.built = True

    def call(self, tokens: Any) -> Any:
        """Adds."""
        return tokens + self.kinds


class ClipEncoder(VisualEncoder):
    """Features of T frames, float32 [B, T, F] → memory [B, T'·N', D].

    Attributes:
        grid: T', N': at how many moments there are how many tokens; row by row.
    """

    def __init__(self, config: ClipEncoderConfig, images: Any = None):
        self.config: ClipEncoderConfig = config
        units = config.temporal.units
        self.whitenings = {
            _name(feature): Whitening(config.components, name=f"{_name(feature)}_whitening")
            for feature in config.features
        }
        if len(self.whitenings) != len(config.features) or not config.features:
            raise ModelError("a clip network needs features of frames, each named once")
        if not config.project and len({feature.channels for feature in config.features}) > 1:
            raise ModelError("features that are read as they are must have the same channels")
        self._projections = [
            keras.layers.Dense(units, name=f"{_name(feature)}_projection")
            for feature in config.features
            if config.project
        ]
        self._kinds = TokenKinds(name="token_kinds")
        self._norm = keras.layers.LayerNormalization(epsilon=1e-5, name="token_norm")
        self._token_dropout = keras.layers.Dropout(
            config.token_dropout, noise_shape=(None, None, None, 1)
        )
        self._temporal = build_temporal(config.temporal)
        self.images = keras.Input((config.frames, config.feature_size), name="frames")
        self._trunk = keras.Model(self.images, self._whitened(self.images), name="whitening")
        self._head, self.grid = self._built_head()
        self.outputs = [self._head(self._trunk(self.images))]
        self.model = keras.Model(self.images, self.outputs[0], name="clip_encoder")

    @property
    def parts(self) -> Mapping[str, VisualEncoder]:
        """Itself alone."""
        return {self.config.name: self}

    def variables(self) -> dict[str, Any]:
        """See `VisualEncoder.variables`."""
        return {variable.path: variable for variable in self.model.weights}

    def cut(self, trained_from: str) -> list[Any]:
        """It has no stages that could be frozen but the whitening, which always is."""
        raise ModelError(f"a clip network has no stage {trained_from!r}; train it whole")

    def train_from(self, trained_from: str | None, norms: bool) -> None:
        """See `cut`."""
        raise ModelError(f"a clip network has no stage {trained_from!r}; train it whole")

    def split(self, trained_from: str | None, norms: bool = True) -> tuple[Any, Any]:
        """The whitening, which stays frozen, and all the rest, which is trained."""
        if trained_from is not None:
            self.cut(trained_from)
        return self._trunk, self._head

    def _whitened(self, frames: Any) -> Any:
        """[B, T, F] → [B, T, E]: the whitened features, one after the other."""
        parts, start = [], 0
        for feature, layer in zip(self.config.features, self.whitenings.values(), strict=True):
            end = start + feature.size
            shape = (self.config.frames, feature.places, feature.channels)
            white = layer(keras.layers.Reshape(shape)(frames[:, :, start:end]))
            flat = (self.config.frames, feature.places * white.shape[-1])
            parts.append(keras.layers.Reshape(flat)(white))
            start = end
        return keras.layers.Concatenate()(parts) if len(parts) > 1 else parts[0]

    def _built_head(self) -> tuple[Any, tuple[int, int]]:
        """Whitened features → memory; and the memory's moments and tokens."""
        config = self.config
        whitened = keras.Input(self._trunk.output.shape[1:], name="whitened")
        tokens, start = [], 0
        for feature in config.features:
            size = config.components or feature.channels
            end = start + feature.places * size
            shape = (config.frames, feature.places, size)
            tokens.append(keras.layers.Reshape(shape)(whitened[:, :, start:end]))
            start = end
        if config.project:
            tokens = [dense(x) for dense, x in zip(self._projections, tokens, strict=True)]
        x = keras.layers.Concatenate(axis=2)(tokens) if len(tokens) > 1 else tokens[0]
        if config.project:
            x = self._token_dropout(self._norm(self._kinds(x)))
        memory = self._temporal(x)
        moments, count, units = memory.shape[1:]
        flat = keras.layers.Reshape((moments * count, units))(memory)
        return keras.Model(whitened, flat, name="over_time"), (moments, count)


class ClipModel(CaptionModel):
    """See the module; arguments as `CaptionModel`."""

    encoder: ClipEncoder

    def _build_encoder(self, config: CaptionModelConfig) -> VisualEncoder:
        assert isinstance(config, ClipModelConfig)
        return ClipEncoder(config.encoder)

    @classmethod
    def load(cls, folder: str | Path) -> ClipModel:
        """See `CaptionModel.load`."""
        model = super().load(folder)
        assert isinstance(model, ClipModel)
        return model

    def _write(self, folder: Path) -> None:
        super()._write(folder)
        path = folder / "config.json"
        values = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps({"task": TASK, **values}, indent=2) + "\n", encoding="utf-8")

    def for_frames(self, frames: int) -> ClipModel:
        """The same weights, copied, for clips of another number of frames."""
        assert isinstance(self.config, ClipModelConfig)
        encoder = replace(self.config.encoder, frames=frames)
        return self.rebuilt(replace(self.config, encoder=encoder))

    def rebuilt(self, config: ClipModelConfig) -> ClipModel:
        """The same weights, copied, in a network that differs in no weight's shape."""
        other = ClipModel(config, self.vocabulary, self.generation)
        for mine, theirs in (
            (self.encoder.variables(), other.encoder.variables()),
            (self.decoder_variables(), other.decoder_variables()),
        ):
            for name, variable in theirs.items():
                variable.assign(mine[name])
        return other


def _name(feature: FrameFeature) -> str:
    """As a part of the names of weights."""
    return f"{feature.encoder}_{feature.kind}".replace("-", "_").replace("/", "_")


def fit_whitening(features: np.ndarray, components: int) -> tuple[np.ndarray, np.ndarray]:
    """The weights of a `Whitening`, from features of training frames.

    Args:
        features: [N, C].
        components: P, or 0.

    Returns:
        ``mean`` float32 [C], and ``scale`` float32 [C, P], or [C] without components. Where there
        are fewer components than P, the rest are zeros.
    """
    x = np.asarray(features, dtype=np.float32)
    mean = x.mean(axis=0)
    x = x - mean
    if not components:
        return mean, 1.0 / np.maximum(x.std(axis=0), 1e-4)
    values, vectors = _principal(x)
    kept = min(components, len(values))
    values, vectors = values[:kept], vectors[:, :kept]
    # Directions in which training frames hardly differ are noise, and not blown up.
    scale = np.zeros((x.shape[1], components), np.float32)
    scale[:, :kept] = vectors / np.sqrt(np.maximum(values, 1e-4 * values[0]))
    return mean, scale


def _principal(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Variances [M] along the principal directions [C, M] of N centred rows, greatest first."""
    count, channels = x.shape
    if count < channels:  # then the rows span all the directions there are
        _, sizes, directions = np.linalg.svd(x, full_matrices=False)
        return sizes**2 / count, directions.T
    values, vectors = np.linalg.eigh(x.T @ x / count)
    return values[::-1], vectors[:, ::-1]
