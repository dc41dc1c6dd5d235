"""Making a network ready to be trained, the same way for every objective."""

from __future__ import annotations

from typing import Any

import keras


def compile_for_training(
    network: keras.Model, optimizer: keras.optimizers.Optimizer, loss: Any, **more: Any
) -> None:
    """Compiles a network whose layers are built.

    Args:
        network: what is trained.
        optimizer: how; networks with the same weights may share one.
        loss: as `keras.Model.compile` takes it.
        more: further arguments of `keras.Model.compile`.
    """
    # XLA takes five times as long on a CPU.
    network.compile(optimizer=optimizer, loss=loss, jit_compile=False, **more)
    # Else its variables are made in the first step, which TensorFlow then traces a second time.
    optimizer.build(network.trainable_variables)
