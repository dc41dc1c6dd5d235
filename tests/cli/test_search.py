"""``python -m captioner.search``: its words, what it prints and how it ends."""

import csv
import json

import pytest

from captioner.cli import search
from captioner.search import loading
from tests.makers import plain, save_photo, save_video
from tests.search.retrievers import COLOURS, ColourRetriever


@pytest.fixture
def photos(tmp_path, monkeypatch):
    monkeypatch.setattr(loading, "load_retriever", lambda model: ColourRetriever())
    monkeypatch.setenv("KERAS_BACKEND", "openvino")
    folder = tmp_path / "photos"
    folder.mkdir()
    for name, colour in COLOURS.items():
        save_photo(folder / f"{name[0]}1.png", plain(colour))
        if name == "blue":
            (folder / "b1.png").rename(folder / "u1.png")
    frames = [plain(COLOURS[name], 64, 64) for name in ["red"] * 20 + ["blue"] * 20]
    save_video(folder / "clip.mp4", frames, fps=10)
    return folder


@pytest.fixture
def run(capsys):
    def run(*words):
        code = search.main([str(word) for word in words])
        found = capsys.readouterr()
        return code, found.out, found.err

    return run


def test_the_first_search_makes_the_index(run, photos):
    code, out, err = run(photos, "red", "--kind", "image", "--no-words", "-t", 1)
    assert code == 0
    assert out.split() == ["1.00", str(photos / "r1.png")]
    assert "7 indexed" in err
    assert "indexed" not in run(photos, "red")[2]


def test_moments_and_other_forms(run, photos):
    run(photos, "--index")
    _, out, _ = run(photos, "blue", "--kind", "clip", "--no-words")
    assert out.split()[1].startswith(f"{photos / 'clip.mp4'}#t=")
    code, out, _ = run(photos, "blue", "--json", "-t", 3)
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert {row["file_name"] for row in rows} >= {"u1.png", "clip.mp4"}
    assert set(rows[0]) == {
        "path", "file_name", "kind", "start", "end", "score", "caption", "changed",
    }  # fmt: skip
    _, out, _ = run(photos, "blue", "-f", "-t", 1, "--kind", "image")
    assert out == f"{photos / 'u1.png'}\n"


def test_nothing_shows_that(run, photos):
    code, out, err = run(photos, "violin")
    assert (code, out) == (1, "")
    assert err.endswith("nothing shows that\n")


def test_sums_on_the_command_line(run, photos):
    run(photos, "--index")
    _, out, _ = run(photos, "red", "-", "green", "-t", 1, "--kind=image", "--no-words", "-f")
    assert out == f"{photos / 'r1.png'}\n"


def test_captions_are_taken_from_what_captioning_wrote(run, photos, tmp_path):
    run(photos, "--index")
    file = tmp_path / "captions.jsonl"
    row = {
        "file_name": "g1.png", "kind": "image", "text": "a lawn with dandelions", "score": -0.5,
        "frames": None, "status": "ok", "error": None, "model": "m", "summarizer": None,
    }  # fmt: skip
    file.write_text(json.dumps(row) + "\n")
    code, _, err = run(photos, "--captions", file)
    assert (code, "1 captions kept" in err) == (0, True)
    _, out, _ = run(photos, "dandelion", "-f")
    assert out == f"{photos / 'g1.png'}\n"
    code, _, err = run(photos, "--captions", tmp_path / "captions.txt")
    assert (code, "captions are read from" in err) == (2, True)


def test_broken_files_are_named_and_stop_nothing(run, photos):
    (photos / "broken.png").write_bytes(b"no")
    code, _, err = run(photos, "--index")
    assert code == 1
    assert "broken.png: " in err
    assert "7 indexed" in err


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ((), "say what to look for"),
        (("dog", "+"), "ends in a sign"),
        (("dog", "--json", "-f"), "choose one"),
        (("dog", "--min-score", "7"), "from -1 to 1"),
        (("dog", "-t", "0"), "from 1 to"),
    ],
)
def test_wrong_use_is_refused(photos, capsys, words, reason):
    with pytest.raises(SystemExit, match="2"):
        search.main([str(photos), *words])
    assert reason in capsys.readouterr().err


def test_there_is_no_such_folder(capsys, tmp_path):
    with pytest.raises(SystemExit, match="2"):
        search.main([str(tmp_path / "none"), "dog"])
    assert "no such folder" in capsys.readouterr().err


def test_a_picture_that_is_not_there(run, photos):
    code, _, err = run(photos, "@none.jpg")
    assert code == 2
    assert "none.jpg" in err


def test_csv_captions_too(run, photos, tmp_path):
    run(photos, "--index")
    file = tmp_path / "captions.csv"
    from captioner.batch.rows import Row
    from captioner.writers import FILE_WRITERS

    with FILE_WRITERS[".csv"].open(file, "x") as writer:
        writer.write(Row("y1.png", "y1.png", "image", "a heap of lemons", -0.5))
    assert len(list(csv.reader(file.open()))) == 2
    run(photos, "--captions", file)
    assert run(photos, "lemon", "-f")[1] == f"{photos / 'y1.png'}\n"
