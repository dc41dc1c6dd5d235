"""The index of a folder: what is found, and what is read again."""

import os
import shutil
import sqlite3

import numpy as np
import pytest

from captioner.errors import IndexFileError
from captioner.search.index import Index
from captioner.search.store import DATABASE, PLACE, Store
from tests.makers import plain, save_photo, save_video
from tests.search.retrievers import COLOURS, ColourRetriever


@pytest.fixture
def retriever():
    return ColourRetriever()


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    for name, colour in COLOURS.items():
        where = folder / "more" if name in ("white", "black") else folder
        save_photo(where / f"{name[0]}1.png", plain(colour))
    return folder


def names(hits):
    return [hit.file_name for hit in hits]


def test_what_is_looked_for_comes_first(retriever, photos):
    index = retriever.index(photos)
    for colour in COLOURS:
        best = index.search(colour, words=False)[0]
        assert best.file_name.endswith(f"{colour[0]}1.png")
        assert best.score > 0.99
        assert best.kind == "image"


def test_nothing_shows_it_is_an_answer(retriever, photos):
    index = retriever.index(photos)
    assert index.search("a violin") == []
    assert index.search("a violin", min_score=-1.0) != []


def test_only_what_is_new_or_changed_is_read(retriever, photos):
    first = retriever.index(photos).update
    assert (first.added, first.kept) == (6, 0)
    retriever.seen = 0
    assert retriever.index(photos).update.kept == 6
    assert retriever.seen == 0
    save_photo(photos / "n1.png", plain(COLOURS["red"]))
    (photos / "g1.png").unlink()
    save_photo(photos / "b1.png", plain(COLOURS["yellow"], 50, 50))
    index = retriever.index(photos)
    assert (index.update.added, index.update.removed, index.update.kept) == (2, 2, 4)
    assert retriever.seen == 2
    assert set(names(index.search("red", min_score=0.9, words=False))) == {"n1.png", "r1.png"}
    assert set(names(index.search("yellow", min_score=0.98))) == {"b1.png", "y1.png"}
    assert index.search("green", min_score=0.98) == []


def test_a_renamed_file_is_not_read_again(retriever, photos):
    retriever.index(photos)
    retriever.seen = 0
    (photos / "r1.png").rename(photos / "more" / "sunset.png")
    index = retriever.index(photos)
    assert (index.update.renamed, index.update.added, index.update.removed) == (1, 0, 0)
    assert retriever.seen == 0
    assert names(index.search("red", limit=1, words=False)) == ["more/sunset.png"]
    assert names(index.search("sunset")) == ["more/sunset.png"]


def test_moments_of_a_clip(retriever, tmp_path):
    frames = [
        plain(COLOURS[name], 64, 64) for name in ["red"] * 20 + ["blue"] * 20 + ["green"] * 20
    ]
    save_video(tmp_path / "clip.mp4", frames, fps=10)
    save_photo(tmp_path / "blue.png", plain(COLOURS["blue"]))
    index = retriever.index(tmp_path)
    hit = index.search("blue", kind="clip", words=False)[0]
    assert hit.file_name == "clip.mp4"
    assert 1.5 <= hit.start <= 2.5
    assert 3.5 <= hit.end <= 4.5
    assert hit.location.startswith(f"{hit.path}#t=")
    assert names(index.search("blue", kind="image", words=False)) == ["blue.png"]


def test_a_clip_comes_once(retriever, tmp_path):
    colours = ["red", "black", "red", "white"]
    frames = [plain(COLOURS[name], 64, 64) for name in colours for _ in range(10)]
    save_video(tmp_path / "clip.mp4", frames, fps=10)
    assert len(retriever.index(tmp_path).search("red", min_score=-1.0)) == 1


def test_an_unreadable_file_stops_nothing_and_is_named(retriever, photos):
    (photos / "broken.jpg").write_bytes(b"no picture")
    update = retriever.index(photos).update
    assert update.added == 6
    [(name, reason)] = update.failed
    assert name == "broken.jpg"
    assert reason
    assert retriever.index(photos).update.kept == 7


def test_a_file_that_is_gone_since_is_no_hit_and_one_that_changed_says_so(retriever, photos):
    index = retriever.index(photos)
    (photos / "r1.png").unlink()
    assert "r1.png" not in names(index.search("red", min_score=-1.0))
    save_photo(photos / "b1.png", plain(COLOURS["green"], 200, 200))
    assert index.search("blue", limit=1, words=False)[0].changed


