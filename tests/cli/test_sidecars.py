"""``--sidecar``: files beside each input."""

import errno
import json
import os
from pathlib import Path

import pytest

from captioner.writers import SIDECARS
from captioner.writers.sidecars import TextSidecar
from tests.cli.program import BLUE, GREEN, RED, Saying, read_rows
from tests.fakes import FakeCaptioner, Loaders, caption_of, save_color
from tests.makers import plain, save_animation, save_photo

FORMS = {"append": "{0} {1}", "prepend": "{1} {0}"}


def texts(folder, suffix=".txt"):
    return {path.name: path.read_text() for path in sorted(folder.glob(f"*{suffix}"))}


def save_gif(folder, name="clip.gif"):
    return save_animation(folder / name, [plain(RED), plain(BLUE)])


# === What is written ===


def test_captions_lie_beside_the_pictures_and_nothing_is_printed(run, photos):
    code, out, err = run(photos, "--sidecar", "txt")
    assert (code, out) == (0, "")
    assert "captioned 3, failed 0, in " in err
    assert texts(photos) == {
        "blue.txt": f"{caption_of(BLUE)}\n",
        "green.txt": f"{caption_of(GREEN)}\n",
        "red.txt": f"{caption_of(RED)}\n",
    }


def test_several_formats_at_once_and_a_combined_file(run, photos, tmp_path):
    save_gif(photos)
    code, _, _ = run(photos, "--sidecar", "txt, json,xmp,vtt,srt,txt", "-o", tmp_path / "a.csv")
    assert code == 0
    assert len(read_rows(tmp_path / "a.csv")) == 4
    made = {path.name for path in photos.iterdir()} - {"clip.gif"}
    assert made == {
        *(f"{name}.{kind}" for name in ("blue", "green", "red") for kind in ("png", "txt", "json")),
        *(f"{name}.png.xmp" for name in ("blue", "green", "red")),
        *("clip.txt", "clip.json", "clip.gif.xmp", "clip.vtt", "clip.srt"),
    }
    assert json.loads((photos / "red.json").read_text())["text"] == caption_of(RED)


def test_inputs_of_the_same_stem_keep_their_captions_apart(run, photos):
    save_photo(photos / "red.jpg")
    assert run(photos, "--sidecar", "txt")[0] == 0
    assert set(texts(photos)) == {"blue.txt", "green.txt", "red.jpg.txt", "red.png.txt"}
    assert "nothing to do" in run(photos, "--sidecar", "txt")[2]


def test_prefix_and_suffix_are_in_every_format(run, photos, tmp_path):
    save_gif(photos)
    output = tmp_path / "out.jsonl"
    names = ["txt", "json", "xmp", "vtt", "srt"]
    options = ["--prefix", "<", "--suffix", ">"]
    run(photos, "--sidecar", ",".join(names), "-o", output, *options)
    clip = f"<{caption_of(RED)} then {caption_of(BLUE)}>"
    rows = {row["file_name"]: row for row in read_rows(output)}
    assert rows["clip.gif"]["text"] == clip
    assert rows["red.png"]["text"] == f"<{caption_of(RED)}>"
    for name in ("txt", "json", "xmp"):
        sidecar = SIDECARS[name]
        assert sidecar.read_caption(sidecar.path_for(photos / "clip.gif")) == clip
    for name in ("vtt", "srt"):
        sidecar = SIDECARS[name]
        cues = sidecar.read_caption(photos / f"clip.{name}").replace("&lt;", "<")
        assert cues.replace("&gt;", ">") == f"<{caption_of(RED)}> <{caption_of(BLUE)}>"


def test_prefix_and_suffix_are_in_lines_too(run, photos):
    _, out, _ = run(photos / "red.png", "--prefix", "a photo of ", "--suffix", ", flickr")
    assert out == f"{photos}/red.png: a photo of {caption_of(RED)}, flickr\n"


def test_rows_on_standard_output_with_sidecars_are_all_of_them(run, photos):
    run(photos / "red.png", "--sidecar", "txt")
    code, out, _ = run(photos, "--sidecar", "txt", "-o", "-", load=Loaders(Saying("new")))
    assert code == 0
    assert [json.loads(line)["file_name"] for line in out.splitlines()] == [
        *("blue.png", "green.png", "red.png")
    ]
    assert [text.startswith("new") for text in texts(photos).values()] == [True, True, False]


# === What is there already ===


def test_what_has_all_that_was_asked_for_is_passed_by(run, photos, loaders, tmp_path):
    run(photos, "--sidecar", "txt")
    loaders.calls.clear()
    assert run(photos, "--sidecar", "txt")[0] == 0
    assert loaders.calls == []
    (photos / "red.txt").unlink()
    (photos / "blue.txt").write_text("")  # no caption
    load = Loaders(Saying("new"))
    _, _, err = run(photos, "--sidecar", "txt", load=load)
    assert "captioned 2, failed 0, skipped 1" in err
    assert [text.split()[0] for text in texts(photos).values()] == ["new", "a", "new"]


