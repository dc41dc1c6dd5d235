"""The job of ``python -m summarizer.train``: from caption files to a model folder."""

from __future__ import annotations

import json
import os
import platform
import random
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from summarizer.bart import BartSummarizer
from summarizer.consensus_scoring import ConsensusScorer
from summarizer.ngrams import DocumentFrequencies
from training.common.settings import RecipeError
from training.fusion.data import (
    FusionSet,
    HeldOut,
    hold_out,
    plain_id,
    read_fusion_sets,
    read_ids,
    without,
)
from training.fusion.recipe import FuserRecipe

_TUNING_INPUTS = 8
_TUNING_SHARE = 0.1  # of the clips, at most
_LOG_EVERY = 50


@dataclass(frozen=True)
class FuserJob:
    """What to train on and where to write.

    Attributes:
        clips: files of people's captions of clips.
        output: the model folder to make; it must not exist.
        run: folder for checkpoints.
        recipe: settings.
        photos: files of people's captions of photos.
        captioner: files of a captioner's captions and people's.
        validation: files to score the finished model on; their ids are never trained on.
        exclude: files of ids that are never trained on either.
        resume: go on from the last checkpoint in ``run``.
        command: for the model card.
    """

    clips: tuple[Path, ...]
    output: Path
    run: Path
    recipe: FuserRecipe
    photos: tuple[Path, ...] = ()
    captioner: tuple[Path, ...] = ()
    validation: tuple[Path, ...] = ()
    exclude: tuple[Path, ...] = ()
    resume: bool = False
    command: str = ""


@dataclass(frozen=True)
class FuserData:
    """Everything that a run reads.

    Attributes:
        clips: for each file its sets.
        photos: all sets of photos.
        from_captioner: all sets with a captioner's captions.
        tuning: clips that choose the checkpoint; not among the others.
        validation: for each validation file its scenes.
        sizes: sets trained on, for each file.
        left_out: sets not trained on, because a validation or exclude file names them.
    """

    clips: tuple[tuple[FusionSet, ...], ...]
    photos: tuple[FusionSet, ...]
    from_captioner: tuple[FusionSet, ...]
    tuning: tuple[HeldOut, ...]
    validation: dict[str, list[HeldOut]]
    sizes: dict[str, int]
    left_out: int

    @property
    def sets(self) -> list[FusionSet]:
        """All that is trained on."""
        return [*(item for file in self.clips for item in file), *self.photos, *self.from_captioner]


def train_fuser(job: FuserJob) -> Path:
    """Trains a fuser and writes its model folder, whole or not at all.

    Returns:
        The model folder.

    Raises:
        DatasetError: a file is missing, damaged or of no use.
        RecipeError: the run folder belongs to another recipe or run, or is in the model folder; or
            the output exists.
    """
    start = _prepare(job)
    data = read_data(job)
    frequencies = DocumentFrequencies.from_references(item.captions for item in data.sets)
    trainer = _make_trainer(job, data, ConsensusScorer(frequencies), start)
    trainer.train(resume_from_checkpoint=None if start is None else str(start))
    _publish(job, data, trainer, frequencies)
    return job.output


def read_data(job: FuserJob) -> FuserData:
    """Reads a job's files and keeps validation and excluded ids out of training.

    Raises:
        DatasetError: a file is missing, damaged or of no use.
    """
    from training.fusion.model import CLIP, PHOTO

    banned = {name for path in job.exclude for name in read_ids(path)}
    validation: dict[str, list[HeldOut]] = {}
    for path in job.validation:
        sets = read_fusion_sets(path)
        banned |= {plain_id(item.id) for item in sets}
        validation[path.name] = hold_out(sets, _TUNING_INPUTS)
    sizes: dict[str, int] = {}
    left_out = 0

    def read(path: Path, prefix: str) -> tuple[FusionSet, ...]:
        nonlocal left_out
        everything = read_fusion_sets(path, prefix)
        kept = without(everything, banned)
        left_out += len(everything) - len(kept)
        sizes[path.name] = len(kept)
        return tuple(kept)

    clips = [read(path, CLIP) for path in job.clips]
    photos = tuple(item for path in job.photos for item in read(path, PHOTO))
    from_captioner = tuple(item for path in job.captioner for item in read(path, PHOTO))
    clips, tuning = _part(clips, job.recipe)
    return FuserData(tuple(clips), photos, from_captioner, tuning, validation, sizes, left_out)


