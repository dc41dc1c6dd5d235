"""Self-critical training: sampled captions, each judged against the others of its photo.

S. J. Rennie et al., "Self-critical Sequence Training for Image Captioning", CVPR 2017, with the
baseline of R. Luo, "A Better Variant of Self-Critical Sequence Training", 2020: of K captions that
are sampled for a photo, the baseline of each is the mean reward of the other K - 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from tqdm import tqdm

from captioner.models.caption_model import CaptionModel
from captioner.models.decoding import DecodingOptions, decode
from captioner.models.vocabulary import PAD
from training.batches import CaptionBatches, mirror_words
from training.cross_entropy import DevScores, averaging, checkpoints, read_history
from training.metrics import Cider
from training.recipe import Recipe

# Counts as a word of every caption, so that a caption which stops too early loses n-grams.
_FULL_STOP = "fullstop"


@keras.saving.register_keras_serializable(package="captionloom")
class PolicyGradient(keras.losses.Loss):
    """REINFORCE (Williams 1992): -log p of each caption; its advantage is the sample weight.

    Args:
        temperature: what the captions were sampled at. A model that was taught with label
            smoothing is so flat that its samples at 1 are far worse than what a search finds, and
            what makes them better makes the search worse.
    """

    def __init__(self, temperature: float = 1.0, name: str = "policy_gradient", **kwargs: Any):
        super().__init__(name=name, **kwargs)
        self.temperature = temperature

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Targets int [B, K, T] and logits [B, K, T, V] → [B, K], by the mean length."""
        logits = ops.cast(y_pred, "float32") / self.temperature
        targets = ops.cast(y_true, "int32")
        chosen = ops.take_along_axis(logits, targets[..., None], axis=-1)[..., 0]
        real = ops.cast(ops.not_equal(targets, PAD), "float32")
        losses = ops.sum((ops.logsumexp(logits, axis=-1) - chosen) * real, axis=-1)
        return losses / ops.maximum(ops.mean(ops.sum(real, axis=-1)), 1.0)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {**super().get_config(), "temperature": self.temperature}


class Reward:
    """CIDEr-D of captions against people's captions of the training photos.

    Args:
        references: the captions of N photos; n-grams are weighed by their rarity in these.
    """

    def __init__(self, references: Sequence[Sequence[str]]):
        self._cider = Cider([[_ended(text) for text in group] for group in references])

    def __call__(self, captions: Sequence[str], photos: Sequence[int]) -> np.ndarray:
        """float64 [M] for M captions of the photos with these numbers."""
        return self._cider.scores([_ended(text) for text in captions], photos)


def _ended(text: str) -> str:
    return f"{text} {_FULL_STOP}"


def advantages(rewards: np.ndarray) -> np.ndarray:
    """How much better each caption is than the others of its photo, float [B, K] → the same."""
    others = rewards.shape[1] - 1
    better: np.ndarray = rewards - (rewards.sum(axis=1, keepdims=True) - rewards) / others
    return better


class Sampler:
    """Captions drawn from a model as it stands, as training batches.

    Args:
        model: draws.
        head: as in `CaptionModel.remember`.
        batches: chooses the photos.
        reward: judges.
        options: how captions are drawn: ``beams`` is K, captions of each photo, at least 2; with a
            ``temperature`` above 0.
    """

    def __init__(
        self,
        model: CaptionModel,
        head: Any,
        batches: CaptionBatches,
        reward: Reward,
        options: DecodingOptions,
    ):
        self.model = model
        self.head = head
        self.batches = batches
        self.reward = reward
        self.options = options

    def draw(self, index: int) -> tuple[list[np.ndarray], np.ndarray, np.ndarray, float]:
        """Batch number ``index`` of the epoch.

        Returns:
            Inputs ``[features [B, ...], tokens int32 [B, K, T]]``, targets int32 [B, K, T],
            advantages float32 [B, K], and the mean reward.
        """
        photos, views, features = self.batches.photos(index)
        seed = 1_000_000 * self.batches.seed + len(self.batches) * self.batches.epoch + index
        options = replace(self.options, seed=seed)
        found = decode(self.model, *self.model.remember(features, self.head), options)
        drawn = [[self.model.vocabulary.decode(h.ids) for h in captions] for captions in found]
        texts = [
            mirror_words(" ".join(words)) if view.mirrored else " ".join(words)
            for view, captions in zip(views, drawn, strict=True)
            for words in captions
        ]
        of = np.repeat(photos, options.beams).tolist()
        rewards = self.reward(texts, of).reshape(-1, options.beams)
        length = self.model.config.max_words + 2
        tokens = np.stack(
            [
                [self.model.vocabulary.encode(" ".join(words), length) for words in captions]
                for captions in drawn
            ]
        )
        weights = advantages(rewards).astype(np.float32)
        return [features, tokens[:, :, :-1]], tokens[:, :, 1:], weights, float(rewards.mean())


def fit(network: Any, sampler: Sampler, recipe: Recipe, dev: DevScores, run: Path) -> None:
    """Trains ``network`` (see `CaptionModel.training_graph`), whose weights the sampler draws with.

    A loop instead of `keras.Model.fit`, because every batch must come from the weights of now.

    Args:
        network: features and tokens → logits.
        sampler: the training data.
        recipe: the settings.
        dev: scores and keeps.
        run: folder of the run; holds the checkpoint from which a stopped run goes on.
    """
    network.compile(
        optimizer=keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(
                recipe.learning_rate, len(sampler.batches) * recipe.epochs, alpha=0.1
            ),
            global_clipnorm=1.0,
            **averaging(recipe),
        ),
        loss=PolicyGradient(recipe.temperature),
        jit_compile=False,
    )
    callbacks = [
        checkpoints(run),
        *([keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] if recipe.ema else []),
        dev,
    ]
    listeners = keras.callbacks.CallbackList(callbacks, model=network, epochs=recipe.epochs)
    listeners.on_train_begin()
    for epoch in range(len(read_history(dev.history)), recipe.epochs):
        listeners.on_epoch_begin(epoch)
        losses, rewards = [], []
        for index in tqdm(range(len(sampler.batches)), desc=f"epoch {epoch + 1}", disable=None):
            inputs, targets, weights, reward = sampler.draw(index)
            losses.append(network.train_on_batch(inputs, targets, sample_weight=weights))
            rewards.append(reward)
        sampler.batches.on_epoch_end()
        logs = {"loss": float(np.mean(losses)), "reward": float(np.mean(rewards))}
        listeners.on_epoch_end(epoch, logs)
        if network.stop_training:
            break
    listeners.on_train_end()
