"""Teaching a captioner by cross-entropy: each word from the true words before it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from captioner.models.caption_model import CaptionModel
from captioner.models.decoding import DecodingOptions, decode
from captioner.models.vocabulary import PAD
from training.captioning.recipe import Recipe
from training.common.checkpoints import Checkpoints, epochs_done
from training.common.compiling import compile_for_training
from training.common.history import add_to_history, read_history
from training.data.batches import CaptionBatches
from training.metrics.captions import Cider, diversity, score

_PHOTOS_AT_ONCE = 50  # when dev photos are captioned


@keras.saving.register_keras_serializable(package="captionloom")
class SmoothedCrossEntropy(keras.losses.Loss):
    """Cross-entropy with label smoothing (Szegedy et al. 2016), mean over the real words.

    Written with ``logsumexp``: no one-hot targets and no second tensor of V log-probabilities.
    """

    def __init__(self, smoothing: float = 0.1, name: str = "smoothed_cross_entropy", **kwargs: Any):
        super().__init__(name=name, **kwargs)
        self.smoothing = smoothing

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Targets int [B, K, T] and logits [B, K, T, V] → scalar."""
        logits = ops.cast(y_pred, "float32")
        targets = ops.cast(y_true, "int32")
        chosen = ops.take_along_axis(logits, targets[..., None], axis=-1)[..., 0]
        aimed = (1 - self.smoothing) * chosen + self.smoothing * ops.mean(logits, axis=-1)
        losses = ops.logsumexp(logits, axis=-1) - aimed
        real = ops.cast(ops.not_equal(targets, PAD), "float32")
        return ops.sum(losses * real) / ops.maximum(ops.sum(real), 1.0)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {**super().get_config(), "smoothing": self.smoothing}


def caption_features(
    model: CaptionModel,
    features: np.ndarray,
    head: Any,
    options: DecodingOptions,
    style: str | None = None,
) -> list[str]:
    """Captions from cached features [N, ...]; ``head`` as in `CaptionModel.encode`."""
    start_word = model.vocabulary.start(style)
    captions = []
    for start in range(0, len(features), _PHOTOS_AT_ONCE):
        batch = np.asarray(features[start : start + _PHOTOS_AT_ONCE])
        if batch.dtype == np.float16:
            batch = batch.astype(np.float32)
        never = model.vocabulary.styles.values()
        found = decode(model, *model.encode(batch, head), options, start_word, never=never)
        captions += [" ".join(model.vocabulary.decode(best[0].ids)) for best in found]
    return captions


@dataclass(frozen=True)
class DevSet:
    """Photos that a model is chosen on.

    Attributes:
        name: of the data set.
        caption: captions the N photos with the weights of now.
        references: people's captions of these photos.
    """

    name: str
    caption: Callable[[], list[str]]
    references: Sequence[Sequence[str]]


class DevScores(keras.callbacks.Callback):
    """Captions dev photos after each epoch, keeps the best model, stops when it stays best.

    The best has the highest CIDEr, of several sets the highest mean of theirs.

    Args:
        sets: at least one; BLEU-4, ROUGE-L and diversity are told of the first.
        keep: called with the captions of the first set whenever the model is the best so far.
        patience: epochs without a better CIDEr before training stops.
        history: ``training.csv``, to which each epoch adds a row.
    """

    def __init__(
        self,
        sets: Sequence[DevSet],
        keep: Callable[[list[str]], None],
        patience: int,
        history: Path,
    ):
        super().__init__()
        self.sets = sets
        self.keep = keep
        self.patience = patience
        self.history = history
        self.best, self.since = _best_so_far(history)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Starts the clock."""
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Scores."""
        captions = self.sets[0].caption()
        scores = score(captions, self.sets[0].references, with_meteor=False)
        variety = diversity(captions)
        cider = {self.sets[0].name: scores["CIDEr"]}
        for other in self.sets[1:]:
            cider[other.name] = float(np.mean(Cider(other.references).scores(other.caption())))
        mean = sum(cider.values()) / len(cider)
        each = {f"dev_cider_{name}": value for name, value in cider.items()}
        assert logs is not None
        row = {
            "epoch": epoch + 1,
            **logs,
            "dev_cider": mean,
            **(each if len(cider) > 1 else {}),
            "dev_bleu_4": scores["BLEU-4"],
            "dev_rouge_l": scores["ROUGE-L"],
            "dev_distinct": variety["distinct_captions"],
            "dev_words": variety["distinct_words"],
            "learning_rate": float(ops.convert_to_numpy(self.model.optimizer.learning_rate)),
            "seconds": time.perf_counter() - self._start,
        }
        logs.update(row)
        if mean > self.best:
            self.best, self.since = mean, 0
            self.keep(captions)
        else:
            self.since += 1
            self.model.stop_training = self.since >= self.patience
        add_to_history(self.history, row)  # last: an epoch without a row is run again


def _best_so_far(history: Path) -> tuple[float, int]:
    """Best dev CIDEr of a run that goes on, and the epochs since then."""
    scores = [float(row["dev_cider"]) for row in read_history(history)]
    if not scores:
        return -1.0, 0
    return max(scores), len(scores) - 1 - scores.index(max(scores))


def fit(
    network: Any,
    batches: CaptionBatches,
    recipe: Recipe,
    dev: DevScores,
    run: Path,
    *,
    loss: keras.losses.Loss | None = None,
) -> None:
    """Trains ``network`` (see `CaptionModel.training_graph`).

    Args:
        network: features and tokens → logits; what is trainable in it is trained.
        batches: the training data.
        recipe: the settings.
        dev: scores and keeps.
        run: folder of the run; holds the checkpoint from which a stopped run goes on.
        loss: of targets and what the network puts out; None: `SmoothedCrossEntropy`.
    """
    optimizer = keras.optimizers.Adam(
        _schedule(recipe, len(batches)),
        beta_2=0.98,
        global_clipnorm=5.0,
        weight_decay=recipe.weight_decay or None,
        **averaging(recipe),
    )
    compile_for_training(network, optimizer, loss or SmoothedCrossEntropy(recipe.label_smoothing))
    done = epochs_done(run)
    callbacks: list[Any] = [
        # First, so that it saves the weights as trained, before their averages take their place.
        Checkpoints(run, done)
    ]
    if recipe.ema:
        callbacks.append(keras.callbacks.SwapEMAWeights(swap_on_epoch=True))
    callbacks.append(dev)
    # One line an epoch where nobody watches: a log file wants no progress bar.
    verbose = 1 if sys.stderr.isatty() else 2
    network.fit(
        batches,
        epochs=recipe.epochs,
        initial_epoch=done,
        shuffle=False,
        verbose=verbose,
        callbacks=callbacks,
    )


def averaging(recipe: Recipe) -> dict[str, Any]:
    """What an optimiser must know to average the weights."""
    return {"use_ema": True, "ema_momentum": recipe.ema} if recipe.ema else {}


def _schedule(recipe: Recipe, steps: int) -> Any:
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=recipe.learning_rate / 100,
        warmup_target=recipe.learning_rate,
        warmup_steps=steps,
        decay_steps=max(1, steps * (recipe.epochs - 1)),
        alpha=0.01,
    )
