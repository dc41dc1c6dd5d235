"""How captioned clips lie on a disk."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.makers import save_photo
from training.clips.layouts import is_clips, load_clips
from training.data.lines import DatasetError, MissingSplitError

WORDS = ["a man is dancing", "somebody dances"]


def lines(path: Path, rows: list[object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"clip")


def frames_cut_out(folder: Path) -> None:
    for name in ("v1_0.png", "v1_1.png", "v2_0.png"):
        save_photo(folder / "frames" / name)
    rows: list[object] = [
        {"id": "v1", "split": "train", "frames": ["v1_0.png", "v1_1.png"]},
        {"id": "v2", "split": "val", "frames": ["v2_0.png"]},
    ]
    lines(folder / "frames.jsonl", rows)
    captions = [{"id": name, "captions": WORDS} for name in ("v1", "v2", "of no frames")]
    with gzip.open(folder / "captions.jsonl.gz", "wt") as file:
        file.writelines(json.dumps(row) + "\n" for row in captions)


def tgif(folder: Path) -> None:
    address = "https://38.media.tumblr.com/tumblr_{}/{}.gif"
    table = "".join(f"{address.format(n, n)}\t{text}\n" for n in (1, 2) for text in WORDS)
    (folder / "tgif-v1.0.tsv").write_text(table)
    (folder / "splits").mkdir()
    (folder / "splits" / "train.txt").write_text(address.format(1, 1) + "\n")
    (folder / "splits" / "val.txt").write_text(address.format(2, 2) + "\n")
    touch(folder / "gifs" / "1.gif")
    touch(folder / "gifs" / "2.gif")


def msrvtt_first(folder: Path) -> None:
    splits = {"video1": "train", "video2": "validate"}
    values = {
        "videos": [{"video_id": name, "split": split} for name, split in splits.items()],
        "sentences": [{"video_id": n, "caption": text} for n in splits for text in WORDS],
    }
    (folder / "train_val_videodatainfo.json").write_text(json.dumps(values))
    for name in splits:
        touch(folder / "TrainValVideo" / f"{name}.mp4")


def msrvtt_later(folder: Path) -> None:
    (folder / "msrvtt_train_7k.json").write_text(
        json.dumps([{"video": "video1.mp4", "caption": WORDS}])
    )
    pairs = [{"video": "video2.mp4", "caption": text} for text in WORDS]
    (folder / "msrvtt_val.json").write_text(json.dumps(pairs))
    for name in ("video1", "video2"):
        touch(folder / "videos" / f"{name}.mp4")


def msvd_text(folder: Path) -> None:
    text = "".join(f"{name} {words}\n" for name in ("abc_1_5", "def_2_9") for words in WORDS)
    (folder / "AllVideoDescriptions.txt").write_text("# a comment\n" + text)
    (folder / "train_list.txt").write_text("abc_1_5.avi\n")
    (folder / "val_list.txt").write_text("def_2_9.avi\n")
    touch(folder / "YouTubeClips" / "abc_1_5.avi")
    touch(folder / "YouTubeClips" / "def_2_9.avi")


def msvd_table(folder: Path) -> None:
    rows = ["VideoID,Start,End,Language,Description"]
    for video, start, end in (("abc", 1, 5), ("def", 2, 9)):
        rows += [f"{video},{start},{end},English,{words}" for words in WORDS]
        rows.append(f"{video},{start},{end},German,ein Mann tanzt")
    (folder / "video_corpus.csv").write_text("\n".join(rows) + "\n")
    (folder / "train_list.txt").write_text("abc_1_5.avi\n")
    (folder / "val_list.txt").write_text("def_2_9.avi\n")
    touch(folder / "abc_1_5.avi")
    touch(folder / "def_2_9.avi")


def metadata(folder: Path) -> None:
    lines(folder / "train" / "metadata.jsonl", [{"file_name": "a.mp4", "text": WORDS}])
    rows: list[object] = [{"file_name": "b.gif", "text": text} for text in WORDS]
    lines(folder / "validation" / "metadata.jsonl", rows)
    touch(folder / "train" / "a.mp4")
    touch(folder / "validation" / "b.gif")


LAYOUTS = [frames_cut_out, tgif, msrvtt_first, msrvtt_later, msvd_text, msvd_table, metadata]


@pytest.mark.parametrize("write", LAYOUTS)
def test_each_layout_is_read(tmp_path: Path, write: Callable[[Path], None]) -> None:
    write(tmp_path)
    assert is_clips(tmp_path)
    found = {split: load_clips(tmp_path, split) for split in ("train", "val")}
    for items in found.values():
        assert [item.captions for item in items] == [tuple(WORDS)]
        assert all(path.is_file() for path in (items[0].frames or (items[0].path,)) if path)
    assert found["train"][0].name != found["val"][0].name
    with pytest.raises(MissingSplitError, match="no split 'test'; it has: dev, train"):
        load_clips(tmp_path, "test")


def test_frames_come_in_their_order(tmp_path: Path) -> None:
    frames_cut_out(tmp_path)
    (item,) = load_clips(tmp_path, "train")
    assert [frame.name for frame in item.frames] == ["v1_0.png", "v1_1.png"]


def test_what_is_missing_or_malformed_is_counted_and_named(tmp_path: Path) -> None:
    frames_cut_out(tmp_path)
    (tmp_path / "frames" / "v1_1.png").unlink()
    with (tmp_path / "frames.jsonl").open("a") as file:
        file.write('{"id": "v3", "split": "train", "frames": ["../../etc/passwd"]}\nno json\n')
        file.write('{"id": "v4", "split": "train", "frames": ["v1_0.png"]}\n')
    with pytest.raises(DatasetError) as error:
        load_clips(tmp_path, "train")
    for part in (
        "not of the form id, split, frames (1): frames.jsonl line 3",
        "not a JSON object (1): frames.jsonl line 4",
        "clips without their frames (1): v1_1.png",
        "clips without captions (1): v4",
    ):
        assert part in str(error.value)
    with pytest.raises(DatasetError, match="'train' is empty"):
        load_clips(tmp_path, "train", allow_missing=True)


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    assert not is_clips(tmp_path)
    with pytest.raises(DatasetError, match="holds no captions of clips"):
        load_clips(tmp_path, "train")
    with pytest.raises(DatasetError, match="no such folder"):
        load_clips(tmp_path / "none", "train")
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(DatasetError, match=r"broken\.json: is no JSON"):
        load_clips(tmp_path, "train")


def test_without_splits_the_names_decide(tmp_path: Path) -> None:
    (tmp_path / "AllVideoDescriptions.txt").write_text(
        "".join(f"v_{number} a man is dancing\n" for number in range(60))
    )
    for number in range(60):
        touch(tmp_path / f"v_{number}.avi")
    found = {split: load_clips(tmp_path, split) for split in ("train", "dev", "test")}
    assert sum(map(len, found.values())) == 60
    assert len(found["train"]) > 40
