"""Text decoders: an image to words. A new one is a class, and its name in `DECODERS`."""

from __future__ import annotations

from captioner.errors import ModelError
from captioner.models.config import CaptionModelConfig
from captioner.models.decoders.base import Decoder
from captioner.models.decoders.lstm import AttentionLSTMDecoder, LSTMDecoder
from captioner.models.decoders.transformer import TransformerDecoder

DECODERS: dict[str, type[Decoder]] = {
    "attention-lstm": AttentionLSTMDecoder,
    "lstm": LSTMDecoder,
    "transformer": TransformerDecoder,
}


def build_decoder(config: CaptionModelConfig, vocabulary_size: int) -> Decoder:
    """The decoder that ``config`` names, with random weights.

    Raises:
        ModelError: the name is unknown, the heads do not divide the units, or there is no layer.
    """
    decoder = config.decoder
    if decoder.name not in DECODERS:
        raise ModelError(f"unknown decoder {decoder.name!r}; known: {', '.join(sorted(DECODERS))}")
    if decoder.units % decoder.heads:
        raise ModelError(f"{decoder.heads} heads do not divide {decoder.units} units")
    if decoder.layers < 1:
        raise ModelError(f"layers is {decoder.layers}; a decoder has at least 1")
    return DECODERS[decoder.name](decoder, vocabulary_size, config.max_words)
