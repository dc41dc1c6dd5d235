"""The folder that holds a model; what is in it beside the weights is read without Keras.

A model folder::

    config.json              encoder, decoder, longest caption
    vocabulary.txt           one word a line
    encoder.safetensors      weights by name, float16: the file stays the same while only the
    decoder.safetensors      decoder is trained again
    generation_config.json   how captions are searched for (`DecodingOptions`)
    memory.xml, step.xml,    graphs that run on OpenVINO without Keras (`exported`); made by
    graphs.bin               training.export, and may be missing
    encoder.xml, encoder.bin the encoder's graph, for networks that share it (`visual`)
    calibration.json         which scores are "fairly sure" (`captioner.describe.confidence`); may
                             be missing
    training.csv, README.md  curves and model card; not read
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from captioner.errors import ModelError
from captioner.models.clip_model_config import TASK, ClipModelConfig
from captioner.models.config import CaptionModelConfig
from captioner.models.decoding import DecodingOptions
from captioner.models.saving import whole_file
from captioner.models.vocabulary import Vocabulary

FORMAT = 1
PRETRAINED = Path(__file__).parents[1] / "pretrained"  # the model folders that ship
FILES = ("config.json", "vocabulary.txt", "encoder.safetensors", "decoder.safetensors")


@dataclass(frozen=True)
class ModelFolder:
    """What a model folder says of its model.

    Attributes:
        path: the folder.
        config: the architecture.
        vocabulary: the words.
        generation: default settings of the search.
    """

    path: Path
    config: CaptionModelConfig
    vocabulary: Vocabulary
    generation: DecodingOptions


def read_folder(path: str | Path) -> ModelFolder:
    """Reads all but the weights.

    Raises:
        ModelError: a file is missing or damaged.
    """
    path = Path(path)
    try:
        values = _read_config(path)
        check_format(path, values)
        kind = ClipModelConfig if task_of(values) == TASK else CaptionModelConfig
        if kind is CaptionModelConfig:
            check_task(path, values, "caption")
        for name in FILES:
            _need(path, name)
        config = kind.from_dict(values)
        generation = DecodingOptions(max_words=config.max_words)
        settings = whole_file(path, "generation_config.json")
        if settings.is_file():
            generation = DecodingOptions(**json.loads(settings.read_text(encoding="utf-8")))
        words = Vocabulary.load(whole_file(path, "vocabulary.txt"))
        return ModelFolder(path, config, words, generation)
    except ModelError:
        raise
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise unreadable(path, error) from error


def _read_config(path: Path) -> dict[str, Any]:
    _need(path, "config.json")
    values = json.loads(whole_file(path, "config.json").read_text(encoding="utf-8"))
    if not isinstance(values, dict):
        raise TypeError("config.json holds no settings")
    return values


def _need(path: Path, name: str) -> None:
    if not whole_file(path, name).is_file():
        raise ModelError(f"{path} is not a model folder: it has no {name}")


def shipped_models(*tasks: str) -> list[str]:
    """Names of the models that ship for these tasks; see `task_of`."""
    return sorted(
        path.parent.name
        for path in PRETRAINED.glob("*/config.json")
        if task_of(json.loads(path.read_text(encoding="utf-8"))) in tasks
    )


def task_of(config: Mapping[str, Any]) -> str:
    """What the model of a ``config.json`` is for: ``caption`` where it does not say."""
    return str(config.get("task", "caption"))


def check_task(path: Path, config: Mapping[str, Any], task: str) -> None:
    """Refuses a model that is for something else.

    Raises:
        ModelError: see above.
    """
    if task_of(config) != task:
        raise ModelError(f"{path} is a model for the task {task_of(config)!r}, not for {task!r}")


def check_format(path: Path, values: Mapping[str, Any]) -> None:
    """Refuses a folder of a format that this version does not know, before it is misread."""
    if values["format"] != FORMAT:
        raise ModelError(
            f"{path}: config.json says format {values['format']!r}, and this version reads format "
            f"{FORMAT}; take the version of Captionloom that wrote the model"
        )


def unreadable(path: Path, error: Exception) -> ModelError:
    """What to raise for a configuration of which no model can be made."""
    reason = f"it lacks {error}" if isinstance(error, KeyError) else error
    return ModelError(f"{path}: the configuration cannot be read ({reason}); copy the folder again")
