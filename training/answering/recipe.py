"""Everything that decides how an answerer is trained, in one YAML file."""

from __future__ import annotations

from dataclasses import dataclass

from captioner.models.answer_config import AnswerConfig
from training.common.settings import RecipeError, Settings

SEEING = ("frames", "nothing")


@dataclass(frozen=True)
class AnswerRecipe(Settings):
    """How an answerer is trained.

    Attributes:
        seeing: ``frames``; as a baseline ``nothing``, the same network without a picture.
        units: width of both transformers.
        heads: of their attention.
        queries: of the Q-Former.
        former_layers: of the Q-Former.
        layers: of the language model.
        dropout: of both.
        words_from: a dual encoder, whose word pieces the words begin as; or ``random``.
        min_count: a word must occur this often in the training texts to be learnt.
        epochs: each is scored; the best is kept.
        steps: batches an epoch.
        batch_size: questions a step.
        clip_share: batches about clips, the rest about photos.
        caption_share: batches in which captions are written, the rest answers questions.
        people_share: questions about photos that people asked, the rest was made from captions.
        learning_rate: highest rate; warms up, then falls as a cosine to nothing.
        weight_decay: of AdamW.
        label_smoothing: probability spread evenly over all words.
        word_dropout: of a question's words.
        mvm_weight: of masked video modelling; 0: off, and then no second pass.
        masked_mean: mean share of masked frame tokens (a normal distribution of deviation 0.1).
        least_masked: lowest share.
        most_masked: highest share.
        seed: of weights, drawing and dropout.
    """

    seeing: str = "frames"
    units: int = 192
    heads: int = 4
    queries: int = 32
    former_layers: int = 2
    layers: int = 3
    dropout: float = 0.1
    words_from: str = "finder"
    min_count: int = 3
    epochs: int = 10
    steps: int = 250
    batch_size: int = 64
    clip_share: float = 0.15
    caption_share: float = 0.25
    people_share: float = 0.4
    learning_rate: float = 1e-3
    weight_decay: float = 0.02
    label_smoothing: float = 0.05
    word_dropout: float = 0.05
    mvm_weight: float = 0.0
    masked_mean: float = 0.5
    least_masked: float = 0.1
    most_masked: float = 0.7
    seed: int = 1

    def __post_init__(self) -> None:
        if self.seeing not in SEEING:
            raise RecipeError(f"unknown seeing {self.seeing!r}; known: {', '.join(SEEING)}")

    @property
    def architecture(self) -> AnswerConfig:
        """The network that is trained."""
        return AnswerConfig(
            units=self.units,
            heads=self.heads,
            queries=self.queries,
            former_layers=self.former_layers,
            layers=self.layers,
            dropout=self.dropout,
            max_question=12,
        )
