"""The folder that holds an answerer; read without Keras.

An answerer's folder::

    config.json          ``format``, ``task`` (answer), the architecture, the visual models
    vocabulary.txt       one word a line
    answerer.safetensors weights by name, float16
    look.xml, write.xml, graphs.bin   graphs that run on OpenVINO without Keras
    calibration.json     from which probability on it is to answer at all; may be missing
    training.csv, README.md   curves and model card; not read
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from captioner.errors import ModelError
from captioner.models.answer_config import TASK, AnswerConfig
from captioner.models.folder import check_format, check_task, unreadable
from captioner.models.saving import whole_file
from captioner.models.vocabulary import Vocabulary
from captioner.runtime.graph_files import GraphFiles

WEIGHTS = "answerer.safetensors"
LOOK, WRITE = "look", "write"  # names of graphs
CALIBRATION = "calibration.json"


@dataclass(frozen=True)
class AnswerCalibration:
    """What is known of how often answers are right.

    Attributes:
        least: below this probability of its answer the answerer says that it cannot tell.
        points: (probability, part of such answers that were right), rising.
        questions: how many people's questions this was measured on.
    """

    least: float = 0.0
    points: tuple[tuple[float, float], ...] = ()
    questions: int = 0

    def right(self, probability: float) -> float | None:
        """How often an answer of this probability is right, 0 to 1; None where none knows."""
        if not self.points:
            return None
        import numpy as np

        xs, ys = zip(*self.points, strict=True)
        return float(np.interp(probability, xs, ys))


@dataclass(frozen=True)
class AnswerFolder:
    """What a folder says of its answerer.

    Attributes:
        path: the folder.
        config: the architecture.
        vocabulary: the words.
        calibration: how sure is sure.
    """

    path: Path
    config: AnswerConfig
    vocabulary: Vocabulary
    calibration: AnswerCalibration

    @property
    def graph_files(self) -> GraphFiles:
        """The files that its graphs are made of."""
        return GraphFiles(
            names=(LOOK, WRITE),
            weights=(WEIGHTS,),
            settings=("config.json",),
            locate=partial(whole_file, self.path),
        )

    def graphs(self) -> dict[str, Any]:
        """Its graphs, each an `openvino.Model`.

        Raises:
            ModelError: it has none, or a file is damaged.
        """
        try:
            graphs = self.graph_files.read()
        except (OSError, ValueError) as error:
            raise ModelError(str(error)) from error
        if graphs is None:
            raise ModelError(
                f"{self.path} has no graphs, or those of another model; make them by "
                "python -m training.export FOLDER, which needs pip install 'captionloom[train]'"
            )
        return graphs


def read_answer_folder(path: str | Path) -> AnswerFolder:
    """Reads all but the weights.

    Raises:
        ModelError: it is no answerer's folder, a file is missing or damaged, or of a format that
            this version does not know.
    """
    path = Path(path)
    for name in ("config.json", "vocabulary.txt", WEIGHTS):
        if not whole_file(path, name).is_file():
            raise ModelError(f"{path} is no folder of an answerer: it has no {name}")
    try:
        values = json.loads(whole_file(path, "config.json").read_text(encoding="utf-8"))
        check_format(path, values)
        check_task(path, values, TASK)
        config = AnswerConfig.from_dict(values)
        words = Vocabulary.load(whole_file(path, "vocabulary.txt"))
        return AnswerFolder(path, config, words, _calibration(path))
    except ModelError:
        raise
    except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise unreadable(path, error) from error


def _calibration(path: Path) -> AnswerCalibration:
    file = whole_file(path, CALIBRATION)
    if not file.is_file():
        return AnswerCalibration()
    values = json.loads(file.read_text(encoding="utf-8"))
    points = tuple((float(x), float(y)) for x, y in values["points"])
    return AnswerCalibration(float(values["least"]), points, int(values["questions"]))
