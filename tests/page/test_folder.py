"""The folder tab: what its buttons do."""

import csv
import json
from pathlib import Path

import gradio as gr
import pytest

from captioner.batch.rows import COLUMNS
from captioner.errors import BudgetError
from captioner.media.budget import _SECONDS
from captioner.page.session import Session
from captioner.page.tabs import folder
from captioner.page.tabs.folder import FolderTab
from tests.fakes import caption_of, save_damaged
from tests.makers import plain, save_animation, save_photo
from tests.page.conftest import BLUE, RED, service_of, upload


@pytest.fixture
def tab(service):
    return FolderTab(service)


@pytest.fixture
def files(uploads):
    return [
        upload(save_photo(uploads / "red.png", plain(RED))),
        upload(save_damaged(uploads / "broken.png")),
        upload(save_animation(uploads / "two.gif", [plain(RED), plain(BLUE)])),
    ]


def describe(tab, given):
    return list(tab.describe(Session(), given, "", 0, 16, "uniform"))


def test_every_file_has_a_row_and_failed_ones_their_reason(tab, files):
    last = describe(tab, files)[-1]
    assert last["table"].count("<tr") == 1 + len(files)
    assert f'<th scope="row">red.png</th><td>{caption_of(RED)}</td><td>guessing<' in last["table"]
    assert '<tr class="failed"><th scope="row">broken.png</th>' in last["table"]
    assert f"{caption_of(RED)} then {caption_of(BLUE)}" in last["table"]
    assert "Captioned 2 of 3 files. What is wrong with the other 1" in last["status"]


def test_the_table_fills_as_it_goes(tab, files, monkeypatch):
    monkeypatch.setattr(folder, "_PAUSE", 0)
    steps = describe(tab, files)
    assert steps[0]["table"] == ""
    assert steps[0][".csv"].visible == "hidden"
    assert steps[-1][".csv"].visible is True
    assert [step["table"].count("<tr") for step in steps[1:]] == [2, 3, 4, 4]
    assert "File 2 of 3" in steps[2]["status"]


def test_stop_ends_it_after_the_file_under_way_and_keeps_the_table(tab, files, monkeypatch):
    monkeypatch.setattr(folder, "_PAUSE", 0)
    session = Session()
    steps = tab.describe(session, files, "", 0, 16, "uniform")
    assert next(steps)["stop"].interactive
    assert "File 1 of 3" in next(steps)["status"]
    session.stop()
    (last,) = steps
    assert "Stopped. Captioned 1 of 1 files." in last["status"]
    assert last["table"].count("<tr") == 2
    lines = Path(last[".jsonl"].value["path"]).read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["file_name"] for line in lines] == ["red.png"]
    with Path(last[".csv"].value["path"]).open(encoding="utf-8", newline="") as file:
        assert [row["file_name"] for row in csv.DictReader(file)] == ["red.png"]


def test_a_browser_is_not_flooded(tab, uploads, monkeypatch):
    monkeypatch.setattr(folder, "_PAUSE", 60)
    files = [upload(save_photo(uploads / f"{number}.png", plain(RED))) for number in range(20)]
    assert len(describe(tab, files)) <= 3


def test_the_files_to_take_away_hold_every_row(tab, files):
    last = describe(tab, files)[-1]
    lines = Path(last[".jsonl"].value["path"]).read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row["file_name"] for row in rows] == ["red.png", "broken.png", "two.gif"]
    assert [row["status"] for row in rows] == ["ok", "error", "ok"]
    with Path(last[".csv"].value["path"]).open(encoding="utf-8", newline="") as file:
        cells = list(csv.DictReader(file))
    assert tuple(cells[0]) == COLUMNS
    assert [row["text"] for row in cells] == [row["text"] or "" for row in rows]


def test_no_folder_of_the_server_is_named(tab, files, uploads):
    last = describe(tab, files)[-1]
    assert str(uploads) not in last["table"]
    assert str(uploads) not in Path(last[".jsonl"].value["path"]).read_text(encoding="utf-8")


def test_names_are_escaped(tab, uploads):
    path = save_photo(uploads / "<img src=x onerror=alert(1)>.png", plain(RED))
    table = describe(tab, [upload(path)])[-1]["table"]
    assert "<img" not in table
    assert "&lt;img" in table


def test_two_files_of_one_name_have_a_row_each(tab, uploads):
    paths = [save_photo(uploads / name / "a.png", plain(RED)) for name in "xy"]
    last = describe(tab, [upload(path) for path in paths])[-1]
    assert last["table"].count(">a.png<") == 2


def test_too_many_files_are_a_message(uploads, files):
    with pytest.raises(gr.Error, match="3 files: are more than the limit of 2; give them in"):
        describe(FolderTab(service_of(files=2)), files)


def test_a_file_beyond_the_limits_is_a_row_that_says_so(uploads):
    path = save_photo(uploads / "large.png", plain(RED, 1100, 1000))
    table = describe(FolderTab(service_of(megapixels=1)), [upload(path)])[-1]["table"]
    assert "more than the limit of 1,000,000; make it smaller" in table


@pytest.mark.parametrize("nothing", [None, []])
def test_a_press_without_files_asks_for_some(tab, nothing):
    with pytest.raises(gr.Error, match="Choose some files first"):
        describe(tab, nothing)


def test_files_that_wait_for_the_models_say_so(tab, files, service, monkeypatch):
    monkeypatch.setattr(type(service.models), "ahead", lambda _: 2)
    assert 'data-place="2"' in describe(tab, files)[0]["status"]


def test_cleared_files_end_the_job_and_its_table(tab, files, monkeypatch):
    monkeypatch.setattr(folder, "_PAUSE", 0)
    session = Session()
    steps = tab.describe(session, files, "", 0, 16, "uniform")
    next(steps)
    assert "<tr" in next(steps)["table"]
    session.choose(None)
    (last,) = steps
    assert last["table"] == last["status"] == ""
    assert last["stop"].interactive is False


def test_files_have_the_names_that_the_visitor_knows(tab, uploads):
    given = upload(save_photo(uploads / "a.png", plain(RED)))
    last = describe(tab, [{**given, "orig_name": 'trip/Ann\'s "best".png'}])[-1]
    assert "trip/Ann&#x27;s &quot;best&quot;.png" in last["table"]
    line = Path(last[".jsonl"].value["path"]).read_text(encoding="utf-8")
    assert json.loads(line)["file_name"] == 'trip/Ann\'s "best".png'


def test_no_row_tells_a_visitor_of_options(tab, files, service, monkeypatch):
    error = BudgetError("red.png", "takes more than 60 seconds to read", _SECONDS)
    monkeypatch.setattr(type(service.limits), "check", lambda *_: (_ for _ in ()).throw(error))
    table = describe(tab, files)[-1]["table"]
    assert "takes more than 60 seconds to read; convert it to a smaller file" in table
    assert "--" not in table
