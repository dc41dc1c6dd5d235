"""The job of ``python -m training.clips``: from clips and photos to a clip network's folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np

from captioner.errors import ModelError
from captioner.models.clip_model import ClipModel
from captioner.models.clip_model_config import ClipEncoderConfig, ClipModelConfig, FrameFeature
from captioner.models.clip_model_frames import KINDS, spread
from captioner.models.decoding import DecodingOptions
from captioner.models.visual import load_visual_model
from captioner.models.vocabulary import CLIP_STYLE, Vocabulary
from captioner.runtime.keras_graphs import compiled
from captioner.runtime.process_state import dtype_policy
from training.captioning import cross_entropy, self_critical
from training.captioning.cross_entropy import DevScores, DevSet, caption_features
from training.captioning.job import caption_weights
from training.captioning.new_words import joined
from training.captioning.self_critical import Reward, RewardOfEach, Searcher
from training.clips.batches import ClipBatches
from training.clips.contrastive import with_contrast
from training.clips.data import ClipItem
from training.clips.features import ClipFeatures, clip_features, set_whitening
from training.clips.layouts import load_clips
from training.clips.recipe import ClipRecipe
from training.clips.report import write_clip_card, write_clip_examples
from training.common.checkpoints import epochs_done, refuse_another_run
from training.common.history import read_history
from training.common.origin import command_of, machine, now
from training.common.report import draw_curves
from training.data.datasets import load_dataset, normalise_caption
from training.data.lines import MissingSplitError

_FRAMES_AT_ONCE = 512  # that are whitened together
CURVES = (
    {"loss": "training loss"},
    {"dev_cider": "dev CIDEr", "dev_bleu_4": "dev BLEU-4", "dev_rouge_l": "dev ROUGE-L"},
)


@dataclass(frozen=True)
class ClipJob:
    """What to train from, and where to.

    Attributes:
        clips: folders of captioned clips; the dev split of the first chooses the model.
        photos: folders of captioned photos, learnt along as clips of one frame.
        output: the model folder; also holds the run's log, curves and checkpoint.
        start_from: a clip network whose weights the training begins with, or None.
        cache: folder of the feature cache.
        allow_missing: go on where clips or captions are missing.
    """

    clips: tuple[Path, ...]
    photos: tuple[Path, ...]
    output: Path
    start_from: Path | None
    cache: Path
    allow_missing: bool


@dataclass(frozen=True)
class _Source:
    """A folder's clips, or photos, and the style of their captions."""

    name: str
    training: list[ClipItem]
    dev: list[ClipItem]
    style: str | None

    @property
    def captions(self) -> list[list[str]]:
        """Of each clip that is trained on."""
        return [[normalise_caption(text) for text in item.captions] for item in self.training]


@dataclass(frozen=True)
class _Data:
    """All sources, the whitened features of their clips, and those of the first one's dev clips."""

    sources: list[_Source]
    features: list[np.ndarray]
    dev_features: np.ndarray


def train_clips(job: ClipJob, recipe: ClipRecipe) -> Path:
    """Trains and writes the model folder, which is returned.

    Raises:
        DatasetError: the data is missing or malformed.
        ModelError: the recipe's architecture or the starting weights do not fit.
        RecipeError: the output holds a run of another recipe.
        MediaError: a file cannot be read.
    """
    refuse_another_run(job.output, recipe)
    sources = _sources(job)
    keras.utils.set_random_seed(recipe.seed)
    with dtype_policy(recipe.precision):
        _train(job, recipe, sources)
    draw_curves(job.output / "training.csv", job.output / "curves.png", "epoch", CURVES)
    seconds = sum(float(row["seconds"]) for row in read_history(job.output / "training.csv"))
    write_clip_card(job.output, seconds)
    return job.output


def _train(job: ClipJob, recipe: ClipRecipe, sources: list[_Source]) -> None:
    model = _build(job, recipe, sources)
    features = model.encoder.config.features
    raw = [clip_features(source.training, features, recipe.frames, job.cache) for source in sources]
    if job.start_from is None:
        _whiten(model, raw, recipe.seed)
    dev = sources[0].dev
    dev_raw = clip_features(dev, features, recipe.frames, job.cache)
    job.output.mkdir(parents=True, exist_ok=True)
    recipe.save(job.output / "recipe.yaml")
    _write_run(job, recipe, sources)
    data = _Data(
        sources,
        [clip for each in raw for clip in whitened(model, each)],
        at_places(whitened(model, dev_raw), model),
    )
    _teach(job.output, recipe, model, data)


