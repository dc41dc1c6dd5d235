import json

from tests.cli.program import BLUE, RED
from tests.fakes import FakeCaptioner, Loaders, caption_of, save_damaged
from tests.makers import plain, save_video, truncate


def test_one_of_each_kind_of_bad_file_among_good_ones(run, photos, tmp_path):
    (photos / "empty.png").write_bytes(b"")
    (photos / "text.jpg").write_text("no picture")
    save_damaged(photos / "damaged.png")
    truncate(save_video(photos / "cut.mp4", [plain(RED), plain(BLUE)] * 10), keep=0.2)
    (photos / "gone.png").symlink_to("nowhere.png")
    output = tmp_path / "out.jsonl"
    code, _, err = run(photos, tmp_path / "none.jpg", "-o", output)
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    good = [row["file_name"] for row in rows if row["status"] == "ok"]
    bad = [row for row in rows if row["status"] == "error"]
    assert code == 1
    assert good == ["blue.png", "green.png", "red.png"]
    assert {row["file_name"].split("/")[-1] for row in bad} == {
        *("empty.png", "text.jpg", "damaged.png", "cut.mp4", "gone.png", "none.jpg")
    }
    assert all(row["error"] and row["text"] is None for row in bad)
    for row in bad:
        assert f"{row['file_name']}: {row['error']}" in err
    assert "captioned 3, failed 6, in " in err


def test_everything_failed_is_two(run, tmp_path):
    (tmp_path / "bad.jpg").write_text("no picture")
    output = tmp_path / "out.jsonl"
    assert run(tmp_path / "bad.jpg", "-o", output)[0] == 2
    assert json.loads(output.read_text())["status"] == "error"


def test_everything_failed_in_the_model_is_two(run, photos):
    load = Loaders(FakeCaptioner({caption_of(RED): RuntimeError("a bug")}))
    code, out, err = run(photos / "red.png", load=load)
    assert (code, out) == (2, "")
    assert err == f"captioner: {photos}/red.png: RuntimeError: a bug\n"


def test_an_empty_folder_says_so(run, loaders, tmp_path, photos):
    empty = tmp_path / "empty"
    empty.mkdir()
    code, _, err = run(empty)
    assert (code, loaders.calls) == (2, [])
    assert f"{empty}: no picture and no clip in this folder; add -r" in err
    assert "add -r" not in run("-r", empty)[2]
    code, out, err = run(empty, photos)
    assert (code, len(out.splitlines())) == (0, 3)
    assert f"{empty}: no picture" in err


def test_a_name_cannot_steer_the_terminal(run, tmp_path):
    path = tmp_path / "a\x1b[2J\nb.png"
    path.write_bytes(b"")
    _, _, err = run(path)
    assert "a\\x1b[2J\\nb.png: is empty" in err
