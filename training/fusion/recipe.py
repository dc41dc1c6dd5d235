"""Everything that decides how a fuser is trained, in one YAML file."""

from __future__ import annotations

from dataclasses import dataclass, fields

from training.common.settings import RecipeError, Settings

_MAY_BE_ZERO = ("seed", "warmup_steps")


@dataclass(frozen=True)
class FuserRecipe(Settings):
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
        clean: fraction of the examples that are not corrupted.
        word_noise: highest fraction of an example's captions with a mistake.
        mismatched: highest fraction of an example's captions from another scene.
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
    mismatched: float = 0.3
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
        for item in fields(self):
            value = getattr(self, item.name)
            if type(value) is int and value < (0 if item.name in _MAY_BE_ZERO else 1):
                raise RecipeError(f"{item.name} is {value}, too small")
        for name in ("photo_share", "captioner_share", "single_share", "clean", "word_noise"):
            _check_share(name, getattr(self, name))
        for name in ("mismatched", "hide_target", "target_share", "dropout", "label_smoothing"):
            _check_share(name, getattr(self, name))
        if self.photo_share + self.captioner_share + self.single_share >= 1:
            raise RecipeError("the shares of the examples add up to 1; leave some for clips")
        if self.d_model % self.heads:
            raise RecipeError(f"{self.heads} heads cannot share d_model {self.d_model} evenly")


def _check_share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise RecipeError(f"{name} is {value}, expected a fraction from 0 to 1")