def _teach(
    output: Path,
    recipe: ClipRecipe,
    model: ClipModel,
    data: _Data,
) -> None:
    """Runs the epochs that are left, and keeps the best model in ``output``."""
    sources = data.sources
    captions = [source.captions for source in sources]
    batches = ClipBatches(
        data.features,
        [texts for group in captions for texts in group],
        model.vocabulary,
        frames=recipe.training_frames,
        all_frames=recipe.all_frames,
        always=sum(len(source.training) for source in sources if source.style),
        others_per_epoch=recipe.photos_per_epoch,
        styles=[source.style for source in sources for _ in source.training],
        weights=caption_weights(captions, recipe.agreement),
        max_words=recipe.max_words,
        batch_size=recipe.batch_size,
        captions_per_image=recipe.captions_per_clip,
        seed=recipe.seed,
        first_epoch=epochs_done(output),
    )
    _, head = model.encoder.split(None)
    dev = sources[0]

    def keep(written: Sequence[str]) -> None:
        served = model.for_frames(recipe.frames)
        served.generation = DecodingOptions(beams=recipe.beams, max_words=recipe.max_words)
        served.save(output)
        write_clip_examples(output / "examples.html", dev.dev, written)

    options = DecodingOptions(beams=recipe.beams, max_words=recipe.max_words)
    caption = partial(caption_features, model, data.dev_features, head, options, dev.style)
    dev_set = DevSet(dev.name, caption, [item.captions for item in dev.dev])
    scores = DevScores([dev_set], keep, recipe.patience, output / "training.csv")
    if recipe.objective == "self-critical":
        network = model.training_graph(head, recipe.captions_per_clip)
        search = DecodingOptions(beams=recipe.captions_per_clip, max_words=recipe.max_words)
        rewards = RewardOfEach([(Reward(group, recipe.bleu), len(group)) for group in captions])
        searcher = Searcher(model, head, batches, rewards, search)
        self_critical.fit(network, searcher, recipe.teaching, scores, output)
        return
    if recipe.contrast:
        network = with_contrast(model, head, recipe.captions_per_clip, recipe.contrast)
    else:
        network = model.training_graph(head, recipe.captions_per_clip)
    cross_entropy.fit(network, batches, recipe.teaching, scores, output)


def _sources(job: ClipJob) -> list[_Source]:
    """Clips first, then photos.

    Raises:
        DatasetError: data is missing or malformed, or the first folder has no dev split.
    """
    sources = []
    for number, folder in enumerate(job.clips):
        load = partial(load_clips, folder, allow_missing=job.allow_missing)
        try:
            dev = load("dev") if number == 0 else []
        except MissingSplitError as error:
            raise MissingSplitError(f"{error}; the first --clips needs one") from error
        sources.append(_Source(folder.name, load("train"), dev, CLIP_STYLE))
    for folder in job.photos:
        photos = load_dataset(folder, "train", allow_missing=job.allow_missing)
        items = [ClipItem(p.path.name, p.captions, frames=(p.path,)) for p in photos]
        sources.append(_Source(folder.name, items, [], None))
    return sources


def _build(job: ClipJob, recipe: ClipRecipe, sources: Sequence[_Source]) -> ClipModel:
    """The network, for as many frames as it is trained with."""
    if job.start_from is not None:
        return _renewed(ClipModel.load(job.start_from), recipe)
    texts = [text for source in sources for group in source.captions for text in group]
    vocabulary = Vocabulary.from_captions(texts, recipe.min_count)
    vocabulary = joined(vocabulary, Vocabulary([]), {CLIP_STYLE})
    encoder = ClipEncoderConfig(
        features=frame_features(recipe.features),
        frames=recipe.training_frames,
        components=recipe.components,
        temporal=recipe.temporal,
        token_dropout=recipe.token_dropout,
        project=recipe.project,
    )
    return ClipModel(ClipModelConfig(encoder, recipe.decoder, recipe.max_words), vocabulary)


