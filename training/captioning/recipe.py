"""Recipes: everything that decides how a captioner is trained, in one YAML file."""

from __future__ import annotations

from dataclasses import dataclass, field

from captioner.models.config import CaptionModelConfig, DecoderConfig, EncoderConfig
from training.common.settings import RecipeError, Settings

OBJECTIVES = ("cross-entropy", "self-critical")


@dataclass(frozen=True)
class Recipe(Settings):
    """How a captioner is trained.

    Attributes:
        objective: ``cross-entropy``, or ``self-critical`` for a model that was already taught by
            cross-entropy.
        encoder: the encoder's configuration.
        decoder: the decoder's configuration.
        max_words: longest caption, words.
        min_count: a word must occur this often in the training captions to be learnt.
        new_words: with a model to start from: words that it does not know join its vocabulary.
        agreement: captions are drawn by how far they agree with the others of their photo or clip,
            to this power; 0: all alike.
        train_from: first block of the encoder that is trained too; None: it stays frozen.
        train_norms: the trained blocks' batch normalisations are trained, too.
        views: ways in which each photo is shown: 1, as it is; 2, also mirrored; more, also cropped.
        grid_crops: of the grid of a view, each time another crop is shown; the encoder is frozen.
        epochs: at most.
        photos_per_epoch: so many are seen in an epoch, each time others; None: all. With few, a run
            is scored and kept often.
        patience: stop after this many epochs without a better dev CIDEr.
        batch_size: photos a step.
        captions_per_image: captions of each photo a step; self-critical: beams of its search.
        learning_rate: highest rate; warms up for one epoch, then falls as a cosine to 1 %.
            Self-critical: falls from the first step to 10 %.
        weight_decay: of AdamW; 0: none.
        label_smoothing: probability spread evenly over all words; self-critical: not used.
        bleu: self-critical: weight of a caption's BLEU-4 beside its CIDEr-D.
        distill_weight: with teachers: their share in the loss, 0 to 1; the rest is the true words'.
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
    new_words: bool = False
    agreement: float = 0.0
    train_from: str | None = None
    train_norms: bool = True
    views: int = 2
    grid_crops: bool = False
    epochs: int = 20
    photos_per_epoch: int | None = None
    patience: int = 4
    batch_size: int = 32
    captions_per_image: int = 5
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    label_smoothing: float = 0.1
    bleu: float = 0.0
    distill_weight: float = 0.7
    ema: float = 0.999
    precision: str = "float32"
    beams: int = 3
    seed: int = 1

    def __post_init__(self) -> None:
        if self.objective not in OBJECTIVES:
            raise RecipeError(
                f"unknown objective {self.objective!r}; known: {', '.join(OBJECTIVES)}"
            )
        if self.grid_crops and self.train_from is not None:
            raise RecipeError("grid_crops are cut from the grid of a frozen encoder: no train_from")

    @property
    def architecture(self) -> CaptionModelConfig:
        """The model that is trained."""
        return CaptionModelConfig(self.encoder, self.decoder, self.max_words)
