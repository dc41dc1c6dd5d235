"""The job of ``python -m captioner.train``: from a data folder to a model folder."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from captioner.errors import ModelError
from captioner.models.caption_model import CaptionModel
from captioner.models.config import CaptionModelConfig
from captioner.models.decoding import DecodingOptions
from captioner.models.folder import read_folder
from captioner.models.vocabulary import CLIP_STYLE, START, Vocabulary
from captioner.runtime.process_state import dtype_policy
from summarizer.consensus_scoring import ConsensusScorer
from summarizer.ngrams import DocumentFrequencies
from training.captioning import cross_entropy, self_critical
from training.captioning.cross_entropy import DevScores, DevSet, caption_features
from training.captioning.distillation import DistilledCrossEntropy, beside_teachers
from training.captioning.encoder_weights import load_encoder_weights
from training.captioning.new_words import grown, joined
from training.captioning.recipe import Recipe
from training.captioning.report import CURVES, write_examples, write_model_card
from training.captioning.self_critical import Reward, RewardOfEach, Searcher
from training.common.checkpoints import epochs_done, refuse_another_run
from training.common.history import read_history
from training.common.origin import command_of, machine, now
from training.common.report import draw_curves
from training.data.batches import CaptionBatches
from training.data.datasets import CaptionedImage, load_dataset, normalise_caption
from training.data.features import cached_features, frozen_weights
from training.data.lines import MissingSplitError
from training.data.views import AS_IT_IS, View

EMBEDDINGS = "words/embeddings"  # among the decoder's weights, a row for each word


@dataclass(frozen=True)
class TrainingJob:
    """What to train from, and where to.

    Attributes:
        data: folders of captioned photos. The dev splits of all folders choose the model; only the
            first must have one.
        output: the model folder; also holds the run's log, curves and checkpoint.
        encoder_weights: where the encoder starts, as `load_encoder_weights` takes it.
        start_from: a model folder whose weights the training begins with, or None.
        teachers: model folders whose captioners together teach the new one, beside the captions.
        cache: folder of the feature cache.
        allow_missing: go on where photos or captions are missing.
        clips: folders of frames of clips, whose captions speak of the clip; taught in the style
            ``clip``.
    """

    data: tuple[Path, ...]
    output: Path
    encoder_weights: tuple[str, ...]
    start_from: Path | None
    teachers: tuple[Path, ...]
    cache: Path
    allow_missing: bool
    clips: tuple[Path, ...] = ()


@dataclass(frozen=True)
class _Source:
    """A folder's photos with their captions, and the style of these."""

    name: str
    training: list[CaptionedImage]
    dev: list[CaptionedImage]
    style: str | None

    @property
    def captions(self) -> list[list[str]]:
        """Of each photo that is trained on."""
        return [[normalise_caption(text) for text in item.captions] for item in self.training]


@dataclass(frozen=True)
class _Data:
    """All sources, and the features that the trained part of the network takes of their photos."""

    sources: list[_Source]
    views: list[list[np.ndarray]]
    dev_features: list[np.ndarray]


def train(job: TrainingJob, recipe: Recipe) -> Path:
    """Trains and writes the model folder.

    Args:
        job: data and places.
        recipe: the settings.

    Returns:
        The model folder.

    Raises:
        DatasetError: the data is missing or malformed.
        ModelError: the recipe's architecture or the starting weights do not fit.
        RecipeError: the output holds a run of another recipe, or one that cannot be gone on with.
        MediaError: a photo cannot be read.
    """
    started = time.perf_counter()
    refuse_another_run(job.output, recipe)
    sources = _sources(job)
    keras.utils.set_random_seed(recipe.seed)
    with dtype_policy(recipe.precision):
        _train(job, recipe, sources)
    history = read_history(job.output / "training.csv")
    draw_curves(job.output / "training.csv", job.output / "curves.png", "epoch", CURVES)
    seconds = sum(float(row["seconds"]) for row in history)
    write_model_card(job.output, seconds, time.perf_counter() - started)
    return job.output


