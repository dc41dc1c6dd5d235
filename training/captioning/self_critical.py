"""Self-critical training: the beams of a search, each judged against the others of its photo.

S. J. Rennie et al., "Self-critical Sequence Training for Image Captioning", CVPR 2017. As in M.
Cornia et al., "Meshed-Memory Transformer for Image Captioning", CVPR 2020, the captions are not
drawn at random but the K beams of a search: label smoothing leaves a model so flat that what is
drawn is far worse than what a search finds, and what makes it better makes the search worse. The
baseline of each caption is the mean reward of the other K - 1 (R. Luo, "A Better Variant of
Self-Critical Sequence Training", 2020).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu
from tqdm import tqdm

from captioner.models.caption_model import CaptionModel
from captioner.models.decoding import DecodingOptions, decode
from captioner.models.vocabulary import PAD
from training.captioning.cross_entropy import DevScores, averaging
from training.captioning.recipe import Recipe
from training.common.checkpoints import Checkpoints, epochs_done
from training.common.compiling import compile_for_training
from training.data.batches import CaptionBatches, mirror_words
from training.metrics.captions import Cider

# Counts as a word of every caption, so that a caption which stops too early loses n-grams.
_FULL_STOP = "fullstop"


@keras.saving.register_keras_serializable(package="captionloom")
class PolicyGradient(keras.losses.Loss):
    """REINFORCE (Williams 1992): -log p of each caption; its advantage is the sample weight."""

    def __init__(self, name: str = "policy_gradient", **kwargs: Any):
        super().__init__(name=name, **kwargs)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Targets int [B, K, T] and logits [B, K, T, V] → [B, K], by the mean length."""
        logits = ops.cast(y_pred, "float32")
        targets = ops.cast(y_true, "int32")
        chosen = ops.take_along_axis(logits, targets[..., None], axis=-1)[..., 0]
        real = ops.cast(ops.not_equal(targets, PAD), "float32")
        losses = ops.sum((ops.logsumexp(logits, axis=-1) - chosen) * real, axis=-1)
        return losses / ops.maximum(ops.mean(ops.sum(real, axis=-1)), 1.0)


class Reward:
    """CIDEr-D, and BLEU-4 beside it, of captions against people's captions of the training photos.

    Args:
        references: the captions of N photos; for CIDEr-D, n-grams are weighed by their rarity in
            these.
        bleu: weight of the caption's own BLEU-4.
    """

    def __init__(self, references: Sequence[Sequence[str]], bleu: float = 0.0):
        self.bleu = bleu
        ended = [[_ended(text) for text in group] for group in references]
        self._cider = Cider(ended)
        self._references = [[text.split() for text in group] for group in ended] if bleu else []

    def __call__(self, captions: Sequence[str], photos: Sequence[int]) -> np.ndarray:
        """float64 [M] for M captions of the photos with these numbers."""
        ended = [_ended(text) for text in captions]
        rewards = self._cider.scores(ended, photos)
        if not self.bleu:
            return rewards
        judged = zip(ended, photos, strict=True)
        return rewards + self.bleu * np.array([_bleu(t, self._references[n]) for t, n in judged])


class RewardOfEach:
    """A `Reward` for each of several data sets: what is rare in one may be common in another.

    Args:
        rewards: each with the number of its photos, in the order in which all are numbered.
    """

    def __init__(self, rewards: Sequence[tuple[Reward, int]]):
        self._rewards = [reward for reward, _ in rewards]
        self._ends = np.cumsum([count for _, count in rewards])

    def __call__(self, captions: Sequence[str], photos: Sequence[int]) -> np.ndarray:
        """See `Reward`."""
        numbers = np.asarray(photos)
        owners = np.searchsorted(self._ends, numbers, side="right")
        result = np.zeros(len(numbers))
        for owner in np.unique(owners):
            mine = np.flatnonzero(owners == owner)
            first = self._ends[owner - 1] if owner else 0
            texts = [captions[place] for place in mine.tolist()]
            result[mine] = self._rewards[owner](texts, (numbers[mine] - first).tolist())
        return result


def _ended(text: str) -> str:
    return f"{text} {_FULL_STOP}"


def _bleu(caption: str, references: list[list[str]]) -> float:
    """BLEU-4 of one caption; without common 4-grams 0.1 of one is counted (Chen, Cherry 2014)."""
    return float(
        sentence_bleu(references, caption.split(), smoothing_function=SmoothingFunction().method1)
    )


