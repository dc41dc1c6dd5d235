import os
import stat
import subprocess
import sys
import textwrap
import time

import pytest

from summarizer.ngrams import tokenize
from tests.training.test_metrics import CORPORA, as_pycocoevalcap
from training.metrics import meteor as module
from training.metrics.meteor import (
    JAVA_SOURCE,
    NLTK_SOURCE,
    MeteorError,
    meteor,
    meteor_source,
)

needs_java = pytest.mark.skipif(meteor_source() != JAVA_SOURCE, reason="needs Java")
needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="stands a script in for Java")


def tokens(name):
    hypotheses, references = CORPORA[name]
    return [tokenize(h) for h in hypotheses], [[tokenize(r) for r in g] for g in references]


@pytest.fixture
def fresh():
    meteor_source.cache_clear()
    yield
    meteor_source.cache_clear()


@pytest.fixture
def stand_in(tmp_path, monkeypatch, fresh):
    """Puts a Python script in Java's place; returns where it notes its process number."""

    def put(body):
        note = tmp_path / "pid"
        script = tmp_path / "java"
        script.write_text(
            f"#!{sys.executable}\nimport os, sys, time\n"
            "if '-version' in sys.argv: sys.exit(0)\n"
            f"open({str(note)!r}, 'w').write(str(os.getpid()))\n" + textwrap.dedent(body)
        )
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
        monkeypatch.setattr(module, "_jar", lambda: tmp_path / "meteor-1.5.jar")
        return note

    return put


def ended(note):
    try:
        os.kill(int(note.read_text()), 0)
    except ProcessLookupError:
        return True
    return False


@needs_java
def test_java_meteor_equals_the_reference_implementation(capfd):
    from pycocoevalcap.meteor.meteor import Meteor

    truth, results = as_pycocoevalcap(*CORPORA["mixed"])
    reference = Meteor()
    try:
        expected = reference.compute_score(truth, results)[0]
    finally:
        del reference  # which stops its program
    assert meteor(*tokens("mixed")) == pytest.approx(expected, abs=1e-9)
    assert capfd.readouterr() == ("", "")


@needs_posix
def test_the_corpus_score_is_read_and_the_program_ended(stand_in):
    note = stand_in("""
        for line in sys.stdin:
            kind, *fields = line.rstrip("\\n").split(" ||| ")
            if kind == "SCORE":
                print(len(fields), len(fields[-1]), flush=True)
            else:
                assert fields == ["3 10", "2 5"], fields
                print("0.1\\n0.2\\n0.375", flush=True)
        time.sleep(60)  # does not go by itself
        """)
    assert meteor_source() == JAVA_SOURCE
    hypotheses = [["a", "dog", "runs"], ["a", "cat"]]
    references = [[["a", "dog"], ["dogs"]], [["a", "cat"]]]
    started = time.monotonic()
    assert meteor(hypotheses, references) == 0.375
    assert time.monotonic() - started < 20
    assert ended(note)


@needs_posix
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("sys.exit('Error: no memory')", "Error: no memory"),
        ("sys.stdin.readline(); sys.exit('Error: no table')", "Error: no table"),
        ("for line in sys.stdin: print('nonsense', flush=True)", "nonsense"),
    ],
)
def test_a_program_that_fails_is_told_of(stand_in, body, reason):
    note = stand_in(body)
    with pytest.raises(MeteorError, match=reason):
        meteor(*tokens("mixed"))
    assert ended(note)


@needs_posix
def test_a_program_that_hangs_is_stopped(stand_in):
    note = stand_in("time.sleep(60)")
    started = time.monotonic()
    with pytest.raises(MeteorError, match="took over 1 s"):
        meteor(*tokens("mixed"), timeout=1)
    assert time.monotonic() - started < 20
    assert ended(note)


def test_java_that_does_not_start_is_no_source(monkeypatch, fresh):
    def failing(*_, **__):
        return subprocess.CompletedProcess([], 1)

    monkeypatch.setattr(module.shutil, "which", lambda _: "/usr/bin/java")
    monkeypatch.setattr(module.subprocess, "run", failing)
    monkeypatch.setattr(module, "_wordnet", lambda: None)
    assert meteor_source() is None
    with pytest.raises(MeteorError, match="install Java"):
        meteor(*tokens("mixed"))


def test_nltk_stands_in_where_java_is_missing(monkeypatch, fresh):
    pytest.importorskip("nltk")

    class NoSynonyms:
        def synsets(self, word):
            return []

    monkeypatch.setattr(module, "_java_runs", lambda: False)
    monkeypatch.setattr(module, "_wordnet", NoSynonyms)
    assert meteor_source() == NLTK_SOURCE
    dog, cat = ["a", "dog", "runs"], ["two", "cats"]
    # Three matches in one chunk: 1 - 0.5 * (1/3)³; the best reference counts; nothing: 0.
    assert meteor([dog, cat], [[cat, dog], [dog]]) == pytest.approx((1 - 0.5 / 27) / 2)
