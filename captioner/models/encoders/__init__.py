"""Visual encoders: RGB images to tokens. A new one is a class, and its name in `ENCODERS`."""

from __future__ import annotations

from captioner.errors import ModelError
from captioner.models.config import EncoderConfig
from captioner.models.encoders.base import VisualEncoder
from captioner.models.encoders.efficientnet_lite import EfficientNetLite2Encoder
from captioner.models.encoders.resnet50 import ResNet50Encoder
from captioner.models.encoders.side_by_side import SideBySideEncoder
from captioner.models.encoders.xception import XceptionEncoder

ENCODERS: dict[str, type[VisualEncoder]] = {
    "efficientnet-lite2": EfficientNetLite2Encoder,
    "resnet50": ResNet50Encoder,
    "xception": XceptionEncoder,
}


def build_encoder(config: EncoderConfig) -> VisualEncoder:
    """The encoder that ``config`` names, or several side by side, with random weights.

    Raises:
        ModelError: a name, the size or an output is unknown.
    """
    names = config.name.split("+")
    for name in names:
        if name not in ENCODERS:
            raise ModelError(f"unknown encoder {name!r}; known: {', '.join(sorted(ENCODERS))}")
    if len(names) > 1:
        return SideBySideEncoder(config, ENCODERS)
    return ENCODERS[config.name](config)