def advantages(rewards: np.ndarray) -> np.ndarray:
    """How much better each caption is than the others of its photo, float [B, K] → the same."""
    others = rewards.shape[1] - 1
    better: np.ndarray = rewards - (rewards.sum(axis=1, keepdims=True) - rewards) / others
    return better


class Searcher:
    """What a model as it stands finds by a search, as training batches.

    Args:
        model: searches.
        head: as in `CaptionModel.encode`.
        batches: chooses the photos.
        reward: judges captions of the photos with these numbers; see `Reward`.
        options: of the search: ``beams`` is K, captions of each photo, at least 2.
    """

    def __init__(
        self,
        model: CaptionModel,
        head: Any,
        batches: CaptionBatches,
        reward: Callable[[Sequence[str], Sequence[int]], np.ndarray],
        options: DecodingOptions,
    ):
        self.model = model
        self.head = head
        self.batches = batches
        self.reward = reward
        self.options = options

    def find(self, index: int) -> tuple[list[np.ndarray], np.ndarray, np.ndarray, float]:
        """Batch number ``index`` of the epoch.

        Returns:
            Inputs ``[features [B, ...], tokens int32 [B, K, T]]``, targets int32 [B, K, T],
            advantages float32 [B, K], and the mean reward.
        """
        photos, views, features = self.batches.photos(index)
        beams = self.options.beams
        starts = self.batches.starts[photos]
        start, never = self.model.encode(features, self.head), self.model.vocabulary.styles.values()
        found = decode(self.model, *start, self.options, starts, never=never)
        vocabulary = self.model.vocabulary
        texts = [
            # A vocabulary of a few words may not have so many captions.
            [" ".join(vocabulary.decode(h.ids)) for h in islice(cycle(captions), beams)]
            for captions in found
        ]
        seen = [
            mirror_words(text) if view.mirrored else text
            for view, captions in zip(views, texts, strict=True)
            for text in captions
        ]
        rewards = self.reward(seen, np.repeat(photos, beams).tolist()).reshape(-1, beams)
        length = self.model.config.max_words + 2
        tokens = np.stack(
            [[vocabulary.encode(text, length) for text in captions] for captions in texts]
        )
        tokens[:, :, 0] = starts[:, None]
        weights = advantages(rewards).astype(np.float32)
        return [features, tokens[:, :, :-1]], tokens[:, :, 1:], weights, float(rewards.mean())


def fit(network: Any, searcher: Searcher, recipe: Recipe, dev: DevScores, run: Path) -> None:
    """Trains ``network`` (see `CaptionModel.training_graph`), which has the searcher's weights.

    A loop instead of `keras.Model.fit`, because every batch must come from the weights of now.

    Args:
        network: features and tokens → logits.
        searcher: the training data.
        recipe: the settings.
        dev: scores and keeps.
        run: folder of the run; holds the checkpoint from which a stopped run goes on.
    """
    schedule = keras.optimizers.schedules.CosineDecay(
        recipe.learning_rate, len(searcher.batches) * recipe.epochs, alpha=0.1
    )
    optimizer = keras.optimizers.Adam(schedule, global_clipnorm=1.0, **averaging(recipe))
    compile_for_training(network, optimizer, PolicyGradient())
    done = epochs_done(run)
    callbacks = [
        Checkpoints(run, done),
        *([keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] if recipe.ema else []),
        dev,
    ]
    listeners = keras.callbacks.CallbackList(callbacks, model=network, epochs=recipe.epochs)
    listeners.on_train_begin()
    for epoch in range(done, recipe.epochs):
        listeners.on_epoch_begin(epoch)
        losses, rewards = [], []
        for index in tqdm(range(len(searcher.batches)), desc=f"epoch {epoch + 1}", disable=None):
            inputs, targets, weights, reward = searcher.find(index)
            losses.append(network.train_on_batch(inputs, targets, sample_weight=weights))
            rewards.append(reward)
        searcher.batches.on_epoch_end()
        logs = {"loss": float(np.mean(losses)), "reward": float(np.mean(rewards))}
        listeners.on_epoch_end(epoch, logs)
        if network.stop_training:
            break
    listeners.on_train_end()