def _train(job: TrainingJob, recipe: Recipe, sources: list[_Source]) -> None:
    """Builds the model and teaches it; the output folder then holds the best one."""
    model = _build(job, recipe, sources)
    trunk, head = model.encoder.split(recipe.train_from, recipe.train_norms)

    def look(items: Sequence[CaptionedImage], view: View) -> np.ndarray:
        return cached_features(model, trunk, [item.path for item in items], job.cache, view)

    views = [
        [row for source in sources for row in look(source.training, View(number))]
        for number in range(recipe.views)
    ]
    data = _Data(sources, views, [look(source.dev, AS_IT_IS) for source in sources if source.dev])
    job.output.mkdir(parents=True, exist_ok=True)
    recipe.save(job.output / "recipe.yaml")
    _write_run(job, recipe, sources)
    teachers = [_load_teacher(folder, model, trunk) for folder in job.teachers]
    _teach(job.output, recipe, model, head, data, teachers=teachers)


def _teach(
    output: Path,
    recipe: Recipe,
    model: CaptionModel,
    head: Any,
    data: _Data,
    *,
    teachers: Sequence[CaptionModel],
) -> None:
    """Runs the epochs that are left, and keeps the best model in ``output``."""
    history = output / "training.csv"
    captions = [source.captions for source in data.sources]
    batches = CaptionBatches(
        data.views,
        [texts for photos in captions for texts in photos],
        model.vocabulary,
        styles=[source.style for source in data.sources for _ in source.training],
        weights=caption_weights(captions, recipe.agreement),
        max_words=recipe.max_words,
        batch_size=recipe.batch_size,
        captions_per_image=recipe.captions_per_image,
        photos_per_epoch=recipe.photos_per_epoch,
        seed=recipe.seed,
        first_epoch=epochs_done(output),
        grid=model.grid if recipe.grid_crops else None,
    )

    def keep(written: Sequence[str]) -> None:
        model.save(output)
        write_examples(output / "examples.html", data.sources[0].dev, written)

    options = DecodingOptions(beams=recipe.beams, max_words=recipe.max_words)
    scored = [source for source in data.sources if source.dev]
    sets = [
        DevSet(
            source.name,
            partial(caption_features, model, features, head, options, source.style),
            [item.captions for item in source.dev],
        )
        for source, features in zip(scored, data.dev_features, strict=True)
    ]
    scores = DevScores(sets, keep, recipe.patience, history)
    network = model.training_graph(head, recipe.captions_per_image)
    if recipe.objective == "self-critical":
        search = DecodingOptions(beams=recipe.captions_per_image, max_words=recipe.max_words)
        reward = RewardOfEach([(Reward(group, recipe.bleu), len(group)) for group in captions])
        searcher = Searcher(model, head, batches, reward, search)
        self_critical.fit(network, searcher, recipe, scores, output)
    elif teachers:
        network = beside_teachers(network, teachers, recipe.captions_per_image, recipe.train_from)
        loss = DistilledCrossEntropy(recipe.distill_weight, recipe.label_smoothing)
        cross_entropy.fit(network, batches, recipe, scores, output, loss=loss)
    else:
        cross_entropy.fit(network, batches, recipe, scores, output)


def _sources(job: TrainingJob) -> list[_Source]:
    """Reads the data.

    Raises:
        DatasetError: it is missing or malformed, or the first folder has no dev split.
    """

    def load(folder: Path, split: str) -> list[CaptionedImage]:
        return load_dataset(folder, split, allow_missing=job.allow_missing)

    sources: list[_Source] = []
    for folder, style in [*((f, None) for f in job.data), *((f, CLIP_STYLE) for f in job.clips)]:
        try:
            dev = load(folder, "dev")
        except MissingSplitError:
            if not sources:
                raise
            dev = []
        name = folder.name
        if any(other.name == name for other in sources):
            name = f"{name}-{len(sources) + 1}"
        sources.append(_Source(name, load(folder, "train"), dev, style))
    return sources


def caption_weights(
    sources: Sequence[Sequence[Sequence[str]]], power: float
) -> list[Sequence[float] | None] | None:
    """How likely each caption of each photo is drawn; see `Recipe.agreement`."""
    if not power:
        return None
    weights: list[Sequence[float] | None] = []
    for captions in sources:
        judge = ConsensusScorer(DocumentFrequencies.from_references(captions))
        # The frames of a clip have the same captions.
        agreement = {
            group: judge.of(group, group) for group in {tuple(texts) for texts in captions}
        }
        # One that agrees with none at all is drawn when there is no other left.
        likely = {
            group: [(score + 1e-3) ** power for score in scores]
            for group, scores in agreement.items()
        }
        weights += [likely[tuple(texts)] for texts in captions]
    return weights


