"""What all convolutional encoders share: stages, of which some are the output."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import keras

from captioner.errors import ModelError
from captioner.models.config import EncoderConfig
from captioner.models.encoders.base import VisualEncoder
from captioner.models.encoders.joining import layers_for_the_backend, pooled, tokens_of

_AUTOMATIC_NAME = re.compile(r"^(conv2d|batch_normalization|add)(_\d+)?$")


class ConvolutionalEncoder(VisualEncoder):
    """A network of stages, one after the other; the output is that of one or more of them.

    The maps of finer stages are pooled to the positions of the coarsest and joined along their
    channels.

    Args:
        config: see `VisualEncoder`.
        images: see `VisualEncoder`.

    Attributes:
        stages: the names, in the order in which they are computed. The names of a stage's layers
            begin with it.
        smallest: of the sides that its input may have, in pixels.

    Raises:
        ModelError: the image size or an output is impossible.
    """

    stages: ClassVar[tuple[str, ...]]
    smallest: ClassVar[int] = 32

    def __init__(self, config: EncoderConfig, images: Any = None):
        size = config.image_size
        if size < self.smallest:
            raise ModelError(
                f"image_size is {size}; {config.name} needs at least {self.smallest} pixels"
            )
        self.config = config
        self._chosen = config.output.split("+")
        for stage in self._chosen:
            if stage not in self.stages:
                known = ", ".join(self.stages)
                raise ModelError(
                    f"{config.name} has no output {stage!r} ({config.output!r}); known: {known}"
                )
        self.images = images
        if images is None:
            self.images = keras.Input((size, size, 3), dtype="uint8", name="images")
        prepared = self._prepared(self.images)
        with layers_for_the_backend() as data_format:
            if data_format == "channels_first":
                prepared = keras.layers.Permute((3, 1, 2))(prepared)
            self._build(prepared)
        self.outputs = pooled([self.output_of(stage) for stage in self._chosen])
        tokens, self.grid = tokens_of(self.outputs)
        self.model = keras.Model(self.images, tokens, name="encoder")

    @abstractmethod
    def _prepared(self, images: Any) -> Any:
        """The pixels as the network wants them, float [B, S, S, 3]."""

    @abstractmethod
    def _build(self, inputs: Any) -> None:
        """Builds the network on prepared pixels that lie as the backend convolves."""

    @abstractmethod
    def output_of(self, stage: str) -> Any:
        """What a stage gives: a map as the backend convolves, or a vector [B, C]."""

    @property
    def parts(self) -> Mapping[str, VisualEncoder]:
        """See `VisualEncoder`."""
        return {self.config.name: self}

    def variables(self) -> dict[str, Any]:
        """See `VisualEncoder.variables`."""
        return variables_by_name(self.model.layers)

    def cut(self, trained_from: str) -> list[Any]:
        """See `VisualEncoder.cut`."""
        if trained_from not in self.stages:
            raise ModelError(f"cannot train from {trained_from!r}; known: {', '.join(self.stages)}")
        position = self.stages.index(trained_from)
        leaves = [self.stages.index(stage) for stage in self._chosen]
        if max(leaves) < position:
            raise ModelError(
                f"output {self.config.output!r} leaves the encoder before {trained_from}"
            )
        last_frozen = self.output_of(self.stages[position - 1]) if position else self.images
        earlier = [
            output for output, leaf in zip(self.outputs, leaves, strict=True) if leaf < position - 1
        ]
        return [last_frozen, *earlier]

    def train_from(self, trained_from: str | None, norms: bool) -> None:
        """See `VisualEncoder.train_from`."""
        trained = self.stages[self.stages.index(trained_from) :] if trained_from else ()
        names = {id(v): name.split("/")[0] for name, v in self.variables().items()}
        for layer in self.model.layers:
            if layer.weights:
                stage = self.stage_of(names[id(layer.weights[0])])
                is_norm = isinstance(layer, keras.layers.BatchNormalization)
                layer.trainable = stage in trained and (norms or not is_norm)

    def stage_of(self, layer: str) -> str:
        """The stage of a layer, by the layer's name in `variables`."""
        return layer.split("_", maxsplit=1)[0]


def variables_by_name(layers: Iterable[Any]) -> dict[str, Any]:
    """The weights of layers by name (``layer/variable``), the same however often they are built."""
    names: dict[str, Any] = {}
    seen: dict[str, int] = {}
    for layer in layers:
        name = layer.name
        automatic = _AUTOMATIC_NAME.match(name)
        if automatic:  # Keras numbers these through the whole process
            kind = automatic.group(1)
            number = seen.get(kind, 0)
            seen[kind] = number + 1
            name = f"{kind}_{number}" if number else kind
        names.update({f"{name}/{variable.name}": variable for variable in layer.weights})
    return names