def _part(
    files: Sequence[tuple[FusionSet, ...]], recipe: FuserRecipe
) -> tuple[list[tuple[FusionSet, ...]], tuple[HeldOut, ...]]:
    """Takes tuning scenes out of the clips."""
    rich = [item for file in files for item in file if len(item.captions) > _TUNING_INPUTS]
    count = min(recipe.tuning_sets, max(1, int(len(rich) * _TUNING_SHARE)))
    taken = random.Random(recipe.seed).sample(rich, min(count, len(rich)))
    ids = {plain_id(item.id) for item in taken}
    if not taken:
        raise RecipeError(
            f"no set of clips has more than {_TUNING_INPUTS} captions; some are needed to choose "
            "the best checkpoint"
        )
    return [tuple(without(file, ids)) for file in files], tuple(hold_out(taken, _TUNING_INPUTS))


def _prepare(job: FuserJob) -> Path | None:
    """Makes the run folder; the checkpoint to go on from, if any."""
    if job.output.exists():
        raise RecipeError(f"{job.output}: exists already; remove it or name another folder")
    if job.run.resolve().is_relative_to(job.output.resolve()):
        raise RecipeError(
            f"{job.run}: checkpoints cannot be kept in the model folder, which is made last and "
            "whole; name another --run folder"
        )
    last = _last_checkpoint(job.run)
    saved = job.run / "recipe.yaml"
    if not job.resume:
        if last is not None:
            raise RecipeError(
                f"{job.run}: holds checkpoints of another run; add --resume to go on from "
                f"{last.name}, remove it, or name another --run folder"
            )
    elif last is None:
        raise RecipeError(f"{job.run}: holds no checkpoint to go on from; leave --resume out")
    elif replace(FuserRecipe.load(saved), max_steps=job.recipe.max_steps) != job.recipe:
        raise RecipeError(
            f"{saved}: the run was begun with another recipe; give that one to --recipe"
        )
    else:
        _refuse_moved(last)
    job.run.mkdir(parents=True, exist_ok=True)
    job.recipe.save(saved)
    return last


def _last_checkpoint(run: Path) -> Path | None:
    # trainer_state.json is written last: without it the checkpoint was cut short.
    whole = [path.parent for path in run.glob("checkpoint-*/trainer_state.json")]
    return max(whole, key=lambda path: int(path.name.split("-")[1]), default=None)


def _refuse_moved(checkpoint: Path) -> None:
    # Where the best one is gone, transformers takes the last instead and says nothing.
    best = json.loads((checkpoint / "trainer_state.json").read_text())["best_model_checkpoint"]
    if best and not Path(best).exists():
        raise RecipeError(
            f"{best}: the best checkpoint of this run is no longer there; go on where the run was "
            "begun, with the same --run folder"
        )