def test_only_what_lacks_is_made(run, photos, tmp_path):
    output = tmp_path / "out.csv"
    run(photos, "--sidecar", "txt", load=Loaders(Saying("old")))
    run(photos, "--sidecar", "txt,json", load=Loaders(Saying("new")))
    assert all(text.startswith("old") for text in texts(photos).values())
    assert all('"text": "new' in text for text in texts(photos, ".json").values())
    run(photos, "--sidecar", "txt,json", "-o", output, load=Loaders(Saying("newer")))
    assert all(row["text"].startswith("newer") for row in read_rows(output))
    assert all('"text": "new a' in text for text in texts(photos, ".json").values())
    (photos / "red.json").unlink()
    code, _, err = run(photos, "--sidecar", "txt,json", "-o", output, load=Loaders(Saying("last")))
    assert code == 0
    assert "captioned 1, failed 0, skipped 2" in err
    assert len(read_rows(output)) == 3
    assert '"text": "last' in (photos / "red.json").read_text()


def test_an_xmp_file_without_a_caption_is_no_caption(run, photos):
    run(photos, "--sidecar", "xmp")
    path = photos / "red.png.xmp"
    path.write_text(path.read_text().replace("dc:description", "dc:rights"))
    code, _, err = run(photos, "--sidecar", "xmp")
    assert code == 0
    assert "captioned 1, failed 0, skipped 2" in err
    assert "dc:description" in path.read_text()
    assert "dc:rights" in path.read_text()


def test_overwriting_makes_all_sidecars_anew(run, photos):
    run(photos, "--sidecar", "txt", load=Loaders(Saying("old")))
    run(photos, "--sidecar", "txt", "--existing", "overwrite", load=Loaders(Saying("new")))
    assert all(text.startswith("new") for text in texts(photos).values())


@pytest.mark.parametrize("name", ["txt", "json", "xmp", "xmp-stem"])
@pytest.mark.parametrize("existing", ["append", "prepend"])
def test_captions_are_joined_in_each_sidecar(run, photos, name, existing):
    sidecar = SIDECARS[name]
    paths = [sidecar.path_for(photos / f"{color}.png") for color in ("blue", "red")]
    run(photos / "red.png", "--sidecar", name, load=Loaders(Saying("old")))
    for _ in range(2):  # the second time there is nothing to add
        arguments = photos, "--sidecar", name, "--existing", existing
        assert run(*arguments, load=Loaders(Saying("new")))[0] == 0
        blue, red = map(sidecar.read_caption, paths)
        assert blue == f"new {caption_of(BLUE)}"
        assert red == FORMS[existing].format(f"old {caption_of(RED)}", f"new {caption_of(RED)}")


def test_each_output_is_joined_to_what_is_there(run, photos, tmp_path):
    output = tmp_path / "out.jsonl"
    run(photos, "-o", output, load=Loaders(Saying("row")))
    (photos / "red.txt").write_text("by hand\n")
    arguments = photos / "red.png", "--sidecar", "txt", "-o", output, "--existing", "append"
    run(photos, *arguments[1:], load=Loaders(Saying("new")))
    assert (photos / "red.txt").read_text() == f"by hand new {caption_of(RED)}\n"
    assert (photos / "blue.txt").read_text() == f"new {caption_of(BLUE)}\n"
    red = next(row for row in read_rows(output) if row["file_name"] == "red.png")
    assert red["text"] == f"row {caption_of(RED)} new {caption_of(RED)}"


# === Subtitles ===


def test_only_clips_have_subtitles(run, photos, loaders):
    clip = save_gif(photos)
    code, _, err = run(photos, "--sidecar", "vtt")
    assert code == 0
    assert "captioned 1, failed 0, skipped 3" in err
    assert {path.name for path in photos.glob("*.vtt")} == {"clip.vtt"}
    loaders.calls.clear()
    code, _, err = run(photos, "--sidecar", "vtt")
    assert (code, loaders.calls) == (0, [])
    assert "1 file already captioned, 3 files not moving, and subtitles are for clips" in err
    clip.unlink()
    (photos / "clip.vtt").unlink()
    code, _, err = run(photos, "--sidecar", "vtt,srt")
    assert code == 2
    assert "nothing to do: 3 files not moving" in err


