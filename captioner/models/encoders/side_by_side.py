"""Several encoders that look at the same image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import keras

from captioner.errors import ModelError
from captioner.models.config import EncoderConfig
from captioner.models.encoders.base import VisualEncoder
from captioner.models.encoders.joining import pooled, tokens_of


class SideBySideEncoder(VisualEncoder):
    """Encoders whose outputs are joined along the channels, at the positions of the coarsest.

    All take the same images. Weights and stages are named ``encoder/layer/variable`` and
    ``encoder.stage``.

    Args:
        config: ``name`` and ``output`` name several.
        kinds: the encoders that there are, by name.

    Raises:
        ModelError: an encoder is unknown, named twice or without an output, or the grids cannot be
            joined.
    """

    def __init__(self, config: EncoderConfig, kinds: Mapping[str, type[VisualEncoder]]):
        self.config = config
        size = config.image_size
        self.images = keras.Input((size, size, 3), dtype="uint8", name="images")
        self._parts = {
            name: kinds[name](part, self.images) for name, part in _configs(config).items()
        }
        self.outputs = pooled([x for part in self._parts.values() for x in part.outputs])
        tokens, self.grid = tokens_of(self.outputs)
        self.model = keras.Model(self.images, tokens, name="encoder")

    @property
    def parts(self) -> Mapping[str, VisualEncoder]:
        """See `VisualEncoder`."""
        return self._parts

    def variables(self) -> dict[str, Any]:
        """See `VisualEncoder.variables`."""
        return {
            f"{name}/{variable}": value
            for name, part in self._parts.items()
            for variable, value in part.variables().items()
        }

    def cut(self, trained_from: str) -> list[Any]:
        """See `VisualEncoder.cut`; ``trained_from`` is ``encoder.stage``."""
        name, stage = self._stage(trained_from)
        others = [x for other, part in self._parts.items() if other != name for x in part.outputs]
        return [*self._parts[name].cut(stage), *others]

    def train_from(self, trained_from: str | None, norms: bool) -> None:
        """See `VisualEncoder.train_from`."""
        trained, stage = self._stage(trained_from) if trained_from else ("", "")
        for name, part in self._parts.items():
            part.train_from(stage if name == trained else None, norms)

    def _stage(self, trained_from: str) -> tuple[str, str]:
        name, _, stage = trained_from.partition(".")
        if name not in self._parts:
            raise ModelError(
                f"cannot train from {trained_from!r}: of several encoders give one with its stage, "
                f"ENCODER.STAGE; there are {', '.join(self._parts)}"
            )
        return name, stage


def _configs(config: EncoderConfig) -> dict[str, EncoderConfig]:
    """What each of several encoders is."""
    names = config.name.split("+")
    if len(set(names)) < len(names):
        raise ModelError(f"encoder {config.name!r} names one twice")
    chosen: dict[str, list[str]] = {name: [] for name in names}
    for output in config.output.split("+"):
        name, _, stage = output.partition(".")
        if name not in chosen:
            raise ModelError(
                f"output {output!r} names none of {', '.join(names)}; of several encoders give "
                "each output with its own, as in xception.block13"
            )
        chosen[name].append(stage)
    for name, stages in chosen.items():
        if not stages:
            raise ModelError(f"output {config.output!r} takes nothing of {name}; leave it out")
    return {
        name: replace(config, name=name, output="+".join(stages)) for name, stages in chosen.items()
    }
