import csv
import io
import json
import math

import pytest

from captioner.rows import COLUMNS, one_line, plain_text
from captioner.writers import FILE_WRITERS, CsvWriter, JsonLinesWriter, TextWriter
from tests.writers.makers import clip, failure, image

NAMES = [
    "plain.jpg",
    "two\nlines.jpg",
    "carriage\rreturn.jpg",
    'comma, "quotes".jpg',
    "писмо/雪の犬/😀.gif",
    "separator\u2028.jpg",
    " spaces .jpg",
]


def written(writer_class, *rows):
    stream = io.StringIO(newline="")
    writer = writer_class(stream)
    for row in rows:
        writer.write(row)
    return stream.getvalue()


def read_csv(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_json_lines_round_trip():
    rows = [image(), clip(), failure()]
    lines = written(JsonLinesWriter, *rows).splitlines()
    assert [json.loads(line) for line in lines] == [row.as_dict() for row in rows]


def test_a_row_has_the_documented_keys_in_their_order():
    (line,) = written(JsonLinesWriter, failure()).splitlines()
    assert list(json.loads(line).items()) == [
        ("file_name", "c.jpg"),
        ("kind", None),
        ("text", None),
        ("score", None),
        ("frames", None),
        ("status", "error"),
        ("error", "is empty (0 bytes); copy it again"),
        ("model", None),
        ("summarizer", None),
    ]


@pytest.mark.parametrize("name", NAMES)
def test_names_survive_in_json_lines(name):
    text = written(JsonLinesWriter, image(name))
    assert text.count("\n") == 1
    assert json.loads(text)["file_name"] == name


@pytest.mark.parametrize("name", NAMES)
def test_names_survive_in_csv(name):
    rows = read_csv(written(CsvWriter, image(), image(name), failure()))
    assert [row["file_name"] for row in rows] == ["a.jpg", name, "c.jpg"]


def test_csv_holds_the_frames_as_json_and_null_as_an_empty_cell():
    first, second, third = read_csv(written(CsvWriter, image(), clip(), failure()))
    assert tuple(first) == COLUMNS
    assert (first["text"], float(first["score"]), first["frames"]) == ("a dog runs", -0.41, "")
    assert json.loads(second["frames"]) == clip().as_dict()["frames"]
    assert (third["text"], third["score"], third["status"]) == ("", "", "error")


def test_non_latin_text_stays_readable():
    for writer in (JsonLinesWriter, CsvWriter):
        assert "雪の犬" in written(writer, image(text="雪の犬"), clip(caption="雪の犬"))
        assert "\\u" not in written(writer, image(text="雪の犬"), clip(caption="雪の犬"))


@pytest.mark.parametrize("writer", [JsonLinesWriter, CsvWriter, TextWriter])
def test_a_name_that_is_not_utf8_becomes_valid_utf8(writer):
    text = written(writer, image("caf\udce9.jpg"))
    assert "caf\\xe9.jpg" in text.replace("\\\\", "\\")
    text.encode("utf-8")


def test_plain_text_also_takes_other_lone_surrogates():
    assert plain_text("a\ud800b\udcffc") == "a\\ud800b\\xffc"


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf])
def test_a_score_that_json_cannot_hold_is_null(score):
    assert json.loads(written(JsonLinesWriter, image(score=score)))["score"] is None


def test_text_lines_are_one_line_each_and_steer_no_terminal():
    text = written(TextWriter, image("two\nlines\x1b[2J.jpg", "a dog\nruns \x1b[31mfast"))
    assert text == "two\\nlines\\x1b[2J.jpg: a dog runs \\x1b[31mfast\n"


def test_text_lines_leave_failures_to_standard_error():
    assert written(TextWriter, failure()) == ""


def test_one_line_keeps_readable_text():
    assert one_line("雪の犬 é 😀") == "雪の犬 é 😀"


@pytest.mark.parametrize("suffix", FILE_WRITERS)
def test_rows_are_in_the_file_before_it_is_closed(tmp_path, suffix):
    path = tmp_path / f"out{suffix}"
    with FILE_WRITERS[suffix].open(path, "x") as writer:
        writer.write(image("雪.jpg"))
        assert "雪.jpg" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("suffix", FILE_WRITERS)
def test_a_file_that_is_there_is_only_replaced_on_purpose(tmp_path, suffix):
    path = tmp_path / f"out{suffix}"
    path.write_text("precious")
    with pytest.raises(FileExistsError):
        FILE_WRITERS[suffix].open(path, "x")
    assert path.read_text() == "precious"
    with FILE_WRITERS[suffix].open(path, "w") as writer:
        writer.write(image())
    assert "precious" not in path.read_text()