def _build(job: TrainingJob, recipe: Recipe, sources: Sequence[_Source]) -> CaptionModel:
    """The model with its starting weights."""
    captions = _different(sources)
    styles = {source.style for source in sources if source.style is not None}
    if job.start_from is not None and not recipe.new_words:
        return _copy(job.start_from, recipe.architecture)
    vocabulary = Vocabulary.from_captions(captions, recipe.min_count)
    if job.start_from is not None:
        return _copy(job.start_from, recipe.architecture, vocabulary, captions, styles)
    vocabulary = joined(vocabulary, Vocabulary([]), styles)
    model = CaptionModel(recipe.architecture, vocabulary)
    for name in load_encoder_weights(model.encoder, *job.encoder_weights):
        print(f"learnt from a random start: {name}", file=sys.stderr)
    return model


def _different(sources: Sequence[_Source]) -> list[str]:
    """All captions; those of several frames of the same clip count once."""
    captions = []
    for source in sources:
        groups = [tuple(texts) for texts in source.captions]
        captions += [
            text for group in (dict.fromkeys(groups) if source.style else groups) for text in group
        ]
    return captions


def _copy(
    folder: Path,
    architecture: CaptionModelConfig,
    found: Vocabulary | None = None,
    captions: Sequence[str] = (),
    styles: Iterable[str] = (),
) -> CaptionModel:
    """A trained model, whose dropout and longest caption may be others from now on.

    Args:
        folder: the model.
        architecture: what it must have else.
        found: words that it is to know, too; None: none.
        captions: in which these stand.
        styles: that it is to know, too.
    """
    trained = CaptionModel.load(folder)
    dropout = architecture.decoder.dropout
    known = replace(
        trained.config,
        decoder=replace(trained.config.decoder, dropout=dropout),
        max_words=architecture.max_words,
    )
    if known != architecture:
        raise ModelError(f"{folder} has another architecture than the recipe")
    vocabulary = trained.vocabulary if found is None else joined(trained.vocabulary, found, styles)
    model = CaptionModel(architecture, vocabulary, trained.generation)
    for mine, theirs in (
        (model.encoder.variables(), trained.encoder.variables()),
        (model.decoder_variables(), trained.decoder_variables()),
    ):
        for name, variable in mine.items():
            weights = theirs[name]
            if name == EMBEDDINGS and found is not None:
                old = ops.convert_to_numpy(weights.value)
                weights = grown(old, vocabulary.words, captions, START)
            variable.assign(weights)
    return model


def _load_teacher(folder: Path, model: CaptionModel, trunk: Any) -> CaptionModel:
    """A trained model without dropout, which is to teach ``model`` from what ``trunk`` sees."""
    config = read_folder(folder).config
    silent = replace(config, decoder=replace(config.decoder, dropout=0.0))
    teacher = _copy(folder, silent)
    if teacher.vocabulary.words != model.vocabulary.words or config.encoder != model.config.encoder:
        raise ModelError(f"{folder} cannot teach: it has another vocabulary or encoder")
    if not _see_alike(model, teacher, trunk):
        raise ModelError(f"{folder} cannot teach: its encoder has other weights")
    return teacher


def _see_alike(model: CaptionModel, other: CaptionModel, trunk: Any) -> bool:
    """Whether both encoders have the weights of ``trunk``, a part of the model's.

    Only as precisely as a model folder keeps them, in float16.
    """
    theirs = other.encoder.variables()
    return all(
        np.allclose(mine, ops.convert_to_numpy(theirs[name].value), rtol=1e-3, atol=1e-6)
        for name, mine in frozen_weights(model, trunk)
    )


def _write_run(job: TrainingJob, recipe: Recipe, sources: Sequence[_Source]) -> None:
    """What somebody needs in order to repeat the run."""
    description: dict[str, Any] = {
        "command": command_of("captioner.train"),
        "started": now(),
        "data": [source.name for source in sources],
        "photos": sum(len(source.training) for source in sources),
        "dev_photos": sum(len(source.dev) for source in sources),
        **machine(),
        "recipe": asdict(recipe),
    }
    (job.output / "run.json").write_text(json.dumps(description, indent=2) + "\n")
