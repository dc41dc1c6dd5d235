"""Convolutions over time on what a 2D network saw of each frame: a (2+1)D network.

D. Tran et al., "A Closer Look at Spatiotemporal Convolutions for Action Recognition", CVPR 2018,
part a 3D convolution into one over space and one over time. The one over space has been done by the
visual encoder; what is learnt here is the one over time.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from captioner.models.clip_model_config import TemporalConfig
from captioner.models.temporal.base import TemporalEncoder


@keras.saving.register_keras_serializable(package="captionloom")
class TimeConvolution(keras.layers.Layer):
    """Over the frames of tokens [B, T, N, D], for each of the N places alike; T stays.

    What lies before the first frame and after the last is as these are. The three kernels begin as
    those of an inflated 2D network (J. Carreira and A. Zisserman, CVPR 2017): all of the weight in
    the middle, so that at first each frame is seen for itself.
    """

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates a kernel for the frame before, the frame itself and the frame after."""
        units = input_shape[-1]
        self.kernels = [
            keras.layers.Dense(
                units,
                use_bias=moment == 1,
                kernel_initializer="glorot_uniform" if moment == 1 else "zeros",
                name=name,
            )
            for moment, name in enumerate(("before", "now", "after"))
        ]
        for kernel in self.kernels:
            kernel.build(input_shape)
        self.built = True

    def call(self, tokens: Any) -> Any:
        """Convolves."""
        frames = tokens.shape[1]
        padded = ops.concatenate([tokens[:, :1], tokens, tokens[:, -1:]], axis=1)
        seen = [kernel(padded[:, n : n + frames]) for n, kernel in enumerate(self.kernels)]
        return sum(seen[1:], seen[0])

    def compute_output_shape(self, input_shape: Any) -> Any:
        """That of the tokens."""
        return input_shape


class ConvolutionalTemporalEncoder(TemporalEncoder):
    """Residual blocks of convolutions over time; the memory is all cells of space and time."""

    def __init__(self, config: TemporalConfig):
        super().__init__(config)
        numbers = range(1, config.layers + 1)
        self.norms = [
            keras.layers.LayerNormalization(epsilon=1e-5, name=f"time_block{n}_norm")
            for n in numbers
        ]
        self.convolutions = [TimeConvolution(name=f"time_block{n}_convolution") for n in numbers]
        self.narrow = [
            keras.layers.Dense(config.units, name=f"time_block{n}_narrow") for n in numbers
        ]
        self.last_norm = keras.layers.LayerNormalization(epsilon=1e-5, name="time_last_norm")
        self.dropout = keras.layers.Dropout(config.dropout)

    def __call__(self, tokens: Any) -> Any:
        """See `TemporalEncoder`."""
        x = tokens
        for norm, convolve, narrow in zip(self.norms, self.convolutions, self.narrow, strict=True):
            x = x + self.dropout(narrow(ops.relu(convolve(norm(x)))))
        return self.last_norm(x)
