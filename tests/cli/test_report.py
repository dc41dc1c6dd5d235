import io
import sys

import pytest

from captioner.batch.finding import Input
from captioner.batch.rows import Row
from captioner.cli.report import Report
from captioner.outputs.run import Plan


def ok(name="a.jpg"):
    return Row(name, name, "image", "a dog", -1.0)


def failed(error, name="a.jpg"):
    return Row(name, name, None, error=error)


def report(*rows, to_do=None, done=0, failed_before=0, not_asked=0, remarks=()):
    inputs = tuple(Input("a.jpg", "a.jpg") for _ in range(len(rows) if to_do is None else to_do))
    made = Report()
    made.expect(Plan(inputs, done, failed_before, not_asked, remarks))
    with made:
        for row in rows:
            made.add(row)
    return made


def summary(capsys, *rows, **plan):
    made = report(*rows, **plan)
    capsys.readouterr()
    made.sum_up()
    return [line.removeprefix("captioner: ") for line in capsys.readouterr().err.splitlines()]


def test_failures_are_grouped_by_reason_the_most_frequent_first(capsys):
    rows = [failed("is cut short; copy it again")] * 2 + [ok()]
    rows += [failed("is empty (0 bytes); copy it again")] * 1200 + [failed("KeyError")]
    lines = summary(capsys, *rows)
    assert lines[0].startswith("captioned 1, failed 1,203, in ")
    assert lines[0].endswith(" files a second)")
    assert lines[1:] == [
        "  1,200 files: is empty (0 bytes)",
        "  2 files: is cut short",
        "  1 file: KeyError",
    ]


def test_ten_reasons_are_shown(capsys):
    lines = summary(capsys, *(failed(f"reason {number}") for number in range(12)))
    assert len(lines) == 12
    assert lines[-1] == "  and 2 other reasons"


def test_one_input_needs_no_summary(capsys):
    assert summary(capsys, ok()) == []
    assert summary(capsys, failed("is empty; copy it")) == []


def test_one_input_among_finished_ones_has_a_summary(capsys):
    (line,) = summary(capsys, ok(), done=1200)
    assert line.startswith("captioned 1, failed 0, skipped 1,200, in ")


def test_nothing_to_do_is_said_with_the_reason(capsys):
    lines = summary(capsys, done=250_000, failed_before=1, not_asked=2)
    assert lines == [
        "nothing to do: 250,000 files already captioned, 1 file failed before, "
        "2 files not moving, and subtitles are for clips",
        "1 file failed in an earlier run; --retry-failed takes up what failed",
    ]


@pytest.mark.parametrize(
    ("rows", "plan", "code"),
    [
        ([ok()], {}, 0),
        ([ok(), failed("x")], {}, 1),
        ([failed("x")], {}, 2),
        ([failed("x")], {"done": 1}, 1),
        ([], {"done": 3}, 0),
        ([], {"done": 3, "failed_before": 1}, 1),
        ([ok()], {"failed_before": 1}, 1),
        ([], {"failed_before": 1}, 2),
        ([], {"not_asked": 1}, 2),
        ([], {"not_asked": 1, "done": 1}, 0),
    ],
)
def test_exit_codes(rows, plan, code):
    assert report(*rows, **plan).exit_code == code


def test_a_sidecar_that_could_not_be_written_is_a_failure(capsys):
    made = report(to_do=2)
    made.add(ok(), ["a.txt cannot be written (x); check", "a.json cannot be written (x); check"])
    made.add(ok())
    err = capsys.readouterr().err
    assert err.count("captioner: a.jpg: a.") == 2
    assert (made.captioned, made.failed, made.exit_code) == (1, 1, 1)


def test_remarks_are_said_before_the_run(capsys):
    report(remarks=("mind this",))
    assert capsys.readouterr().err == "captioner: mind this\n"


def test_an_interruption_says_how_far_it_came(capsys):
    made = report(ok(), to_do=3, done=4)
    made.interrupted("in out.csv")
    assert capsys.readouterr().err == (
        "captioner: interrupted: captioned 1, failed 0, skipped 4, of 3; "
        "what was done is kept in out.csv, and the same command goes on\n"
    )
    Report().interrupted(None)
    assert capsys.readouterr().err == "captioner: interrupted before anything was captioned\n"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_slow_file_is_named_beside_the_progress_and_nowhere_else(monkeypatch):
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    made = Report()
    made.expect(Plan((Input("a.jpg", "a.jpg"),) * 2))
    with made:
        before = terminal.tell()
        made.waiting_for(Input("x", "such/a/long/way/to/the/slow\x1b.gif"))
        shown = terminal.getvalue()[before:]
        assert shown.endswith(r"waiting for …/long/way/to/the/slow\x1b.gif]")
        before = terminal.tell()
        made.waiting_for(None)
        assert "waiting" not in terminal.getvalue()[before:]
    assert "\n" not in terminal.getvalue()


def test_without_a_terminal_no_slow_file_is_named(capsys):
    with report(to_do=2) as made:
        made.waiting_for(Input("slow.gif", "slow.gif"))
    assert capsys.readouterr().err == ""
