"""Xception.

F. Chollet, "Xception: Deep Learning with Depthwise Separable Convolutions", CVPR 2017.
"""

from __future__ import annotations

from typing import Any

import keras

from captioner.models.encoders.convolutional import ConvolutionalEncoder

# Of the shortcuts, whose layers Keras names by their number, those of blocks 2, 3, 4 and 13.
_SHORTCUTS = {"": "block2", "_1": "block3", "_2": "block4", "_3": "block13"}


class XceptionEncoder(ConvolutionalEncoder):
    """Xception without its classifier.

    At 299 pixels the grid is 10 by 10; C is 1,024 for ``block13``, 2,048 for ``block14``, and the
    sum for several: 2,008 for ``block3+block12+block13``. The mean over the positions of block 14
    is the classic pooled 2,048-d vector.
    """

    stages = tuple(f"block{number}" for number in range(1, 15))
    smallest = 71
    application = "Xception"

    def _prepared(self, images: Any) -> Any:
        return keras.layers.Rescaling(1 / 127.5, offset=-1)(images)

    def _build(self, inputs: Any) -> None:
        self.backbone = keras.applications.Xception(
            weights=None, include_top=False, input_tensor=inputs
        )

    def output_of(self, stage: str) -> Any:
        """The last activation of blocks 1 and 14, the residual sum of the others."""
        number = int(stage.removeprefix("block"))
        if number == 1:
            return self.backbone.get_layer("block1_conv2_act").output
        if number == 14:
            return self.backbone.get_layer("block14_sepconv2_act").output
        sums = [layer for layer in self.backbone.layers if isinstance(layer, keras.layers.Add)]
        return sums[number - 2].output

    def stage_of(self, layer: str) -> str:
        """See `ConvolutionalEncoder.stage_of`."""
        for kind in ("conv2d", "batch_normalization"):
            if layer.startswith(kind):
                return _SHORTCUTS[layer.removeprefix(kind)]
        return super().stage_of(layer)
