"""The job of ``python -m training.answering.train``: from data folders to an answerer's folder."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

from captioner.models.answer_model import AnswerModel
from captioner.models.answer_network import AnswerNetwork
from captioner.models.answer_saving import save_answerer
from captioner.runtime.keras_graphs import compiled
from training.answering.examples import (
    Batches,
    Lessons,
    Material,
    caption_examples,
    examples_of,
)
from training.answering.losses import AnswerLoss, GivenLoss, kept_tokens
from training.answering.recipe import AnswerRecipe
from training.answering.report import write_run
from training.answering.scores import answers_of, look_at, rewards
from training.answering.starting_words import starting_words
from training.common.compiling import compile_for_training
from training.common.history import add_to_history


@dataclass
class _Trainer:
    """The network and a graph for each shape of batch, all with the same layers and optimiser."""

    network: AnswerNetwork
    recipe: AnswerRecipe
    optimiser: Any
    graphs: dict[tuple[int, int, int], Any] = field(default_factory=dict)

    @property
    def masked(self) -> bool:
        return self.recipe.mvm_weight > 0

    def graph(self, shape: tuple[int, int, int]) -> Any:
        if shape not in self.graphs:
            graph = self.network.training_graph(*shape, masked=self.masked)
            words = AnswerLoss(self.recipe.label_smoothing)
            compile_for_training(
                graph,
                self.optimiser,
                [words, GivenLoss()] if self.masked else words,
                loss_weights=[1.0, self.recipe.mvm_weight] if self.masked else None,
            )
            self.graphs[shape] = graph
        return self.graphs[shape]

    def step(self, batches: Batches) -> float:
        """One step; returns the loss of the answers."""
        recipe = self.recipe
        batch = batches.next()
        graph = self.graph(batch.shape)
        inputs: list[np.ndarray] = batch.inputs
        targets: Any = batch.targets
        if self.masked:
            shares = recipe.masked_mean, recipe.least_masked, recipe.most_masked
            kept = kept_tokens(batches.draw, (len(targets), recipe.queries), *shares)
            inputs = [*inputs, kept]
            targets = [targets, np.zeros((len(targets), 1), np.float32)]
        graph.reset_metrics()
        result = graph.train_on_batch(inputs, targets)
        return float(np.ravel(result)[1 if self.masked else 0])


def teach(material: Material, recipe: AnswerRecipe, output: Path) -> AnswerModel:
    """Trains an answerer, and keeps the best of its epochs.

    Args:
        material: what is taught.
        recipe: the settings.
        output: the folder, which then holds the best.

    Returns:
        The network of the last epoch.
    """
    keras.utils.set_random_seed(recipe.seed)
    lessons = Lessons(
        examples_of(material.people),
        examples_of(material.made),
        caption_examples(material.captions),
    )
    vocabulary = lessons.vocabulary(recipe.min_count)
    network = AnswerNetwork(recipe.architecture, len(vocabulary))
    variables = network.variables()
    if recipe.words_from != "random":
        begin = starting_words(vocabulary, recipe.units, recipe.words_from)
        network.words.embeddings.assign(begin)
    batches = Batches(material.media, lessons, vocabulary, recipe)
    trainer = _Trainer(network, recipe, _optimiser(recipe))
    model = AnswerModel(
        recipe.architecture,
        vocabulary,
        compiled(network.look_graph()),
        compiled(network.write_graph()),
    )
    output.mkdir(parents=True, exist_ok=True)
    (output / "training.csv").unlink(missing_ok=True)
    recipe.save(output / "recipe.yaml")
    write_run(output, material, lessons, len(vocabulary))
    best = -1.0
    for epoch in range(1, recipe.epochs + 1):
        start = time.perf_counter()
        losses = [trainer.step(batches) for _ in range(recipe.steps)]
        seconds = time.perf_counter() - start
        row = {"epoch": epoch, "loss": float(np.mean(losses)), "seconds": seconds}
        row |= {f"dev_{name}": 100 * score for name, score in _dev(model, material, recipe).items()}
        add_to_history(output / "training.csv", row)
        print(" ".join(f"{key} {value:.3f}" for key, value in row.items()), file=sys.stderr)
        people, *made = (row[f"dev_{name}"] for name in material.dev)
        score = people + (float(np.mean(made)) if made else 0.0)
        if score > best:
            best = score
            save_answerer(output, recipe.architecture, vocabulary, variables)
    return model


def _dev(model: AnswerModel, material: Material, recipe: AnswerRecipe) -> dict[str, float]:
    """The mean reward of each dev set."""
    scores = {}
    for name, questions in material.dev.items():
        looked = look_at(model, material.media, questions, recipe.seeing)
        answers = [answer.text for answer in answers_of(model, looked)]
        scores[name] = float(np.mean(rewards(questions, answers)))
    return scores


def _optimiser(recipe: AnswerRecipe) -> Any:
    steps = recipe.epochs * recipe.steps
    warm = min(200, max(1, steps // 10))
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, max(1, steps - warm), warmup_target=recipe.learning_rate, warmup_steps=warm
    )
    return keras.optimizers.AdamW(
        schedule, weight_decay=recipe.weight_decay, beta_2=0.98, global_clipnorm=1.0
    )
