import pyarrow
import pyarrow.parquet as pq
import pytest

from captioner.writers import JsonLinesWriter, OutputFileError, ParquetWriter
from captioner.writers import parquet as parquet_module
from tests.writers.makers import clip, failure, image


def write(path, mode, *rows):
    with ParquetWriter.open(path, mode) as writer:
        for row in rows:
            writer.write(row)


def names(path):
    return [row["file_name"] for row in ParquetWriter.read(path)]


def test_columns_are_typed(tmp_path):
    write(tmp_path / "out.parquet", "x", image(), clip(), failure())
    table = pq.read_table(tmp_path / "out.parquet")
    frame = {"start": "double", "end": "double", "text": "string", "score": "double"}
    assert {field.name: str(field.type) for field in table.schema} == {
        "file_name": "string",
        "kind": "string",
        "text": "string",
        "score": "double",
        "frames": f"list<element: struct<{', '.join(f'{k}: {v}' for k, v in frame.items())}>>",
        "status": "string",
        "error": "string",
        "model": "string",
        "summarizer": "string",
    }
    assert table.to_pylist() == [row.as_dict() for row in (image(), clip(), failure())]


def test_rows_wait_in_a_journal_that_is_gone_at_the_end(tmp_path):
    path, journal = tmp_path / "out.parquet", tmp_path / "out.parquet.part"
    with ParquetWriter.open(path, "x") as writer:
        writer.write(image())
        assert not path.exists()
        assert [row["file_name"] for row in JsonLinesWriter.read(journal)] == ["a.jpg"]
    assert list(tmp_path.iterdir()) == [path]


def test_a_journal_with_a_torn_end_is_gone_on_with(tmp_path):
    path, journal = tmp_path / "out.parquet", tmp_path / "out.parquet.part"
    write(path, "x", image("first.jpg"))
    with JsonLinesWriter.open(journal, "x") as writer:
        writer.write(image("second.jpg"))
        writer.write(image("third.jpg"))
    journal.write_bytes(journal.read_bytes()[:-5])
    assert names(path) == ["first.jpg", "second.jpg"]
    write(path, "a", image("third.jpg"))
    assert names(path) == ["first.jpg", "second.jpg", "third.jpg"]
    assert pq.read_table(path).num_rows == 3
    assert not journal.exists()


def test_a_run_killed_between_the_two_steps_of_closing_doubles_no_row(tmp_path):
    path, journal = tmp_path / "out.parquet", tmp_path / "out.parquet.part"
    write(path, "x", image("a.jpg"), image("b.jpg"))
    with JsonLinesWriter.open(journal, "x") as writer:
        writer.write(image("b.jpg"))
    assert names(path) == ["a.jpg", "b.jpg"]
    write(path, "a", image("c.jpg"))
    assert pq.read_table(path)["file_name"].to_pylist() == ["a.jpg", "b.jpg", "c.jpg"]


def test_a_new_file_does_not_take_over_the_journal_of_a_killed_run(tmp_path):
    path, journal = tmp_path / "out.parquet", tmp_path / "out.parquet.part"
    with JsonLinesWriter.open(journal, "x") as writer:
        writer.write(image())
    assert ParquetWriter.exists(path)
    with pytest.raises(FileExistsError):
        ParquetWriter.open(path, "x")
    write(path, "w", image("new.jpg"))
    assert names(path) == ["new.jpg"]


def test_a_file_that_cannot_be_written_keeps_its_rows_in_the_journal(tmp_path, monkeypatch):
    path = tmp_path / "out.parquet"

    def full(*_):
        raise OSError(28, "No space left on device")

    writer = ParquetWriter.open(path, "x")
    writer.write(image())
    with monkeypatch.context() as patch:
        patch.setattr(pq.ParquetWriter, "write_table", full)
        with pytest.raises(OSError, match=r"No space left.*out\.parquet"):
            writer.close()
    assert names(path) == ["a.jpg"]
    write(path, "a")
    assert pq.read_table(path).num_rows == 1


def test_many_row_groups_are_one_table(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_module, "_ROWS_AT_ONCE", 3)
    path = tmp_path / "out.parquet"
    write(path, "x", *(image(f"{number}.jpg") for number in range(10)))
    write(path, "a", image("10.jpg"))
    assert names(path) == [f"{number}.jpg" for number in range(11)]


def test_parquet_of_another_make_is_refused(tmp_path):
    path = tmp_path / "out.parquet"
    pq.write_table(pyarrow.table({"file_name": ["a.jpg"]}), path)
    before = path.read_bytes()
    for start in (lambda: ParquetWriter.open(path, "a"), lambda: ParquetWriter.read(path)):
        with pytest.raises(OutputFileError, match="its columns are not file_name, kind"):
            start()
    path.write_bytes(before[:-10])
    with pytest.raises(OutputFileError, match="no whole Parquet file"):
        ParquetWriter.open(path, "a")
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_package_is_named_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_module, "find_spec", lambda _: None)
    for start in (
        ParquetWriter.check_installed,
        lambda: ParquetWriter.open(tmp_path / "out.parquet", "x"),
        lambda: ParquetWriter.read(tmp_path / "out.parquet"),
    ):
        with pytest.raises(ImportError, match=r"pip install 'captionloom\[parquet\]'"):
            start()
    assert list(tmp_path.iterdir()) == []