def _make_trainer(
    job: FuserJob, data: FuserData, agreement: ConsensusScorer, start: Path | None
) -> Any:
    from transformers import AutoTokenizer, PrinterCallback, TrainingArguments
    from transformers.utils import logging

    from training.fusion.examples import FusionExamples, make_pools
    from training.fusion.model import (
        SEPARATOR,
        Collator,
        FusionTrainer,
        make_model,
        make_tokenizer,
        wrap,
    )
    from training.fusion.noise import WordNoise
    from training.fusion.report import LOG_FILE, RunLog

    logging.set_verbosity(logging.ERROR)
    logging.disable_progress_bar()  # one would come up at each checkpoint
    recipe = job.recipe
    words = [text for item in data.sets for text in (*item.captions, *item.inputs)]
    kept = job.run / "tokenizer"
    if start is None:
        make_tokenizer(words, recipe).save_pretrained(kept)
    tokenizer = AutoTokenizer.from_pretrained(kept, local_files_only=True)
    model = make_model(tokenizer, recipe)
    pools = make_pools(data.clips, data.photos, data.from_captioner, agreement, recipe)
    trainer = FusionTrainer(
        wrap(model, tokenizer, agreement, recipe.beam_size),
        data.tuning,
        recipe.label_smoothing,
        model=model,
        args=TrainingArguments(**_arguments(recipe, job.run)),
        data_collator=Collator(tokenizer, model),
        train_dataset=FusionExamples(pools, WordNoise(words), recipe, SEPARATOR),
        eval_dataset=list(data.tuning),
        callbacks=[RunLog(job.run / LOG_FILE, int(start.name.split("-")[1]) if start else 0)],
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def _arguments(recipe: FuserRecipe, run: Path) -> dict[str, Any]:
    """What transformers' Trainer is told."""
    return {
        "output_dir": str(run),
        "use_cpu": True,
        "bf16": recipe.bf16,
        "max_steps": recipe.max_steps,
        "per_device_train_batch_size": recipe.batch_size,
        "train_sampling_strategy": "sequential",  # the examples are in random order already
        "learning_rate": recipe.learning_rate,
        "warmup_steps": recipe.warmup_steps,
        "lr_scheduler_type": "cosine",
        "weight_decay": recipe.weight_decay,
        "optim": "adamw_torch_fused",
        "adam_beta2": 0.98,
        "max_grad_norm": 1.0,
        "eval_strategy": "steps",
        "eval_steps": recipe.eval_every,
        "save_strategy": "steps",
        "save_steps": recipe.eval_every,
        "save_total_limit": 2,
        "load_best_model_at_end": True,
        "metric_for_best_model": "eval_cider",
        "greater_is_better": True,
        "logging_steps": min(_LOG_EVERY, recipe.eval_every),
        "logging_nan_inf_filter": False,
        "seed": recipe.seed,
        "remove_unused_columns": False,
        "disable_tqdm": True,
        "report_to": "none",
    }


def _publish(
    job: FuserJob, data: FuserData, trainer: Any, frequencies: DocumentFrequencies
) -> None:
    """Writes the model folder beside its place, and moves it there when it is whole."""
    from training.common.history import read_history
    from training.common.report import draw_curves
    from training.fusion.model import export, tune
    from training.fusion.report import CURVES, LOG_FILE, write_fuser_card
    from training.fusion.scores import compare

    job.output.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{job.output.name}-", dir=job.output.parent))
    try:
        model = trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False)
        settings = trainer.summarizer.settings
        export(model, trainer.data_collator.tokenizer, settings, frequencies, folder)
        if find_spec("openvino"):
            from summarizer.bart_graphs import export as write_graphs

            write_graphs(folder)
        shipped = BartSummarizer.from_folder(folder, job.output.name)
        shipped.settings = tune(shipped, data.tuning)
        shipped.settings.save(folder)
        results = {name: compare(shipped, scenes) for name, scenes in data.validation.items()}
        log = read_history(job.run / LOG_FILE)
        run = {
            "name": job.output.name,
            "command": job.command,
            "sets": data.sizes,
            "left_out": data.left_out,
            "tuning": len(data.tuning),
            "settings": asdict(shipped.settings),
            "parameters": model.num_parameters(),
            "best_step": trainer.state.best_global_step or trainer.state.global_step,
            "minutes": float(log[-1]["wall_seconds"]) / 60 if log else 0.0,
            "machine": f"{os.cpu_count()} CPU cores ({platform.machine()})",
        }
        job.recipe.save(folder / "recipe.yaml")
        _write_json(folder / "run.json", run)
        _write_json(
            folder / "evaluation.json", {name: item.as_dict(0) for name, item in results.items()}
        )  # no examples: their captions are not ours to ship
        shutil.copy(job.run / LOG_FILE, folder / LOG_FILE)
        draw_curves(folder / LOG_FILE, folder / "training.png", "step", CURVES)
        write_fuser_card(folder, run, {name: item.table() for name, item in results.items()})
        folder.chmod(0o755)  # mkdtemp makes folders that nobody else may read
        folder.rename(job.output)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
