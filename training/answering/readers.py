"""Questions in the layouts in which they are published.

- VQA as JSON Lines: ``{"file_name", "question", "answer", "answers", "answer_type"}``; what
  `training.answering.questions` writes is the same without ``answers``.
- TGIF-QA (Y. Jang et al., CVPR 2017): tab-separated tables for each task, plain or gzipped.
- MSVD-QA and MSRVTT-QA (D. Xu et al., ACM MM 2017): JSON lists of
  ``{"video_id", "question", "answer"}``.
"""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.data.lines import DatasetError, Problems, read_lines

TASKS = ("action", "transition", "count", "frameqa")
_OPTIONS = ("a1", "a2", "a3", "a4", "a5")
_FRAMEQA_TYPES = ("object", "number", "color", "location")


@dataclass(frozen=True)
class AskedQuestion:
    """A question as a data set has it.

    Attributes:
        media: the photo's file, or the clip's name.
        question: as people asked it.
        answer: the right one; of a multiple choice, the option's text.
        answers: those of several people; empty where there are none.
        kind: the type of the answer; of TGIF-QA the task.
        options: of a multiple choice, else empty.
        description: a caption of the clip, where the table has one.
    """

    media: str
    question: str
    answer: str
    answers: tuple[str, ...] = ()
    kind: str = ""
    options: tuple[str, ...] = ()
    description: str = ""


def read_vqa(path: Path) -> list[AskedQuestion]:
    """VQA-style JSON Lines.

    Raises:
        DatasetError: it is missing, or a line is no such object.
    """
    problems = Problems(path)
    found = []
    for number, line in read_lines(path, problems):
        try:
            row = json.loads(line)
            found.append(
                AskedQuestion(
                    str(row["file_name"]),
                    str(row["question"]),
                    str(row["answer"]),
                    tuple(map(str, row.get("answers", ()))),
                    str(row.get("answer_type", "")),
                )
            )
        except (ValueError, KeyError, TypeError):
            problems.add("no object with file_name, question and answer", f"line {number}")
    problems.settle(allowed=False)
    return found


def read_tgif_qa(path: Path) -> list[AskedQuestion]:
    """One table of TGIF-QA; its file name says the task, such as ``Test_action_question.csv.gz``.

    Raises:
        DatasetError: it is missing, of no known task, or lacks a column.
    """
    task = next((task for task in TASKS if task in path.name.lower()), None)
    if task is None:
        raise DatasetError(f"{path}: its name says none of the tasks {', '.join(TASKS)}")
    problems = Problems(path)
    lines = (line for _, line in read_lines(path, problems))
    rows = list(csv.DictReader(lines, delimiter="\t"))
    choice = task in ("action", "transition")
    needed = {"gif_name", "question", "answer", *(_OPTIONS if choice else ())}
    lacking = needed - set(rows[0] if rows else ())
    if lacking:
        raise DatasetError(f"{path}: lacks the columns {', '.join(sorted(lacking))}")
    problems.settle(allowed=False)
    return [_tgif_question(row, task, choice) for row in rows]


def _tgif_question(row: Mapping[str, str], task: str, choice: bool) -> AskedQuestion:
    options = tuple(row[name] for name in _OPTIONS) if choice else ()
    answer = options[int(row["answer"])] if choice else row["answer"]
    kind = task
    if task == "frameqa" and row.get("type", "").isdecimal():
        kind = f"frameqa {_FRAMEQA_TYPES[int(row['type'])]}"
    return AskedQuestion(
        row["gif_name"], row["question"], answer, (), kind, options, row.get("description") or ""
    )


def read_video_qa(path: Path) -> list[AskedQuestion]:
    """MSVD-QA or MSRVTT-QA; the kind of a question is its first word.

    Raises:
        DatasetError: it is missing, or no such list.
    """
    try:
        rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        return [
            AskedQuestion(
                f"video{row['video_id']}" if str(row["video_id"]).isdecimal() else row["video_id"],
                row["question"],
                row["answer"],
                (),
                row["question"].split()[0].lower(),
            )
            for row in rows
        ]
    except FileNotFoundError as error:
        raise DatasetError(f"{path}: there is no such file") from error
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise DatasetError(
            f"{path}: is no list of objects with video_id, question and answer ({error!r})"
        ) from error


def most_frequent(
    questions: Iterable[AskedQuestion], key: Callable[[AskedQuestion], str]
) -> dict[str, str]:
    """The most frequent answer of each kind of question, a baseline that looks at nothing."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for question in questions:
        counts[key(question)][question.answer] += 1
    return {kind: answers.most_common(1)[0][0] for kind, answers in counts.items()}


def choose_frequent(
    training: Sequence[AskedQuestion], question: AskedQuestion, counts: Counter[str] | None = None
) -> str:
    """Of a multiple choice the option that was right most often in training."""
    counts = counts or Counter(other.answer for other in training)
    return max(question.options, key=lambda option: counts[option])
