"""The job of ``python -m captioner.train --task match``: from data folders to a dual encoder."""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from tokenizers import Tokenizer

from captioner.models.caption_model import assign_weights
from captioner.models.dual_encoder import DualEncoder
from captioner.models.dual_encoder_building import save_network
from captioner.models.dual_encoder_folder import IMAGE, TEXT, encode
from captioner.runtime.keras_graphs import compiled
from training.common.compiling import compile_for_training
from training.common.history import add_to_history
from training.common.report import draw_curves
from training.data.datasets import load_dataset
from training.data.lines import MissingSplitError
from training.matching.data import Pairs, Scenes, evenly, scenes_of
from training.matching.features import picture_features, sentence_vectors
from training.matching.losses import Contrast, Pairing
from training.matching.recipe import NO_ENCODER, Recipe
from training.matching.report import CURVES, write_model_card, write_run
from training.matching.scores import Evaluation, evaluate, in_batches
from training.matching.sentence_encoder import SentenceEncoder, load_sentence_encoder
from training.matching.towers import assign_transformer, learn_pieces, principal_components

_SAMPLE = 2000  # pictures of each data set, about, by which components are found
_QUERIES = 512  # sentences by which an index finds its cut-off


@dataclass(frozen=True)
class MatchingJob:
    """What to train from, and where to.

    Attributes:
        data: folders of captioned photos.
        clips: folders of frames of clips, whose captions speak of the clip.
        output: the model folder; also holds the run's log and curves.
        cache: folder of the feature cache.
        allow_missing: go on where photos or captions are missing.
    """

    data: tuple[Path, ...]
    clips: tuple[Path, ...]
    output: Path
    cache: Path
    allow_missing: bool = False


@dataclass(frozen=True)
class Split:
    """Scenes with what is known of their pictures.

    Attributes:
        scenes: photos or clips.
        pictures: features of all their pictures, float16 [N, F].
    """

    scenes: Scenes
    pictures: np.ndarray


def train(job: MatchingJob, recipe: Recipe) -> Path:
    """Trains and writes the model folder.

    Features and vectors of sentences are kept in the cache; all else takes minutes, and a run that
    was stopped begins anew.

    Returns:
        The model folder.

    Raises:
        DatasetError: the data is missing or malformed.
        ModelError: a visual model cannot be loaded.
        RecipeError: the sentence encoder cannot be read, or does not fit the recipe.
        MediaError: a picture cannot be read.
    """
    started = time.perf_counter()
    training, dev = load_splits(job, recipe, "train"), load_splits(job, recipe, "dev")
    job.output.mkdir(parents=True, exist_ok=True)
    (job.output / "training.csv").unlink(missing_ok=True)
    recipe.save(job.output / "recipe.yaml")
    keras.utils.set_random_seed(recipe.seed)
    run = _Run(job, recipe, training, dev)
    run.teach()
    scores = run.finish()
    draw_curves(job.output / "training.csv", job.output / "curves.png", "epoch", CURVES)
    write_run(job, recipe, training, scores, time.perf_counter() - started)
    write_model_card(job.output)
    return job.output


def load_splits(job: MatchingJob, recipe: Recipe, split: str) -> list[Split]:
    """A split of all data sets that have one; the first must."""
    found: list[Split] = []
    for folder, clips in [*((x, False) for x in job.data), *((x, True) for x in job.clips)]:
        try:
            items = load_dataset(folder, split, allow_missing=job.allow_missing)
        except MissingSplitError:
            if not found:
                raise
            continue
        paths = [item.path for item in items]
        pictures = picture_features(recipe.architecture.encoders, paths, job.cache)
        found.append(Split(scenes_of(folder.name, items, clips=clips), pictures))
    return found


@dataclass(frozen=True)
class _DevSet:
    """Scenes to choose the model on, and what the trained parts of both towers take of them."""

    scenes: Scenes
    pictures: np.ndarray
    sentences: np.ndarray