def test_an_index_of_another_model_is_refused(retriever, photos):
    retriever.index(photos)
    other = ColourRetriever()
    other.identity = "others 2"
    other.name = "others"
    with pytest.raises(IndexFileError, match=r"made with the model 'colours'.*--rebuild"):
        other.index(photos)
    assert other.index(photos, rebuild=True).update.added == 6


def test_an_index_of_another_format_is_refused(retriever, photos):
    retriever.index(photos)
    with sqlite3.connect(photos / PLACE / DATABASE) as database:
        database.execute("UPDATE meta SET value = '99' WHERE key = 'format'")
    database.close()
    with pytest.raises(IndexFileError, match=r"format 99.*--rebuild"):
        Index(retriever, photos)


@pytest.mark.parametrize("name", [DATABASE, "vectors-1.f16", "rows-1.bin"])
@pytest.mark.parametrize("left", [0, 0.5])
def test_a_damaged_index_is_refused_with_the_remedy(retriever, photos, name, left):
    retriever.index(photos)
    file = photos / PLACE / name
    os.truncate(file, int(file.stat().st_size * left))
    with pytest.raises(IndexFileError, match="--rebuild"):
        retriever.index(photos).search("red")
    assert retriever.index(photos, rebuild=True).search("red")


def test_there_is_no_index_yet(retriever, photos):
    with pytest.raises(IndexFileError, match=r"no index here.*--index"):
        Index(retriever, photos)


def test_what_a_killed_run_left_behind_is_written_over(retriever, photos):
    shutil.move(photos / "more", photos.parent / "later")
    retriever.index(photos)
    with (photos / PLACE / "vectors-1.f16").open("ab") as file:
        file.write(b"\x7f" * 1000)  # appended, and never named
    shutil.move(photos.parent / "later", photos / "more")
    index = retriever.index(photos)
    assert len(index) == 6
    assert names(index.search("white", limit=1, words=False)) == ["more/w1.png"]


def test_rows_that_count_no_more_are_let_go(retriever, photos):
    retriever.index(photos)
    for name in ("r1.png", "g1.png", "b1.png", "y1.png"):
        (photos / name).unlink()
    index = retriever.index(photos)
    assert len(index) == 2
    assert index.search("white", limit=1, words=False)[0].file_name == "more/w1.png"
    assert not (photos / PLACE / "vectors-1.f16").exists()


def test_captions_and_names_count(retriever, photos):
    index = retriever.index(photos)
    with index.open_store() as store:
        store.caption_files([(b"b1.png", "a boat on the lake"), (b"r1.png", "a red boat")])
    assert set(names(index.search("boats"))) == {"b1.png", "r1.png"}
    best = index.search("red boat")[0]
    assert (best.file_name, best.caption) == ("r1.png", "a red boat")
    without = names(index.search(["2:boat", "-", "blue lake"]))
    assert "r1.png" in without
    assert "b1.png" not in without


def test_sums_and_pictures(retriever, photos):
    index = retriever.index(photos)
    picture = f"@{photos / 'g1.png'}"
    assert names(index.search([picture], limit=1)) == ["g1.png"]
    for query in (["5:red", "+", "green"], ["red", "-", "green"], ["green", "+", "5:red"]):
        assert names(index.search(query, limit=1, words=False)) == ["r1.png"]


def test_all_names_are_found_again(retriever, tmp_path):
    odd = [b"a\xff.png", "é.png".encode(), b"new\nline.png", b" .png", b"-x.png", b"100%.png"]
    for name in odd:
        save_photo(tmp_path / "x.png", plain(COLOURS["red"]))
        (tmp_path / "x.png").rename(tmp_path / os.fsdecode(name))
    index = retriever.index(tmp_path)
    hits = index.search("red", limit=100, words=False)
    assert {os.fsencode(hit.file_name) for hit in hits} == set(odd)
    assert retriever.index(tmp_path).update.kept == len(odd)


def test_vectors_are_what_was_embedded(retriever, photos):
    index = retriever.index(photos)
    with index.open_store() as store:
        rows, vectors = store.rows(), np.asarray(store.vectors(), np.float32)
        known = {one.id for one in store.known().values()}
    assert set(rows["file"].tolist()) == known
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    assert isinstance(store, Store)