def test_stills_and_clips_with_subtitles_and_texts_are_done_once(run, photos, loaders):
    save_gif(photos)
    save_animation(photos / "moving.webp", [plain(RED), plain(BLUE)])
    assert run(photos, "--sidecar", "txt,vtt")[0] == 0
    assert len(texts(photos)) == 5
    assert set(texts(photos, ".vtt")) == {"clip.vtt", "moving.vtt"}
    loaders.calls.clear()
    assert "nothing to do: 5 files" in run(photos, "--sidecar", "txt,vtt")[2]
    assert loaders.calls == []


def test_a_broken_clip_is_tried_for_its_subtitles(run, photos):
    (photos / "bad.gif").write_bytes(b"GIF89a")
    (photos / "bad.webp").write_bytes(b"no picture")
    code, _, err = run(photos, "--sidecar", "vtt")
    assert code == 2
    assert "bad.gif: " in err
    assert "bad.webp: " in err


# === Failures ===


def test_a_sidecar_that_cannot_be_written_is_named_and_the_rest_is_done(run, photos, tmp_path):
    output = tmp_path / "out.jsonl"
    (photos / "green.txt").mkdir()
    (photos / "green.txt" / "keep").touch()
    code, _, err = run(photos, "--sidecar", "txt", "-o", output, "--existing", "overwrite")
    assert code == 1
    assert f"{photos}/green.png: green.txt cannot be written (Is a directory)" in err
    assert "captioned 2, failed 1, in " in err
    assert {path.name for path in photos.glob("*.txt") if path.is_file()} == {"blue.txt", "red.txt"}
    assert [row["status"] for row in read_rows(output)] == ["ok"] * 3


@pytest.mark.parametrize("content", ["no json", '{"their": "own"}'])
def test_a_json_file_of_others_is_no_caption_to_join_to(run, photos, content):
    (photos / "green.json").write_text(content)
    code, _, err = run(photos, "--sidecar", "json", "--existing", "append")
    assert code == 1
    assert f"{photos}/green.png: green.json is not " in err
    assert (photos / "green.json").read_text() == content
    assert (photos / "red.json").exists()


def test_what_failed_has_no_sidecar_and_is_tried_again(run, photos):
    (photos / "green.png").write_bytes(b"")
    assert run(photos, "--sidecar", "txt")[0] == 1
    assert set(texts(photos)) == {"blue.txt", "red.txt"}
    save_color(photos / "green.png", GREEN)
    assert run(photos, "--sidecar", "txt")[0] == 0
    assert set(texts(photos)) == {"blue.txt", "green.txt", "red.txt"}


def test_a_folder_that_takes_no_sidecar_is_refused_before_the_model_loads(
    run, photos, loaders, monkeypatch
):
    monkeypatch.setattr(os, "access", lambda path, mode: path != os.fspath(photos))
    code, _, err = run(photos, "--sidecar", "txt")
    assert (code, loaders.calls) == (2, [])
    assert f"no sidecar can be written into {photos}: permission was refused" in err


def test_what_killed_runs_left_is_removed(run, photos, tmp_path):
    left = [photos / ".captionloom-1.part", tmp_path / ".captionloom-2.part"]
    for path in left:
        path.touch()
        os.utime(path, (0, 0))
    assert run(photos, "--sidecar", "txt", "-o", tmp_path / "out.csv")[0] == 0
    assert not any(path.exists() for path in left)


def test_a_full_disk_stops_the_run(run, photos, monkeypatch):
    written = TextSidecar.write

    def write(row, path):
        if path.name == "green.txt":
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        written(row, path)

    monkeypatch.setattr(TextSidecar, "write", write)
    code, _, err = run(photos, "--sidecar", "txt")
    assert code == 1
    assert f"error: cannot write {photos}/green.txt: No space left on device; stopped here" in err
    assert set(texts(photos)) == {"blue.txt"}


def test_ctrl_c_says_where_the_captions_are(run, photos):
    load = Loaders(FakeCaptioner({caption_of(GREEN): KeyboardInterrupt()}))
    code, _, err = run(photos, "--sidecar", "txt", "--batch-size", "1", load=load)
    assert code == 130
    assert "captioned 1, failed 0, of 3; what was done is kept beside the inputs" in err
    load = Loaders(Saying("new"))
    run(photos, "--sidecar", "txt", load=load)
    assert sum(load.captioner.batches) == 2


@pytest.mark.parametrize("length", [250, 246])
def test_a_name_that_leaves_no_room_for_the_sidecar_is_named(run, tmp_path, length):
    path = save_color(tmp_path / "a.png", RED).rename(tmp_path / f"{'x' * length}.png")
    code, _, err = run(tmp_path, "--sidecar", "txt")
    assert (code, err) == (0, "")
    assert Path(path).with_suffix(".txt").exists()
    code, _, err = run(tmp_path, "--sidecar", "xmp")
    if length == 250:
        assert code == 2
        assert "xmp cannot be written (File name too long)" in err
    else:
        assert code == 0
