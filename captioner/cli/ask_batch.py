"""Questions to each file of a folder: a row for each answer, as it comes."""

from __future__ import annotations

import csv
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from captioner.batch.finding import Input, find_inputs
from captioner.batch.rows import failure_reason, one_line, plain_name

if TYPE_CHECKING:
    from captioner.ask.base import Answerer
    from captioner.types import Answer

COLUMNS = ("file_name", "question", "answer", "score", "status", "error", "model")


def ask_folder(answerer: Answerer, options: Any, questions: Sequence[str]) -> int:
    """Asks each file each question; returns the exit code.

    Args:
        answerer: what answers.
        options: ``file``, ``recursive`` and ``output``.
        questions: at least one.
    """
    found = find_inputs([options.file], options.recursive)
    if not found.inputs:
        print(f"{options.file}: no picture and no clip here", file=sys.stderr)
        return 2
    try:
        done = _done(options.output)
        failed = _ask_all(answerer, found.inputs, questions, options.output, done)
    except (OSError, ValueError) as error:
        if isinstance(error, BrokenPipeError):
            raise
        print(f"error: {options.output or 'standard output'}: {error}", file=sys.stderr)
        return 2
    if failed == len(found.inputs):
        return 2
    return 1 if failed else 0


def _ask_all(
    answerer: Answerer,
    inputs: Sequence[Input],
    questions: Sequence[str],
    output: Path | None,
    done: set[tuple[str, str]],
) -> int:
    """Writes the rows; returns how many files failed."""
    failed = 0
    new = output is not None and not (output.exists() and output.stat().st_size)
    stream = sys.stdout if output is None else output.open("a", encoding="utf-8", newline="")
    try:
        table = output is not None and output.suffix.lower() == ".csv"
        writer = csv.DictWriter(stream, COLUMNS) if table else None
        if writer is not None and new:
            writer.writeheader()
        for item in inputs:
            name = plain_name(item.file_name)
            left = [question for question in questions if (name, question) not in done]
            rows = _rows(answerer, item, name, left) if left else []
            failed += any(row["error"] is not None for row in rows)
            for row in rows:
                if writer is not None:
                    writer.writerow(row)
                else:
                    stream.write(json.dumps(row, ensure_ascii=False) + "\n")
            stream.flush()  # what is answered is kept, whatever comes
    finally:
        if output is not None:
            stream.close()
    return failed


def _rows(
    answerer: Answerer, item: Input, name: str, questions: Sequence[str]
) -> list[dict[str, Any]]:
    error = item.error
    if error is None:
        try:
            return [
                _row(name, answer.question, answerer.name, answer)
                for answer in answerer.ask_many(item.path, questions)
            ]
        except Exception as problem:  # whatever one file does, the others are still to be asked
            error = failure_reason(problem)
    print(f"{one_line(item.file_name)}: {error}", file=sys.stderr)
    return [_row(name, question, answerer.name, None, error) for question in questions]


def _row(
    name: str, question: str, model: str, answer: Answer | None, error: str | None = None
) -> dict[str, Any]:
    text, score = (None, None) if answer is None else (answer.text, answer.score)
    known = None if score is None or math.isnan(score) else round(score, 4)
    values = (name, question, text, known, "ok" if error is None else "error", error, model)
    return dict(zip(COLUMNS, values, strict=True))


def _done(output: Path | None) -> set[tuple[str, str]]:
    """The files and questions that an output already has an answer for.

    Raises:
        ValueError: it is another program's file.
    """
    if output is None or not output.exists():
        return set()
    _cut_torn_line(output)
    with output.open(encoding="utf-8", newline="") as file:
        if output.suffix.lower() == ".csv":
            rows: list[dict[str, Any]] = list(csv.DictReader(file))
        else:
            rows = [json.loads(line) for line in file if line.strip()]
    for number, row in enumerate(rows, start=1):
        if set(row) != set(COLUMNS):
            raise ValueError(f"row {number} has not the columns {', '.join(COLUMNS)}; name another")
    return {(row["file_name"], row["question"]) for row in rows if row["status"] == "ok"}


def _cut_torn_line(output: Path) -> None:
    """Takes off the last line where a run was killed while it wrote it."""
    with output.open("r+b") as file:
        data = file.read()
        if data and not data.endswith(b"\n"):
            file.truncate(data.rfind(b"\n") + 1)
