"""ResNet50: K. He et al., "Deep Residual Learning for Image Recognition", CVPR 2016."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from captioner.models.encoders.convolutional import ConvolutionalEncoder

_MEAN_BGR = (103.939, 116.779, 123.68)  # of ImageNet's photos, as keras.applications has it
_BLOCKS = {"conv2": 3, "conv3": 4, "conv4": 6, "conv5": 3}


class ResNet50Encoder(ConvolutionalEncoder):
    """ResNet50 without its classifier, by its original stages.

    At 299 pixels the grid of ``conv5`` is 10 by 10 of 2,048 channels, that of ``conv4`` 19 by 19 of
    1,024.
    """

    stages = ("conv1", *_BLOCKS)
    application = "ResNet50"

    def _prepared(self, images: Any) -> Any:
        """Blue, green, red, less their means: the weights come from Caffe, through OpenCV."""
        bgr = ops.take(images, [2, 1, 0], axis=-1)
        return keras.layers.Rescaling(1.0, offset=[-mean for mean in _MEAN_BGR])(bgr)

    def _build(self, inputs: Any) -> None:
        self.backbone = keras.applications.ResNet50(
            weights=None, include_top=False, input_tensor=inputs
        )

    def output_of(self, stage: str) -> Any:
        """The last activation of a stage."""
        name = "conv1_relu" if stage == "conv1" else f"{stage}_block{_BLOCKS[stage]}_out"
        return self.backbone.get_layer(name).output
