"""``python -m training.answering.evaluate``: how well answerers answer."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from captioner.models.answer_folder import CALIBRATION, AnswerCalibration
from captioner.models.answer_model import AnswerModel
from training.answering.examples import Material
from training.answering.readers import AskedQuestion, most_frequent
from training.answering.recipe import AnswerRecipe
from training.answering.scores import Score, answers_of, by_kind, count_errors, look_at, rewards

_BINS = 8  # of probabilities, with equally many answers
_HOPELESS = 0.25  # what is right less often is better not said


def calibrate(probabilities: Sequence[float], right: Sequence[float]) -> AnswerCalibration:
    """How often answers of each probability are right, and from where on none is worth saying.

    Args:
        probabilities: of answers.
        right: their scores, 0 to 1.
    """
    order = np.argsort(probabilities)
    values, scores = np.asarray(probabilities)[order], np.asarray(right)[order]
    groups = [part for part in np.array_split(np.arange(len(values)), _BINS) if len(part)]
    means = np.maximum.accumulate([scores[part].mean() for part in groups])
    points = tuple(
        (float(values[part].mean()), float(mean)) for part, mean in zip(groups, means, strict=True)
    )
    hopeless = [part for part, mean in zip(groups, means, strict=True) if mean < _HOPELESS]
    least = float(values[hopeless[-1][-1]]) if hopeless else 0.0
    return AnswerCalibration(least, points, len(values))


def write_calibration(folder: Path, calibration: AnswerCalibration) -> None:
    """Puts it into the folder of the model that it was measured with."""
    text = json.dumps(vars(calibration), indent=2) + "\n"
    (folder / CALIBRATION).write_text(text, encoding="utf-8")


def table(
    models: Mapping[str, tuple[AnswerModel, str]], material: Material
) -> list[tuple[str, str, Score]]:
    """Every score of every model: (set and kind, model, score).

    Args:
        models: with how each sees, by name.
        material: what is asked.
    """
    rows = []
    taught = {"people": material.people, "made": material.made}
    for number, (name, questions) in enumerate(material.dev.items()):
        known = most_frequent(taught["made" if number else "people"], lambda item: item.kind)
        guesses = [known.get(item.kind, "yes") for item in questions]
        rows += _scores(name, "most frequent", questions, guesses, material)
        for model_name, (model, seeing) in models.items():
            looked = look_at(model, material.media, questions, seeing)
            said = [answer.text for answer in answers_of(model, looked)]
            rows += _scores(name, model_name, questions, said, material)
    return rows


def _scores(
    name: str,
    model: str,
    questions: Sequence[AskedQuestion],
    said: Sequence[str],
    material: Material,
) -> list[tuple[str, str, Score]]:
    values = rewards(questions, said)
    rows = [(name, model, Score.of(values))]
    rows += [
        (f"{name}, {kind}", model, score) for kind, score in by_kind(questions, values).items()
    ]
    counts = [(q, text) for q, text in zip(questions, said, strict=True) if _is_count(q)]
    if counts:
        asked, texts = zip(*counts, strict=True)
        constant = _constant([*material.people, *material.made])
        if model == "most frequent":
            errors = count_errors(asked, [str(constant)] * len(asked), constant)
            rows.append((f"{name}, count MSE", "constant", Score.of(errors)))
        errors = count_errors(asked, texts, constant)
        rows.append((f"{name}, count MSE", model, Score.of(errors)))
    return rows


def _is_count(question: AskedQuestion) -> bool:
    counted = question.question.lower().startswith("how many")
    return counted and question.answer.isdecimal() and int(question.answer) <= 20


def _constant(questions: Sequence[AskedQuestion]) -> float:
    """The number that has the least squared error on the training questions: their mean."""
    return float(np.mean([int(item.answer) for item in questions if _is_count(item)]))


def written(rows: Sequence[tuple[str, str, Score]]) -> str:
    """The scores as a table in Markdown; shares in percent, with their 95 % intervals."""
    lines = ["| set | model | score | 95 % interval | questions |", "|---|---|---|---|---|"]
    for name, model, score in rows:
        scale = 1 if name.endswith("MSE") else 100
        low, high = scale * score.low, scale * score.high
        lines.append(
            f"| {name} | {model} | {scale * score.mean:.1f} | {low:.1f} to {high:.1f} "
            f"| {score.count} |"
        )
    return "\n".join(lines)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    from training.answering.train import add_data

    result = argparse.ArgumentParser(
        prog="python -m training.answering.evaluate",
        description="Scores answerers on dev questions of people and on such made from captions.",
    )
    result.add_argument("models", type=Path, nargs="+", metavar="MODEL_DIR")
    add_data(result)
    result.add_argument(
        "--calibrate",
        action="store_true",
        help="write into the first model its card, with these scores, and from which probability "
        "on it is to answer",
    )
    return result


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    options = parser().parse_args(arguments)
    from captioner.errors import MediaError, ModelError
    from captioner.models.answer_folder import read_answer_folder
    from training.answering.material import AnswerData, read_material
    from training.answering.report import write_model_card
    from training.common.settings import RecipeError
    from training.data.lines import DatasetError

    try:
        models = {}
        for folder in options.models:
            seeing = AnswerRecipe.load(folder / "recipe.yaml").seeing
            described = read_answer_folder(folder)
            models[folder.name] = AnswerModel.from_folder(described), seeing
        data = AnswerData(
            tuple(options.data), options.people, options.people_dev, options.cache, None
        )
        material = read_material(data, described.config)
        scores = written(table(models, material))
        print(scores)
        if options.calibrate:
            found = calibrated(models[options.models[0].name][0], material)
            write_calibration(options.models[0], found)
            write_model_card(options.models[0], scores)
            print(f"{options.models[0]}: says that it cannot tell below {found.least:.3f}")
    except (RecipeError, DatasetError, ModelError, MediaError, OSError) as error:
        print(f"training.answering.evaluate: {error}", file=sys.stderr)
        return 2
    return 0


def calibrated(model: AnswerModel, material: Material) -> AnswerCalibration:
    """The calibration of a model, by the first dev set: people's questions."""
    questions = next(iter(material.dev.values()))
    answers = answers_of(model, look_at(model, material.media, questions))
    right = rewards(questions, [answer.text for answer in answers])
    return calibrate([answer.probability for answer in answers], right)


if __name__ == "__main__":
    from captioner.runtime.process import run

    run("training.answering.evaluate")
