"""METEOR: by the Java program that papers use where it can run, else nltk's where WordNet is there.

Source: Denkowski and Lavie, "Meteor Universal", WMT 2014 (the Java program, version 1.5, which the
`pycocoevalcap` package carries); Lavie and Agarwal, WMT 2007 (nltk). The two give different
numbers: only the Java program's compare with papers.
"""

from __future__ import annotations

import functools
import importlib.util
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

JAVA_SOURCE = "pycocoevalcap (Java)"
NLTK_SOURCE = "nltk (WordNet)"

_JAVA_MEMORY = "-Xmx1G"  # the paraphrase table needs 0.5 GB
_TIMEOUT = 900.0  # seconds; a thousand captions take about 15 on two cores

Tokens = Sequence[str]


class MeteorError(RuntimeError):
    """The Java program failed or took too long."""


@functools.cache
def meteor_source() -> str | None:
    """Which METEOR this computer has: ``JAVA_SOURCE``, ``NLTK_SOURCE`` or None."""
    if _java_runs() and _jar() is not None:
        return JAVA_SOURCE
    return NLTK_SOURCE if _wordnet() is not None else None


def meteor(
    hypotheses: Sequence[Tokens],
    references: Sequence[Sequence[Tokens]],
    *,
    timeout: float = _TIMEOUT,
) -> float:
    """METEOR of tokenised captions, by what `meteor_source` names.

    Args:
        hypotheses: N captions.
        references: the references of each.
        timeout: seconds after which the Java program is stopped.

    Returns:
        The corpus score of the Java program, or the mean of nltk's sentence scores; 0 to 1.

    Raises:
        MeteorError: there is no METEOR here, the Java program failed or took too long.
    """
    source = meteor_source()
    if source is None:
        raise MeteorError(
            "no METEOR here: install Java and pycocoevalcap, or run nltk.download('wordnet')"
        )
    if source == NLTK_SOURCE:
        return _nltk_meteor(hypotheses, references)
    return _java_meteor(hypotheses, references, timeout)


def _java_runs() -> bool:
    """Whether `java` is there and starts; some systems carry one that only asks to be installed."""
    java = shutil.which("java")
    if java is None:
        return False
    try:
        done = subprocess.run([java, "-version"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _jar() -> Path | None:
    package = importlib.util.find_spec("pycocoevalcap")
    for folder in (package and package.submodule_search_locations) or ():
        jar = Path(folder) / "meteor" / "meteor-1.5.jar"
        if jar.is_file():
            return jar
    return None


def _wordnet() -> Any:
    """WordNet through nltk, or None where it is not installed."""
    if importlib.util.find_spec("nltk") is None:
        return None
    from nltk.corpus import wordnet

    try:
        wordnet.ensure_loaded()
    except LookupError:
        return None
    return wordnet


def _nltk_meteor(hypotheses: Sequence[Tokens], references: Sequence[Sequence[Tokens]]) -> float:
    from nltk.translate.meteor_score import meteor_score

    wordnet = _wordnet()
    scores = [
        meteor_score(group, words, wordnet=wordnet)
        for words, group in zip(hypotheses, references, strict=True)
    ]
    return float(sum(scores) / len(scores))


def _java_meteor(
    hypotheses: Sequence[Tokens], references: Sequence[Sequence[Tokens]], timeout: float
) -> float:
    """Talks with the program itself: pycocoevalcap's class waits for ever once it has failed."""
    command = ["java", _JAVA_MEMORY, "-jar", str(_jar()), "-", "-", "-stdio", "-l", "en", "-norm"]
    started = time.monotonic()
    with tempfile.TemporaryFile() as errors:  # a pipe that nobody reads could fill up and block
        try:
            with (
                subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
                ) as process,
                _stopped(process, timeout),
            ):
                return _converse(process, hypotheses, references)
        except (OSError, ValueError) as error:
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip().splitlines()
            late = time.monotonic() - started >= timeout
            reason = f"it took over {timeout:g} s" if late else (said or [str(error)])[0]
            raise MeteorError(f"METEOR's Java program failed: {reason}") from error


@contextmanager
def _stopped(process: subprocess.Popen[bytes], timeout: float) -> Iterator[None]:
    """Kills the program after ``timeout`` seconds, and in any case at the end."""
    timer = threading.Timer(timeout, process.kill)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        process.kill()  # it would wait for more lines


def _converse(
    process: subprocess.Popen[bytes],
    hypotheses: Sequence[Tokens],
    references: Sequence[Sequence[Tokens]],
) -> float:
    """Has every caption counted, then the counts added up.

    Raises:
        OSError, ValueError: the program ended or said something else.
    """
    questions, answers = process.stdin, process.stdout
    assert questions is not None and answers is not None

    def send(*fields: str) -> None:
        questions.write((" ||| ".join(fields) + "\n").encode())
        questions.flush()

    counts = []
    for words, group in zip(hypotheses, references, strict=True):
        send("SCORE", *(" ".join(reference) for reference in group), " ".join(words))
        counts.append(answers.readline().decode().strip())
    send("EVAL", *counts)
    for _ in counts:
        float(answers.readline())  # each caption's own score; the last is the whole corpus's
    return float(answers.readline())
