"""Recipes: everything that decides how a captioner is trained, in one YAML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import yaml

from captioner.models.caption_model import CaptionModelConfig
from captioner.models.decoders import DecoderConfig
from captioner.models.encoders import EncoderConfig

OBJECTIVES = ("cross-entropy", "self-critical")


class RecipeError(ValueError):
    """A recipe that cannot be followed."""


@dataclass(frozen=True)
class Recipe:
    """How a captioner is trained.

    Attributes:
        objective: ``cross-entropy``, or ``self-critical`` for a model that was already taught by
            cross-entropy.
        encoder: the encoder's configuration.
        decoder: the decoder's configuration.
        max_words: longest caption, words.
        min_count: a word must occur this often in the training captions to be learnt.
        train_from: first block of the encoder that is trained too; None: it stays frozen.
        views: ways in which each photo is shown: 1, as it is; 2, also mirrored; more, also cropped.
        epochs: at most.
        patience: stop after this many epochs without a better dev CIDEr.
        batch_size: photos a step.
        captions_per_image: captions of each photo a step; self-critical: sampled ones.
        learning_rate: highest rate; warms up for one epoch, then falls as a cosine to 1 %.
            Self-critical: falls from the first step to 10 %.
        label_smoothing: probability spread evenly over all words; self-critical: not used.
        temperature: self-critical: at which captions are sampled and judged.
        ema: momentum of the moving average of the weights, which is what is scored and kept.
        precision: Keras dtype policy, ``float32`` or ``mixed_bfloat16``.
        beams: beam size of the dev scores.
        seed: of weights, shuffling, drawing and dropout.
    """

    objective: str = "cross-entropy"
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    decoder: DecoderConfig = field(default_factory=DecoderConfig)
    max_words: int = 18
    min_count: int = 5
    train_from: str | None = None
    views: int = 2
    epochs: int = 20
    patience: int = 4
    batch_size: int = 32
    captions_per_image: int = 5
    learning_rate: float = 1e-3
    label_smoothing: float = 0.1
    temperature: float = 0.5
    ema: float = 0.999
    precision: str = "float32"
    beams: int = 3
    seed: int = 1

    def __post_init__(self) -> None:
        if self.objective not in OBJECTIVES:
            raise RecipeError(
                f"unknown objective {self.objective!r}; known: {', '.join(OBJECTIVES)}"
            )

    @property
    def architecture(self) -> CaptionModelConfig:
        """The model that is trained."""
        return CaptionModelConfig(self.encoder, self.decoder, self.max_words)

    @classmethod
    def load(cls, path: str | Path) -> Recipe:
        """Reads a YAML file; what it leaves out has the default.

        Raises:
            RecipeError: the file is missing, no YAML mapping, or has an unknown key or bad value.
        """
        try:
            values = yaml.safe_load(Path(path).read_text(encoding="utf-8")) or {}
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise RecipeError(f"{path} cannot be read as a recipe: {error}") from error
        if not isinstance(values, dict):
            raise RecipeError(f"{path} is no recipe: it must be a mapping of settings")
        try:
            return cls().with_values(values)
        except RecipeError as error:
            raise RecipeError(f"{path}: {error}") from error

    def with_values(self, values: Mapping[str, Any]) -> Recipe:
        """This recipe with some settings replaced; nested ones as mappings.

        Raises:
            RecipeError: a key is unknown, or a value has the wrong type.
        """
        _check_keys(values, Recipe, "")
        given = dict(values)
        for part, kind in (("encoder", EncoderConfig), ("decoder", DecoderConfig)):
            if part in given:
                _check_keys(given[part], kind, f"{part}.")
                given[part] = replace(getattr(self, part), **given[part])
        return replace(self, **given)

    def save(self, path: Path) -> None:
        """Writes every setting, the defaults too."""
        path.write_text(yaml.safe_dump(asdict(self), sort_keys=False), encoding="utf-8")


def _check_keys(values: Any, kind: type[Any], prefix: str) -> None:
    if not isinstance(values, Mapping):
        raise RecipeError(f"{prefix.rstrip('.') or 'recipe'} must be a mapping")
    known = {f.name: f for f in fields(kind)}
    default = kind()
    for key, value in values.items():
        if key not in known:
            raise RecipeError(f"unknown setting {prefix}{key}; known: {', '.join(known)}")
        expected = getattr(default, key)
        if isinstance(expected, float) and isinstance(value, int | float):
            continue
        if expected is None or hasattr(expected, "__dataclass_fields__"):
            continue
        if type(value) is not type(expected):
            raise RecipeError(f"{prefix}{key} is {value!r}, expected {type(expected).__name__}")


def parse_settings(settings: list[str]) -> dict[str, Any]:
    """``["epochs=3", "decoder.units=256"]`` as a mapping for `Recipe.with_values`.

    Raises:
        RecipeError: one has no ``=``.
    """
    values: dict[str, Any] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise RecipeError(f"{setting!r} is not KEY=VALUE")
        *parents, key = name.split(".")
        place = values
        for parent in parents:
            place = place.setdefault(parent, {})
        place[key] = yaml.safe_load(text)
    return values
