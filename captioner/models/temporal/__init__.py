"""Temporal encoders: tokens of frames to a memory of a clip. A new one is a class and its name."""

from __future__ import annotations

from captioner.errors import ModelError
from captioner.models.clip_model_config import POSITIONS, TemporalConfig
from captioner.models.temporal.base import TemporalEncoder
from captioner.models.temporal.convolutional import ConvolutionalTemporalEncoder
from captioner.models.temporal.recurrent import RecurrentTemporalEncoder
from captioner.models.temporal.simple import MeanTemporalEncoder, NoTemporalEncoder
from captioner.models.temporal.transformer import TransformerTemporalEncoder

TEMPORAL: dict[str, type[TemporalEncoder]] = {
    "cnn3d": ConvolutionalTemporalEncoder,
    "mean": MeanTemporalEncoder,
    "none": NoTemporalEncoder,
    "rnn": RecurrentTemporalEncoder,
    "transformer": TransformerTemporalEncoder,
}


def build_temporal(config: TemporalConfig) -> TemporalEncoder:
    """The temporal encoder that ``config`` names, with random weights.

    Raises:
        ModelError: the name or the kind of positions is unknown, or the heads do not divide the
            units.
    """
    if config.name not in TEMPORAL:
        known = ", ".join(sorted(TEMPORAL))
        raise ModelError(f"unknown temporal encoder {config.name!r}; known: {known}")
    if config.positions not in POSITIONS:
        raise ModelError(f"unknown positions {config.positions!r}; known: {', '.join(POSITIONS)}")
    if config.units % (2 * config.heads):
        raise ModelError(f"{config.units} units have no even share for {config.heads} heads")
    return TEMPORAL[config.name](config)
