"""EfficientNet-Lite2: an EfficientNet without squeeze-and-excitation, with ReLU6.

M. Tan and Q. Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML
2019; the Lite networks by R. Liu, 2020, in TensorFlow's repository ``tpu``. 6.1 million weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras

from captioner.models.encoders.convolutional import ConvolutionalEncoder

_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's photos
_NORM = {"epsilon": 1e-3, "momentum": 0.99}
CLASSES = 1000  # of ImageNet


@dataclass(frozen=True)
class _Stage:
    """Inverted bottlenecks, of which the first strides."""

    blocks: int
    kernel: int
    stride: int
    expansion: int
    channels: int


# EfficientNet-B0's, 1.1 times as wide and 1.2 times as deep, but for the first and last stage.
_STAGES = {
    "block1": _Stage(1, 3, 1, 1, 16),
    "block2": _Stage(3, 3, 2, 6, 24),
    "block3": _Stage(3, 5, 2, 6, 48),
    "block4": _Stage(4, 3, 2, 6, 88),
    "block5": _Stage(4, 5, 1, 6, 120),
    "block6": _Stage(5, 5, 2, 6, 208),
    "block7": _Stage(1, 3, 1, 6, 352),
}


def bottlenecks() -> Iterator[tuple[str, bool]]:
    """Name of each inverted bottleneck in their order, and whether it widens what it gets."""
    for name, stage in _STAGES.items():
        for number in range(1, stage.blocks + 1):
            yield f"{name}_{number}", stage.expansion > 1


class EfficientNetLite2Encoder(ConvolutionalEncoder):
    """EfficientNet-Lite2 and what it says of the image as a classifier; made for 260 pixels.

    At 260 pixels the grid of ``head`` is 9 by 9 of 1,280 channels. The stage ``concepts`` is a
    vector of the probabilities of ImageNet's 1,000 classes: as an output beside others it is the
    same at every position.
    """

    stages = ("stem", *_STAGES, "head", "concepts")

    def _prepared(self, images: Any) -> Any:
        scale = [1 / (255 * deviation) for deviation in _DEVIATION]
        offset = [-mean / deviation for mean, deviation in zip(_MEAN, _DEVIATION, strict=True)]
        return keras.layers.Rescaling(scale, offset=offset)(images)

    def _build(self, inputs: Any) -> None:
        self._outputs: dict[str, Any] = {}
        x = keras.layers.Conv2D(32, 3, 2, "same", use_bias=False, name="stem_conv")(inputs)
        x = self._outputs["stem"] = _activated(x, "stem")
        for name, stage in _STAGES.items():
            for number in range(1, stage.blocks + 1):
                x = _bottleneck(x, stage, f"{name}_{number}", stage.stride if number == 1 else 1)
            self._outputs[name] = x
        x = keras.layers.Conv2D(1280, 1, use_bias=False, name="head_conv")(x)
        x = self._outputs["head"] = _activated(x, "head")
        x = keras.layers.GlobalAveragePooling2D()(x)
        x = keras.layers.Dense(CLASSES, name="concepts_dense")(x)
        self._outputs["concepts"] = keras.layers.Softmax(dtype="float32")(x)

    def output_of(self, stage: str) -> Any:
        """A map, but for ``concepts``: the probabilities [B, 1000]."""
        return self._outputs[stage]


def _bottleneck(inputs: Any, stage: _Stage, name: str, stride: int) -> Any:
    """Widen, convolve each channel for itself, narrow; and what came in, where it fits."""
    axis = _channel_axis()
    x, wide = inputs, inputs.shape[axis] * stage.expansion
    if stage.expansion > 1:
        x = keras.layers.Conv2D(wide, 1, use_bias=False, name=f"{name}_expand")(x)
        x = _activated(x, f"{name}_expand")
    x = keras.layers.DepthwiseConv2D(
        stage.kernel, stride, "same", use_bias=False, name=f"{name}_depthwise"
    )(x)
    x = _activated(x, f"{name}_depthwise")
    x = keras.layers.Conv2D(stage.channels, 1, use_bias=False, name=f"{name}_project")(x)
    x = keras.layers.BatchNormalization(axis, **_NORM, name=f"{name}_project_bn")(x)
    if stride > 1 or inputs.shape[axis] != stage.channels:
        return x
    return keras.layers.Add(name=f"{name}_add")([x, inputs])


def _activated(x: Any, name: str) -> Any:
    x = keras.layers.BatchNormalization(_channel_axis(), **_NORM, name=f"{name}_bn")(x)
    return keras.layers.ReLU(6.0, name=f"{name}_relu")(x)


def _channel_axis() -> int:
    return 1 if keras.config.image_data_format() == "channels_first" else 3