def _renewed(trained: ClipModel, recipe: ClipRecipe) -> ClipModel:
    """A trained network, whose dropout and number of frames may be others from now on."""
    assert isinstance(trained.config, ClipModelConfig)
    known = trained.config.encoder
    encoder = replace(
        known,
        frames=recipe.training_frames,
        token_dropout=recipe.token_dropout,
        temporal=replace(known.temporal, dropout=recipe.temporal.dropout),
    )
    decoder = replace(trained.config.decoder, dropout=recipe.decoder.dropout)
    asked = (recipe.temporal, recipe.decoder, recipe.max_words)
    if asked != (encoder.temporal, decoder, trained.config.max_words):
        raise ModelError("the network to start from has another architecture than the recipe")
    return trained.rebuilt(replace(trained.config, encoder=encoder, decoder=decoder))


def frame_features(names: str) -> tuple[FrameFeature, ...]:
    """What ``VISUAL_MODEL:KIND+...`` means.

    Raises:
        ModelError: there is no such visual model or kind.
    """
    found = []
    for part in names.split("+"):
        encoder, _, kind = part.rpartition(":")
        if kind not in KINDS:
            raise ModelError(f"unknown feature {part!r}; kinds: {', '.join(sorted(KINDS))}")
        model = load_visual_model(encoder)
        blank = np.zeros((1, model.image_size, model.image_size, 3), np.uint8)
        _, places, channels = KINDS[kind](model.encode(blank), model.grid).shape
        found.append(FrameFeature(encoder, kind, places, channels))
    return tuple(found)


def _whiten(model: ClipModel, raw: Sequence[ClipFeatures], seed: int) -> None:
    """Sets the whitening by the frames that are trained on."""
    assert isinstance(model.config, ClipModelConfig)
    random = np.random.default_rng(seed)
    chosen = []
    for clips in raw:
        rows = np.sort(random.permutation(len(clips.rows))[:8000])
        chosen.append(np.asarray(clips.rows[rows]))
    rows, start, vectors = np.concatenate(chosen), 0, []
    for feature in model.config.encoder.features:
        end = start + feature.size
        vectors.append(rows[:, start:end].reshape(-1, feature.channels))
        start = end
    set_whitening(list(model.encoder.whitenings.values()), vectors, seed)


def whitened(model: ClipModel, clips: ClipFeatures) -> list[np.ndarray]:
    """What the frozen part of the network makes of features: of each clip float16 [t, E]."""
    trunk, _ = model.encoder.split(None)
    run = compiled(trunk)
    frames = trunk.input.shape[1]
    parts = []
    for start in range(0, len(clips.rows), _FRAMES_AT_ONCE):
        rows = np.asarray(clips.rows[start : start + _FRAMES_AT_ONCE], np.float32)
        padded = np.concatenate([rows, np.zeros((-len(rows) % frames, rows.shape[1]), np.float32)])
        white = run(padded.reshape(-1, frames, rows.shape[1]))[0]
        parts.append(white.reshape(-1, white.shape[-1])[: len(rows)].astype(np.float16))
    rows = np.concatenate(parts)
    starts = [0, *clips.ends[:-1].tolist()]
    return [rows[start:end] for start, end in zip(starts, clips.ends.tolist(), strict=True)]


def at_places(clips: Sequence[np.ndarray], model: ClipModel) -> np.ndarray:
    """Clips of any number of frames as the network takes them, [B, T, E]."""
    frames = model.encoder.images.shape[1]
    return np.stack([clip[spread(len(clip), frames)] for clip in clips])


def _write_run(job: ClipJob, recipe: ClipRecipe, sources: Sequence[_Source]) -> None:
    """What somebody needs in order to repeat the run."""
    description: dict[str, Any] = {
        "command": command_of("training.clips"),
        "started": now(),
        "clips": {s.name: len(s.training) for s in sources if s.style},
        "photos": {s.name: len(s.training) for s in sources if not s.style},
        "dev_clips": len(sources[0].dev),
        **machine(),
        "recipe": asdict(recipe),
    }
    (job.output / "run.json").write_text(json.dumps(description, indent=2) + "\n")
