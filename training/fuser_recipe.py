"""Everything that decides how a fuser is trained, in one YAML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import yaml


class FuserRecipeError(ValueError):
    """A recipe that cannot be followed."""


@dataclass(frozen=True)
class FuserRecipe:
    """How a small BART learns to fuse captions.

    Attributes:
        d_model: width.
        encoder_layers: layers of the encoder.
        decoder_layers: layers of the decoder.
        heads: attention heads of each.
        ffn: width of the feed-forward layers.
        dropout: of every layer.
        vocab_size: tokens of the byte-pair encoding.
        max_positions: longest source in tokens.
        target_share: fraction of a set's captions, the most typical, that are targets.
        shortest: fewest words of a target.
        longest: most words of a target.
        photo_share: fraction of the examples from photo sets, if there are any.
        captioner_share: fraction of the examples from a captioner's own captions, if any.
        single_share: fraction of the examples from sets with one caption, if any.
        tuning_sets: sets held out from training, by which the best checkpoint is chosen.
        max_inputs: most captions in an example; 1 to this many are drawn.
        clean: fraction of the examples that are not spoilt.
        word_noise: highest fraction of an example's captions with a mistake.
        strangers: highest fraction of an example's captions from another scene.
        hide_target: how often a target is kept out of the captions to read.
        batch_size: examples a step.
        max_steps: steps.
        learning_rate: highest rate; warms up, then falls as a cosine to nothing.
        warmup_steps: steps until then.
        weight_decay: of AdamW.
        label_smoothing: probability spread evenly over all tokens.
        bf16: multiply in bfloat16 (weights stay float32).
        eval_every: steps between checkpoints, each with a score.
        seed: of weights, examples and dropout.
        beam_size: beams of the shipped model.
    """

    d_model: int = 256
    encoder_layers: int = 3
    decoder_layers: int = 3
    heads: int = 4
    ffn: int = 1024
    dropout: float = 0.1
    vocab_size: int = 6000
    max_positions: int = 512
    target_share: float = 0.1
    shortest: int = 4
    longest: int = 14
    photo_share: float = 0.15
    captioner_share: float = 0.2
    single_share: float = 0.05
    tuning_sets: int = 200
    max_inputs: int = 16
    clean: float = 0.4
    word_noise: float = 0.6
    strangers: float = 0.3
    hide_target: float = 0.5
    batch_size: int = 32
    max_steps: int = 7000
    learning_rate: float = 8e-4
    warmup_steps: int = 500
    weight_decay: float = 0.01
    label_smoothing: float = 0.1
    bf16: bool = True
    eval_every: int = 500
    seed: int = 1
    beam_size: int = 4

    def __post_init__(self) -> None:
        for name in ("photo_share", "captioner_share", "single_share", "clean", "word_noise"):
            _check_share(name, getattr(self, name))
        for name in ("strangers", "hide_target", "target_share", "dropout", "label_smoothing"):
            _check_share(name, getattr(self, name))
        if self.photo_share + self.captioner_share + self.single_share >= 1:
            raise FuserRecipeError("the shares of the examples add up to 1; leave some for clips")
        if self.d_model % self.heads:
            raise FuserRecipeError(f"{self.heads} heads cannot share d_model {self.d_model} evenly")

    @classmethod
    def load(cls, path: str | Path) -> FuserRecipe:
        """Reads a YAML file; what it leaves out has the default.

        Raises:
            FuserRecipeError: it is missing, no YAML mapping, or has an unknown key or bad value.
        """
        try:
            values = yaml.safe_load(Path(path).read_text(encoding="utf-8")) or {}
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise FuserRecipeError(f"{path}: cannot be read as a recipe ({error})") from error
        if not isinstance(values, Mapping):
            raise FuserRecipeError(f"{path}: is no mapping of settings; see training/recipes")
        try:
            return cls().with_values(values)
        except FuserRecipeError as error:
            raise FuserRecipeError(f"{path}: {error}") from error

    def with_values(self, values: Mapping[str, Any]) -> FuserRecipe:
        """This recipe with some settings replaced.

        Raises:
            FuserRecipeError: a key is unknown, or a value of the wrong type or out of range.
        """
        known = [item.name for item in fields(self)]
        for key, value in values.items():
            if key not in known:
                raise FuserRecipeError(f"unknown setting {key}; known are {', '.join(known)}")
            default = getattr(self, key)
            number = isinstance(default, float) and type(value) is int
            if type(value) is not type(default) and not number:
                kind = type(default).__name__
                raise FuserRecipeError(f"{key} is {value!r}, expected {kind}")
            if type(value) is int and value < (0 if key in _MAY_BE_ZERO else 1):
                raise FuserRecipeError(f"{key} is {value}, too small")
        return replace(self, **values)

    def save(self, path: Path) -> None:
        """Writes every setting, the defaults too."""
        path.write_text(yaml.safe_dump(asdict(self), sort_keys=False), encoding="utf-8")


_MAY_BE_ZERO = {"seed", "warmup_steps", "weight_decay"} | {
    item.name for item in fields(FuserRecipe) if item.type == "float"
}


def _check_share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise FuserRecipeError(f"{name} is {value}, expected a fraction from 0 to 1")
