"""Recipes of clip networks: everything that decides how one is trained, in one YAML file."""

from __future__ import annotations

from dataclasses import dataclass, field

from captioner.models.clip_model_config import TemporalConfig
from captioner.models.config import DecoderConfig
from training.captioning.recipe import OBJECTIVES, Recipe
from training.common.settings import RecipeError, Settings

FEATURES = (
    "flickr8k-xception-lstm:mean+flickr8k-xception-lstm:max+flickr8k-xception-lstm:grid2"
    "+efficientnet-lite2:mean+efficientnet-lite2:concepts"
)


@dataclass(frozen=True)
class ClipRecipe(Settings):
    """How a clip network is trained. What is not said here is as in `captioning.recipe.Recipe`.

    Attributes:
        objective: ``cross-entropy``, or ``self-critical`` for a trained network.
        features: what is kept of a frame, ``VISUAL_MODEL:KIND`` joined by ``+``; the kinds are
            those of `captioner.models.clip_model_frames.KINDS`.
        components: see `ClipEncoderConfig`.
        token_dropout: see `ClipEncoderConfig`.
        project: see `ClipEncoderConfig`.
        temporal: the temporal encoder.
        decoder: the text decoder.
        frames: how many frames the network reads, at use.
        training_frames: as many in training; clips of more show some of theirs, drawn at random.
        all_frames: how often a clip is shown with as many of its frames as fit, 0 to 1; else with
            fewer.
        max_words: longest caption, words.
        min_count: a word must occur this often in the training captions to be learnt.
        agreement: see `captioning.recipe.Recipe`; of clips alone.
        photos_per_epoch: so many photos, as clips of one frame, are seen in an epoch beside all
            clips.
        contrast: weight of the contrastive loss of clips and sentences; 0: none.
        epochs: at most.
        patience: stop after this many epochs without a better dev CIDEr.
        batch_size: clips a step.
        captions_per_clip: captions of each a step; self-critical: beams of its search.
        learning_rate: see `captioning.recipe.Recipe`.
        weight_decay: of AdamW.
        label_smoothing: probability spread evenly over all words.
        bleu: self-critical: weight of a caption's BLEU-4 beside its CIDEr-D.
        ema: momentum of the moving average of the weights.
        precision: Keras dtype policy.
        beams: beam size of the dev scores, and of the model's search.
        seed: of weights, shuffling, drawing and dropout.
    """

    objective: str = "cross-entropy"
    features: str = FEATURES
    components: int = 384
    token_dropout: float = 0.1
    project: bool = True
    temporal: TemporalConfig = field(default_factory=TemporalConfig)
    decoder: DecoderConfig = field(
        default_factory=lambda: DecoderConfig("transformer", units=256, heads=4, dropout=0.3)
    )
    frames: int = 16
    training_frames: int = 4
    all_frames: float = 0.5
    max_words: int = 16
    min_count: int = 3
    agreement: float = 1.0
    photos_per_epoch: int = 1500
    contrast: float = 0.1
    epochs: int = 20
    patience: int = 5
    batch_size: int = 64
    captions_per_clip: int = 5
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    label_smoothing: float = 0.1
    bleu: float = 0.0
    ema: float = 0.99
    precision: str = "float32"
    beams: int = 5
    seed: int = 1

    def __post_init__(self) -> None:
        if self.objective not in OBJECTIVES:
            raise RecipeError(
                f"unknown objective {self.objective!r}; known: {', '.join(OBJECTIVES)}"
            )

    @property
    def teaching(self) -> Recipe:
        """The part that training by cross-entropy or self-critically reads."""
        return Recipe(
            objective=self.objective,
            epochs=self.epochs,
            batch_size=self.batch_size,
            captions_per_image=self.captions_per_clip,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            label_smoothing=self.label_smoothing,
            ema=self.ema,
        )
