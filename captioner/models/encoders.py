"""Convolutional encoders: RGB images to a grid of feature vectors.

Xception: F. Chollet, "Xception: Deep Learning with Depthwise Separable Convolutions", CVPR 2017.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

from captioner.errors import ModelError
from captioner.models.config import EncoderConfig

# These convolve channels first: Keras would transpose before and after every layer, which took
# longer than all convolutions together on OpenVINO (training/results/runtime.md).
_CHANNELS_FIRST = ("openvino", "torch")

_AUTOMATIC_NAME = re.compile(r"^(conv2d|batch_normalization|add)(_\d+)?$")


class XceptionEncoder:
    """Xception without its classifier.

    Attributes:
        model: uint8 images [B, S, S, 3] → float grid [B, N, C]. At 299 pixels N is 100 (10 by 10);
            C is 1,024 for ``block13``, 2,048 for ``block14``, and the sum for several: 2,008 for
            ``block3+block12+block13``, whose finer grids are pooled to the coarsest.
            The mean over N of block 14 is the classic pooled 2,048-d vector.
    """

    blocks = tuple(f"block{number}" for number in range(1, 15))

    def __init__(self, config: EncoderConfig):
        size = config.image_size
        if size < 71:
            raise ModelError(f"image_size is {size}; Xception needs at least 71 pixels")
        self._outputs = config.output.split("+")
        unknown = [name for name in self._outputs if name not in self.blocks]
        if unknown:
            raise ModelError(f"unknown encoder output {config.output!r}; known: block1 to block14")
        self.config = config
        self._images = keras.Input((size, size, 3), dtype="uint8", name="images")
        scaled = keras.layers.Rescaling(1 / 127.5, offset=-1, name="scale")(self._images)
        with _data_format_of_the_backend() as data_format:
            if data_format == "channels_first":
                scaled = keras.layers.Permute((3, 1, 2), name="channels_first")(scaled)
            self.backbone = keras.applications.Xception(
                weights=None, include_top=False, input_tensor=scaled
            )
        self._channels_first = data_format == "channels_first"
        self._grids = self._pooled_grids()
        self.model = keras.Model(self._images, self._joined(self._grids), name="encoder")

    def variables(self) -> dict[str, Any]:
        """The weights by name (``layer/variable``), the same however often it is built."""
        names: dict[str, Any] = {}
        seen: dict[str, int] = {}
        for layer in self.model.layers:
            name = layer.name
            automatic = _AUTOMATIC_NAME.match(name)
            if automatic:  # Keras numbers these through the whole process
                kind = automatic.group(1)
                number = seen.get(kind, 0)
                seen[kind] = number + 1
                name = f"{kind}_{number}" if number else kind
            names.update({f"{name}/{variable.name}": variable for variable in layer.weights})
        return names

    def split(self, trained_from: str | None, norms: bool = True) -> tuple[Any, Any]:
        """Cuts the encoder in two: what stays frozen, and what is trained with the decoder.

        Args:
            trained_from: the first trained block; None: nothing is trained.
            norms: train batch normalisations, too; otherwise they keep their statistics, which a
                pretrained encoder has from many more photos.

        Returns:
            ``(trunk, head)``: uint8 images [B, S, S, 3] → features, and features → grid [B, N, C].
            The features are what is worth caching: the grid itself where nothing is trained, the
            images where ``block1`` is; else the output of the last frozen block, channels first
            where the backend convolves so. Where the grid takes from blocks before that one, too,
            all are one vector [B, F].
        """
        if trained_from is None:
            grid = keras.Input(self.model.output.shape[1:], name="frozen")
            return self.model, keras.Model(grid, grid, name="head")
        if trained_from not in self.blocks:
            raise ModelError(f"cannot train from {trained_from!r}; known: block1 to block14")
        position = self.blocks.index(trained_from)
        leaves = [self.blocks.index(name) for name in self._outputs]
        if max(leaves) < position:
            raise ModelError(
                f"output {self.config.output!r} leaves the encoder before {trained_from}"
            )
        cut = self._block_output(self.blocks[position - 1]) if position else self._images
        earlier = [
            grid for grid, leaf in zip(self._grids, leaves, strict=True) if leaf < position - 1
        ]
        self._train_only(self.blocks[position:], norms)
        return self._cut_at([cut, *earlier])

    def _cut_at(self, tensors: list[Any]) -> tuple[Any, Any]:
        """The model before and after ``tensors``; several become one vector between the two."""
        head = keras.Model(tensors, self.model.output, name="head")
        if len(tensors) == 1:
            return keras.Model(self._images, tensors[0], name="trunk"), head
        flat = keras.layers.Concatenate()([keras.layers.Reshape((-1,))(x) for x in tensors])
        features = keras.Input(flat.shape[1:], name="features")
        parts, start = [], 0
        for tensor in tensors:
            end = start + math.prod(tensor.shape[1:])
            parts.append(keras.layers.Reshape(tensor.shape[1:])(features[:, start:end]))
            start = end
        return (
            keras.Model(self._images, flat, name="trunk"),
            keras.Model(features, head(parts), name="head"),
        )

    def _block_output(self, block: str) -> Any:
        """Output of a block: the last activation of blocks 1 and 14, else the residual sum."""
        number = int(block.removeprefix("block"))
        if number == 1:
            return self.backbone.get_layer("block1_conv2_act").output
        if number == 14:
            return self.backbone.get_layer("block14_sepconv2_act").output
        sums = [layer for layer in self.backbone.layers if isinstance(layer, keras.layers.Add)]
        return sums[number - 2].output

    def _pooled_grids(self) -> list[Any]:
        """The chosen outputs, the finer ones pooled to the positions of the coarsest."""
        grids = [self._block_output(name) for name in self._outputs]
        coarsest = min(grid.shape[2] for grid in grids)
        return [self._pooled(grid, coarsest) for grid in grids]

    def _joined(self, grids: list[Any]) -> Any:
        """Grids of the same positions as one [B, N, C]."""
        if self._channels_first:
            grids = [keras.layers.Permute((2, 3, 1))(grid) for grid in grids]
        flat = [keras.layers.Reshape((-1, grid.shape[-1]))(grid) for grid in grids]
        return keras.layers.Concatenate()(flat) if len(flat) > 1 else flat[0]

    def _pooled(self, grid: Any, side: int) -> Any:
        """A grid with ``side`` columns, pooled as Xception pools between its blocks."""
        data_format = "channels_first" if self._channels_first else "channels_last"
        while grid.shape[2] > side:
            grid = keras.layers.MaxPooling2D(3, 2, "same", data_format=data_format)(grid)
        return grid

    def _train_only(self, blocks: tuple[str, ...], norms: bool) -> None:
        shortcuts = ["conv2d", "batch_normalization"]  # of blocks 2, 3, 4 and 13, in this order
        owners = {f"{kind}{tail}": block for kind in shortcuts for tail, block in _SHORTCUTS}
        canonical = {id(v): name.split("/")[0] for name, v in self.variables().items()}
        for layer in self.model.layers:
            if layer.weights:
                name = canonical[id(layer.weights[0])]
                block = owners.get(name, name.split("_")[0])
                is_norm = isinstance(layer, keras.layers.BatchNormalization)
                layer.trainable = block in blocks and (norms or not is_norm)


@contextmanager
def _data_format_of_the_backend() -> Iterator[str]:
    """Keras's layers take this format from a setting of the whole process when they are made."""
    before = keras.config.image_data_format()
    chosen = "channels_first" if keras.config.backend() in _CHANNELS_FIRST else "channels_last"
    keras.config.set_image_data_format(chosen)
    try:
        yield chosen
    finally:
        keras.config.set_image_data_format(before)


_SHORTCUTS = (("", "block2"), ("_1", "block3"), ("_2", "block4"), ("_3", "block13"))

ENCODERS = {"xception": XceptionEncoder}


def build_encoder(config: EncoderConfig) -> XceptionEncoder:
    """The encoder that ``config`` names, with random weights.

    Raises:
        ModelError: the name, size or output is unknown.
    """
    if config.name not in ENCODERS:
        raise ModelError(f"unknown encoder {config.name!r}; known: {', '.join(sorted(ENCODERS))}")
    return ENCODERS[config.name](config)
