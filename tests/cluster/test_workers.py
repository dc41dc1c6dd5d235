import pickle
from functools import partial

import pytest

from captioner import ModelError
from captioner.batch.finding import Input, find_inputs
from captioner.batch.pipeline import caption_inputs
from captioner.cluster.remote import find_remote
from captioner.cluster.workers import Job, Worker, _block_size
from captioner.describe.fused import FusedClipCaptioner
from captioner.writers.parquet import parquet_schema
from tests.fakes import FakeCaptioner, FakeSummarizer, save_color, save_damaged
from tests.makers import plain, save_animation

pyarrow = pytest.importorskip("pyarrow")


def job(load_captioner=FakeCaptioner, load_summarizer=FakeSummarizer):
    return Job(
        load_captioner,
        load_summarizer,
        always_summarize=False,
        max_frames=4,
        frame_selector="uniform",
        batch_size=2,
    )


def block(inputs):
    return pyarrow.table({"input": [pickle.dumps(item) for item in inputs]})


def local_rows(inputs):
    captioner = FakeCaptioner()
    video = FusedClipCaptioner(captioner, FakeSummarizer(), max_frames=4)
    rows = caption_inputs(inputs, captioner, lambda: video, batch_size=2)
    return [row.as_dict() for row in rows]


def fail(error, *_):
    raise error


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "in"
    for number in range(5):
        save_color(folder / f"{number}.png", (number, 0, 0))
    save_damaged(folder / "broken.png")
    save_animation(folder / "clip.gif", [plain((n, n, n)) for n in (10, 90)])
    return folder


def test_rows_are_those_of_a_run_on_this_machine(folder):
    inputs = find_inputs([str(folder)]).inputs
    table = Worker(job())(block(inputs))
    assert table.schema == parquet_schema()
    assert table.to_pylist() == local_rows(inputs)
    assert [row["status"] for row in table.to_pylist()].count("ok") == 6


def test_files_of_an_object_store_are_fetched_and_not_kept(folder, tmp_path, monkeypatch):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    inputs = [*find_remote(folder.as_uri(), recursive=False), Input("file:///none.jpg", "none")]
    *rows, missing = Worker(job())(block(inputs)).to_pylist()
    assert rows == local_rows(find_inputs([str(folder)]).inputs)
    assert missing["error"].startswith("it cannot be fetched")
    assert list((tmp_path / "temporary").iterdir()) == []


def test_models_are_loaded_once_and_the_summarizer_for_clips_only(folder):
    loaded = []
    worker = Worker(
        job(
            lambda: loaded.append("captioner") or FakeCaptioner(),
            lambda: loaded.append("summarizer") or FakeSummarizer(),
        )
    )
    photos = [Input(str(folder / f"{n}.png"), str(n)) for n in range(3)]
    worker(block(photos))
    worker(block(photos))
    assert loaded == ["captioner"]
    clip = f"{(folder / 'clip.gif').as_uri()}?region=x"
    worker(block([Input(clip, clip)]))
    assert loaded == ["captioner", "summarizer"]


def test_a_model_that_cannot_be_loaded_ends_the_run(folder):
    photo = Input(str(folder / "1.png"), "1.png")
    clip = Input(str(folder / "clip.gif"), "clip.gif")
    error = ModelError("no model")
    with pytest.raises(ModelError):
        Worker(job(load_captioner=partial(fail, error)))(block([photo]))
    with pytest.raises(ModelError):
        Worker(job(load_summarizer=partial(fail, error)))(block([photo, clip]))


@pytest.mark.parametrize(
    ("inputs", "workers", "size"), [(1, 8, 16), (100, 2, 48), (100, 7, 16), (10_000, 8, 64)]
)
def test_blocks_are_whole_batches_and_enough_for_all_workers(inputs, workers, size):
    assert _block_size(inputs, 16, workers) == size