class _Run:
    """The network of a run, and what it is taught."""

    def __init__(self, job: MatchingJob, recipe: Recipe, training: list[Split], dev: list[Split]):
        self._job = job
        self._recipe = recipe
        self._training = training
        self._dev = dev
        self._captions = [
            evenly(texts, recipe.captions) for split in training for texts in split.scenes.captions
        ]
        self._texts = list(dict.fromkeys(text for group in self._captions for text in group))
        self.encoder = self._load_encoder()
        self.tokenizer = self._tokenizer()
        self.network = DualEncoder(
            recipe.architecture, training[0].pictures.shape[1], self.tokenizer.get_vocab_size()
        )
        if self.encoder is not None:
            assign_transformer(self.network.transformer, self.encoder.weights())
        self._look_for_components()

    def _load_encoder(self) -> SentenceEncoder | None:
        name, text = self._recipe.sentence_encoder, self._recipe.text
        return (
            None
            if name == NO_ENCODER
            else load_sentence_encoder(name, text.max_tokens, text.layers)
        )

    def _tokenizer(self) -> Tokenizer:
        if self.encoder is not None:
            return self.encoder.tokenizer
        return learn_pieces(self._texts, self._recipe.pieces, self._recipe.text.max_tokens)

    def _look_for_components(self) -> None:
        """Sets the image tower's first part, which is not learnt, by a sample of the pictures."""
        sample = np.concatenate(
            [split.pictures[:: max(1, len(split.pictures) // _SAMPLE)] for split in self._training]
        )
        found = principal_components(sample, self._recipe.image.components, self._recipe.seed)
        variables = self.network.variables()
        for name, array in found.items():
            variables[name].assign(array)
        self.network.project.trainable = False

    # === The contrast ===

    def teach(self) -> None:
        """The towers, from pairs; the network then has the best weights."""
        recipe = self._recipe
        pairs, sets = self._pairs(), self._dev_sets()
        hard = keras.Variable(0.0, trainable=False, name="hard_weight")
        network = self._contrast_graph(pairs)
        schedule = keras.optimizers.schedules.CosineDecay(
            recipe.learning_rate / 100,
            decay_steps=max(1, len(pairs) * (recipe.epochs - 1)),
            alpha=0.01,
            warmup_target=recipe.learning_rate,
            warmup_steps=len(pairs),
        )
        averaging = {"use_ema": True, "ema_momentum": recipe.ema} if recipe.ema else {}
        optimizer = keras.optimizers.AdamW(
            schedule, weight_decay=recipe.weight_decay, global_clipnorm=2.0, **averaging
        )
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta", "log_scale"])
        compile_for_training(network, optimizer, Contrast(recipe.label_smoothing, hard))
        best = _Best(self, sets, hard)
        callbacks = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] if recipe.ema else []
        network.fit(
            pairs, epochs=recipe.epochs, shuffle=False, verbose=0, callbacks=[*callbacks, best]
        )
        best.restore()

    def _contrast_graph(self, pairs: Pairs) -> Any:
        (pictures, sentences), _ = pairs[0]
        features = keras.Input(pictures.shape[1:], name="pictures")
        given = keras.Input(sentences.shape[1:], dtype=sentences.dtype, name="sentences")
        count, width = sentences.shape[1:]
        flat = keras.ops.reshape(given, (-1, width))
        read = self.network.text_head if self.encoder else self.network.text_graph(width)
        placed = keras.ops.reshape(read(flat), (-1, count, self._recipe.dimensions))
        paired = Pairing(name="temperature")(self.network.image_head(features), placed)
        return keras.Model([features, given], paired)

    def _pairs(self) -> Pairs:
        places = {text: number for number, text in enumerate(self._texts)}
        frames, first = [], 0
        for split in self._training:
            frames += [[first + row for row in rows] for rows in split.scenes.frames]
            first += len(split.pictures)
        recipe = self._recipe
        return Pairs(
            np.concatenate([self._components(split.pictures) for split in self._training]),
            frames,
            [[places[text] for text in texts] for texts in self._captions],
            self._sentences(self._texts),
            batch_size=recipe.batch_size,
            captions_per_picture=recipe.captions_per_picture,
            clips_whole=recipe.clips_whole,
            seed=recipe.seed,
        )

    def _sentences(self, texts: Sequence[str]) -> np.ndarray:
        """What the trained part of the text tower takes of sentences."""
        if self.encoder is not None:
            return sentence_vectors(self.encoder, texts, self._job.cache)
        pieces = encode(self.tokenizer, texts)
        return pieces[:, : int(np.quantile((pieces > 0).sum(axis=1), 0.99))]

    def _components(self, pictures: np.ndarray) -> np.ndarray:
        """What the trained part of the image tower takes of pictures, float16 [N, P]."""
        return in_batches(_runner(self.network.project), pictures).astype(np.float16)

    def _dev_sets(self) -> list[_DevSet]:
        return [
            _DevSet(
                split.scenes,
                self._components(split.pictures),
                self._sentences(split.scenes.texts),
            )
            for split in self._dev
        ]

    def evaluate(self, sets: Sequence[_DevSet]) -> list[Evaluation]:
        """Scores of the network's weights of now."""
        return [
            evaluate(
                in_batches(self._run_of(IMAGE, 0), dev.pictures),
                in_batches(self._run_of(TEXT, dev.sentences.shape[1]), dev.sentences),
                dev.scenes,
            )
            for dev in sets
        ]

    @functools.cache  # noqa: B019 - a run lives as long as its process
    def _run_of(self, tower: str, width: int) -> Callable[[np.ndarray], np.ndarray]:
        """The trained part of a tower, with the weights of the moment when it is called."""
        if tower == IMAGE:
            return _runner(self.network.image_head)
        return _runner(self.network.text_head if self.encoder else self.network.text_graph(width))

    def finish(self) -> list[tuple[str, Evaluation]]:
        """Writes the model; returns its scores."""
        sets = self._dev_sets()
        asked = self._sentences(evenly(self._texts, _QUERIES))
        queries = in_batches(self._run_of(TEXT, asked.shape[1]), asked)
        save_network(self.network, self.tokenizer, self._job.output, queries)
        names = [dev.scenes.name for dev in sets]
        return list(zip(names, self.evaluate(sets), strict=True))


class _Best(keras.callbacks.Callback):
    """Scores after each epoch, keeps the best weights, and stops when they stay the best."""

    def __init__(self, run: _Run, sets: Sequence[_DevSet], hard: Any):
        super().__init__()
        self._run = run
        self._sets = sets
        self._hard = hard
        self._best, self._since = -1.0, 0
        self._kept: dict[str, np.ndarray] = {}

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Brings the hardest negatives in, after a while."""
        recipe = self._run._recipe
        self._start = time.perf_counter()
        self._hard.assign(recipe.hard_weight if epoch >= recipe.hard_from else 0.0)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Scores."""
        found = self._run.evaluate(self._sets)
        mean = float(np.mean([one.mean_recall for one in found]))
        assert logs is not None
        row = {"epoch": epoch + 1, "loss": logs["loss"], "dev_mean_recall": mean}
        for dev, one in zip(self._sets, found, strict=True):
            for way, scores in one.found.items():
                row[f"{dev.scenes.name} {way} R@1"] = scores["R@1"]
                row[f"{dev.scenes.name} {way} R@10"] = scores["R@10"]
        row["seconds"] = time.perf_counter() - self._start
        add_to_history(self._run._job.output / "training.csv", row)
        print(f"epoch {epoch + 1}: loss {row['loss']:.3f}, mean recall {mean:.2f}", file=sys.stderr)
        if mean > self._best:
            self._best, self._since = mean, 0
            self._kept = {
                name: keras.ops.convert_to_numpy(x.value)
                for name, x in self._run.network.variables().items()
                if not (self._run.encoder and name.startswith(("text", "pieces", "positions")))
            }
        else:
            self._since += 1
            self.model.stop_training = self._since >= self._run._recipe.patience

    def restore(self) -> None:
        """Gives the network the best weights."""
        variables = self._run.network.variables()
        known = {name: variables[name] for name in self._kept}
        assign_weights(known, self._kept, "the best epoch")


def _runner(graph: Any) -> Callable[[np.ndarray], np.ndarray]:
    run = compiled(graph)

    def call(rows: np.ndarray) -> np.ndarray:
        return run(rows.astype(np.float32) if rows.dtype == np.float16 else rows)[0]

    return call
