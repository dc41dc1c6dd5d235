"""JSON Lines and CSV."""

import csv
import io
import json
import math

import pytest

from captioner.batch.rows import COLUMNS, plain_text
from captioner.writers import CsvWriter, JsonLinesWriter, OutputFileError
from tests.writers.makers import clip, failure, image, timed

NAMES = [
    "plain.jpg",
    "two\nlines.jpg",
    "carriage\rreturn.jpg",
    'comma, "quotes".jpg',
    "писмо/雪の犬/😀.gif",
    "separator\u2028.jpg",
    " spaces .jpg",
]
BOTH = [JsonLinesWriter, CsvWriter]


def written(writer_class, *rows):
    stream = io.StringIO(newline="")
    writer = writer_class(stream)
    for row in rows:
        writer.write(row)
    return stream.getvalue()


def read_csv(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


def refused(writer_class, path, content):
    """What is said of a file that is not to be gone on with, which stays as it is."""
    path.write_bytes(content)
    with pytest.raises(OutputFileError) as going_on:
        writer_class.open(path, "a")
    with pytest.raises(OutputFileError) as reading:
        list(writer_class.read(path))
    assert path.read_bytes() == content
    assert str(going_on.value) == str(reading.value)
    assert str(path) in str(reading.value)
    assert "--existing overwrite" in reading.value.remedy
    return reading.value.reason


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


@pytest.mark.parametrize("writer", BOTH)
def test_non_latin_text_stays_readable(writer):
    text = written(writer, image(text="雪の犬"), clip("b.gif", timed(0, 1, "雪の犬")))
    assert text.count("雪の犬") == 2
    assert "\\u" not in text


@pytest.mark.parametrize("writer", BOTH)
def test_a_name_that_is_not_utf8_becomes_valid_utf8(writer):
    text = written(writer, image("caf\udce9.jpg"))
    assert "caf\\xe9.jpg" in text.replace("\\\\", "\\")
    text.encode("utf-8")


def test_plain_text_also_takes_other_lone_surrogates():
    assert plain_text("a\ud800b\udcffc") == "a\\ud800b\\xffc"


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf])
def test_a_score_that_json_cannot_hold_is_null(score):
    assert json.loads(written(JsonLinesWriter, image(score=score)))["score"] is None


@pytest.mark.parametrize("writer", BOTH)
def test_frames_longer_than_a_csv_cell_usually_is_are_read_again(tmp_path, writer):
    row = clip("b.gif", *(timed(at, at + 1, "a dog " * 30) for at in range(1000)))
    with writer.open(tmp_path / "out", "x") as file:
        file.write(row)
    assert list(writer.read(tmp_path / "out")) == [row.as_dict()]


@pytest.mark.parametrize("writer", BOTH)
def test_a_caption_without_words_is_not_a_missing_one(tmp_path, writer):
    with writer.open(tmp_path / "out", "x") as file:
        file.write(image(text=""))
        file.write(failure())
    assert [row["text"] for row in writer.read(tmp_path / "out")] == ["", None]


def test_a_csv_file_that_a_spreadsheet_saved_is_gone_on_with(tmp_path):
    text = written(CsvWriter, image(), failure()).replace("\r\n", "\n")
    (tmp_path / "out.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    with CsvWriter.open(tmp_path / "out.csv", "a") as file:
        file.write(image("new.jpg"))
    names = [row["file_name"] for row in CsvWriter.read(tmp_path / "out.csv")]
    assert names == ["a.jpg", "c.jpg", "new.jpg"]


@pytest.mark.parametrize("writer", BOTH)
def test_empty_lines_are_no_rows(tmp_path, writer):
    path = tmp_path / "out"
    path.write_text(written(writer, image(), failure()) + "\r\n\n", newline="")
    assert [row["file_name"] for row in writer.read(path)] == ["a.jpg", "c.jpg"]
    with writer.open(path, "a") as file:
        file.write(image("new.jpg"))
    assert [row["file_name"] for row in writer.read(path)] == ["a.jpg", "c.jpg", "new.jpg"]


def test_a_whole_last_line_of_json_needs_no_line_end(tmp_path):
    path = tmp_path / "out.jsonl"
    path.write_text(written(JsonLinesWriter, image()).rstrip("\n"))
    with JsonLinesWriter.open(path, "a") as file:
        file.write(image("new.jpg"))
    assert path.read_text() == written(JsonLinesWriter, image(), image("new.jpg"))


def test_json_lines_of_another_make_are_refused(tmp_path):
    path = tmp_path / "metadata.jsonl"
    good = written(JsonLinesWriter, image()).encode()
    assert "line 1 has not the keys" in refused(JsonLinesWriter, path, b'{"file_name": "a.jpg"}\n')
    assert "line 1 is not JSON" in refused(JsonLinesWriter, path, b"precious")
    assert "line 2 is not JSON" in refused(JsonLinesWriter, path, good + good[:20] + b"\n" + good)
    assert "line 2 is not JSON" in refused(JsonLinesWriter, path, good + b"precious")
    assert "line 2 has not the keys" in refused(JsonLinesWriter, path, good + b"[1]\n")


def test_csv_of_another_make_is_refused(tmp_path):
    path = tmp_path / "metadata.csv"
    good = written(CsvWriter, image(), clip()).encode()
    assert "its columns are not" in refused(CsvWriter, path, b"file_name,text\r\na.jpg,a dog\r\n")
    assert "its columns are not" in refused(CsvWriter, path, b"precious")
    assert "its columns are not" in refused(CsvWriter, path, good.replace(b",", b";"))
    assert "line 4 ends a record of 2 cells" in refused(CsvWriter, path, good + b"a,b\r\n")
    assert "line 4 is not CSV" in refused(CsvWriter, path, good + b'"a"b' + b",c" * 8 + b"\r\n")
    assert "line 4 is not CSV" in refused(CsvWriter, path, good + b"\xff\r\n")
    wrong_score = good.replace(b"-0.41", b"minus")
    assert "record 2 is damaged" in refused_in_reading(path, wrong_score)


def refused_in_reading(path, content):
    path.write_bytes(content)
    with pytest.raises(OutputFileError) as caught:
        list(CsvWriter.read(path))
    return caught.value.reason


def test_a_quote_left_open_by_an_editor_costs_no_row(tmp_path):
    good = written(CsvWriter, image(), image("b.jpg"), image("c.jpg")).encode()
    damaged = good.replace(b"b.jpg", b'"b.jpg')
    assert "never closed" in refused(CsvWriter, tmp_path / "out.csv", damaged)
