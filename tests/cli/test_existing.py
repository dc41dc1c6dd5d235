"""What is in a combined file already: skip, overwrite, append and prepend."""

import os

import pytest

from captioner.outputs.locking import locked
from captioner.writers import FILE_WRITERS
from tests.cli.program import BLUE, GREEN, RED, Saying
from tests.fakes import Loaders, caption_of, save_color

GRAY = (90, 90, 90)
NAMES = ["blue.png", "green.png", "red.png"]


@pytest.fixture(params=[".jsonl", ".csv", ".parquet", ".tar"])
def output(request, tmp_path):
    return tmp_path / f"out{request.param}"


@pytest.fixture
def text_output(tmp_path):
    return tmp_path / "out.jsonl"


def read(output):
    """The caption of each input in the file, each there once."""
    rows = list(FILE_WRITERS[output.suffix].read(output))
    captions = {row["file_name"]: row["text"] for row in rows}
    assert len(captions) == len(rows)
    return captions


def said(words, *colors):
    """What `Saying(words)` says of pictures of these colours."""
    return [f"{words} {caption_of(color)}" for color in colors]


def stopping_at(color, words="new"):
    return Loaders(Saying(words, {caption_of(color): KeyboardInterrupt()}))


# === skip: a run goes on ===


def test_only_what_is_new_is_captioned(run, photos, output):
    assert run(photos, "-o", output, load=Loaders(Saying("old")))[0] == 0
    save_color(photos / "gray.png", GRAY)
    load = Loaders(Saying("new"))
    code, _, err = run(photos, "-o", output, load=load)
    assert (code, load.captioner.batches) == (0, [1])
    assert "captioned 1, failed 0, skipped 3, in " in err
    old = dict(zip(NAMES, said("old", BLUE, GREEN, RED), strict=True))
    assert read(output) == old | {"gray.png": said("new", GRAY)[0]}


def test_where_everything_is_captioned_nothing_is_loaded_and_it_says_so(run, photos, output):
    run(photos, "-o", output)
    load = Loaders()
    code, out, err = run(photos, "-o", output, load=load)
    assert (code, out, load.calls) == (0, "", [])
    assert err == "captioner: nothing to do: 3 files already captioned\n"
    assert list(read(output)) == NAMES


def test_a_run_that_was_stopped_goes_on(run, photos, output):
    load = stopping_at(GREEN, "old")
    code, _, err = run(photos, "-o", output, "--batch-size", "1", load=load)
    assert code == 130
    assert f"interrupted: captioned 1, failed 0, of 3; what was done is kept in {output}" in err
    assert "the same command goes on" in err
    run(photos, "-o", output, load=Loaders(Saying("new")))
    assert list(read(output).values()) == said("old", BLUE) + said("new", GREEN, RED)


def test_what_failed_is_taken_up_again_only_on_request(run, photos, text_output):
    (photos / "green.png").write_bytes(b"")
    assert run(photos, "-o", text_output)[0] == 1
    save_color(photos / "green.png", GREEN)
    load = Loaders()
    code, _, err = run(photos, "-o", text_output, load=load)
    assert (code, load.calls) == (1, [])
    assert "nothing to do: 2 files already captioned, 1 file failed before" in err
    assert "--retry-failed takes up what failed" in err
    code, _, err = run(photos, "-o", text_output, "--retry-failed")
    assert code == 0
    assert "captioned 1, failed 0, skipped 2, in " in err
    assert read(text_output)["green.png"] == caption_of(GREEN)


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
def test_what_fails_again_has_one_row(run, photos, tmp_path, suffix):
    output = tmp_path / f"out{suffix}"
    (photos / "green.png").write_bytes(b"")
    run(photos, "-o", output)
    (photos / "green.png").write_bytes(b"no picture")
    code, _, err = run(photos, "-o", output, "--retry-failed")
    assert code == 1
    assert "captioned 0, failed 1, skipped 2" in err
    assert read(output)["green.png"] is None
    (error,) = [row["error"] for row in FILE_WRITERS[suffix].read(output) if row["error"]]
    assert "empty" not in error


def test_an_archive_records_no_failures_so_they_are_tried_again(run, photos, tmp_path):
    output = tmp_path / "out.tar"
    (photos / "green.png").write_bytes(b"")
    for _ in range(2):
        code, _, err = run(photos, "-o", output)
        assert code == 1
        assert f"{photos}/green.png: is empty" in err
    save_color(photos / "green.png", GREEN)
    assert run(photos, "-o", output)[0] == 0
    assert sorted(read(output)) == NAMES


def test_where_all_failed_before_the_code_is_two(run, tmp_path):
    (tmp_path / "bad.jpg").write_bytes(b"")
    assert run(tmp_path / "bad.jpg", "-o", tmp_path / "out.csv")[0] == 2
    code, _, err = run(tmp_path / "bad.jpg", "-o", tmp_path / "out.csv")
    assert code == 2
    assert "nothing to do: 1 file failed before" in err


def test_a_row_that_is_there_twice_is_there_once_after_the_next_run(run, photos, text_output):
    run(photos, "-o", text_output, load=Loaders(Saying("old")))
    lines = text_output.read_text().splitlines(keepends=True)
    text_output.write_text("".join(lines) + lines[1].replace("old", "new"))
    assert "nothing to do" in run(photos, "-o", text_output)[2]
    assert read(text_output)["green.png"] == said("new", GREEN)[0]


def test_rows_of_other_files_stay_and_are_spoken_of(run, photos, tmp_path, output):
    save_color(tmp_path / "other" / "gray.png", GRAY)
    save_color(tmp_path / "other" / "red.png", RED)
    run(photos, "-o", output)
    code, _, err = run(tmp_path / "other", "-o", output)
    assert code == 0
    assert "also has rows of 2 files that are not among these inputs" in err
    assert sorted(read(output)) == sorted([*NAMES, "gray.png"])


def test_a_link_to_the_output_stays_a_link(run, photos, tmp_path, text_output):
    (tmp_path / "link.jsonl").symlink_to(text_output)
    for existing in ("skip", "overwrite", "append"):
        assert run(photos, "-o", tmp_path / "link.jsonl", "--existing", existing)[0] == 0
        assert (tmp_path / "link.jsonl").is_symlink()
        assert list(read(text_output)) == NAMES


# === overwrite: made anew ===


def test_overwriting_makes_the_file_anew(run, photos, output):
    save_color(photos / "gray.png", GRAY)
    run(photos, "-o", output, load=Loaders(Saying("old")))
    (photos / "gray.png").unlink()
    code, _, err = run(photos, "-o", output, "--existing", "overwrite", load=Loaders(Saying("new")))
    assert code == 0
    assert "captioned 3, failed 0, in " in err
    assert list(read(output).items()) == list(
        zip(NAMES, said("new", BLUE, GREEN, RED), strict=True)
    )
    assert sorted(output.parent.iterdir()) == [output, photos]


def test_a_file_of_another_make_is_replaced_only_by_overwriting(run, photos, output):
    output.write_text("precious")
    assert run(photos, "-o", output)[0] == 2
    assert output.read_text() == "precious"
    assert run(photos, "-o", output, "--existing", "overwrite")[0] == 0
    assert list(read(output)) == NAMES


def test_overwriting_that_is_stopped_leaves_the_file_and_goes_on(run, photos, output):
    run(photos, "-o", output, load=Loaders(Saying("old")))
    before = output.read_bytes()
    arguments = photos, "-o", output, "--existing", "overwrite", "--batch-size"
    code, _, err = run(*arguments, "1", load=stopping_at(GREEN))
    assert code == 130
    assert f"what was done is kept in {output}." in err
    assert output.read_bytes() == before
    load = Loaders(Saying("newer"))
    assert run(*arguments, "16", load=load)[0] == 0
    assert sum(load.captioner.batches) == 2
    assert list(read(output).values()) == said("new", BLUE) + said("newer", GREEN, RED)
    assert sorted(output.parent.iterdir()) == [output, photos]


def test_another_command_does_not_go_on_with_what_was_stopped(run, photos, text_output):
    run(photos, "-o", text_output)
    arguments = photos, "-o", text_output, "--existing", "overwrite", "--batch-size", "1"
    run(*arguments, load=stopping_at(GREEN))
    (journal,) = text_output.parent.glob("*.part")
    code, _, err = run(*arguments, "--prefix", "so ")
    assert code == 0
    assert f"{journal} is what a stopped run with other options has done; delete it" in err
    assert [text[:3] for text in read(text_output).values()] == ["so "] * 3
    assert journal.exists()


def test_nothing_but_failures_overwrites_nothing(run, photos, output):
    run(photos, "-o", output)
    before = output.read_bytes()
    for name in NAMES:
        (photos / name).write_bytes(b"")
    code, _, err = run(photos, "-o", output, "--existing", "overwrite")
    assert code == 2
    assert f"{output} is left as it was: there is no caption to replace it with" in err
    assert output.read_bytes() == before
    assert sorted(output.parent.iterdir()) == [output, photos]


# === append, prepend: joined ===


@pytest.mark.parametrize(("existing", "form"), [("append", "{0} {1}"), ("prepend", "{1} {0}")])
def test_the_new_caption_is_joined_to_the_one_that_is_there(run, photos, output, existing, form):
    run(photos / "red.png", photos / "blue.png", "-o", output, load=Loaders(Saying("old")))
    arguments = [photos / name for name in ("red.png", "green.png")]
    arguments += ["-o", output, "--existing", existing, "--prefix", "<", "--suffix", ">"]
    code, _, _ = run(*arguments, load=Loaders(Saying("new")))
    assert code == 0
    expected = {
        f"{photos}/red.png": form.format(said("old", RED)[0], f"<{said('new', RED)[0]}>"),
        f"{photos}/blue.png": said("old", BLUE)[0],
        f"{photos}/green.png": f"<{said('new', GREEN)[0]}>",
    }
    assert read(output) == expected
    # Once more puts nothing there twice.
    assert run(*arguments, load=Loaders(Saying("new")))[0] == 0
    assert read(output) == expected
    assert sorted(output.parent.iterdir()) == [output, photos]


@pytest.mark.parametrize("existing", ["append", "prepend"])
def test_joining_that_is_stopped_goes_on_and_joins_once(run, photos, output, existing):
    (photos / "red.png").rename(photos.parent / "red.png")
    run(photos, "-o", output, load=Loaders(Saying("old")))
    before = output.read_bytes()
    (photos.parent / "red.png").rename(photos / "red.png")
    save_color(photos / "gray.png", GRAY)
    arguments = photos, "-o", output, "--existing", existing, "--batch-size"
    assert run(*arguments, "1", load=stopping_at(RED))[0] == 130
    assert output.read_bytes() == before
    load = Loaders(Saying("newer"))
    assert run(*arguments, "16", load=load)[0] == 0
    assert load.captioner.batches == [1]
    old, new = said("old", BLUE, GREEN), said("new", BLUE, GRAY, GREEN)
    blue, green = (f"{old[0]} {new[0]}", f"{old[1]} {new[2]}")
    if existing == "prepend":
        blue, green = (f"{new[0]} {old[0]}", f"{new[2]} {old[1]}")
    assert read(output) == {
        "blue.png": blue,
        "gray.png": new[1],
        "green.png": green,
        "red.png": said("newer", RED)[0],
    }


@pytest.mark.parametrize("step", ["_drop_repeats", "_journal_rows"])
@pytest.mark.parametrize("existing", ["overwrite", "append"])
def test_an_end_that_is_cut_short_is_made_up_for(  # noqa: PLR0917
    run, photos, output, existing, step, monkeypatch
):
    run(photos, "-o", output, load=Loaders(Saying("old")))
    arguments = photos, "-o", output, "--existing", existing

    def die(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(f"captioner.outputs.combined.CombinedFile.{step}", die)
        run(*arguments, load=Loaders(Saying("new")))
    run(*arguments, load=Loaders(Saying("newer")))
    new = "newer" if (existing, step) == ("overwrite", "_drop_repeats") else "new"
    old = [f"{text} " for text in said("old", BLUE, GREEN, RED)]
    assert [read(output)[name] for name in NAMES] == [
        (before if existing == "append" else "") + text
        for before, text in zip(old, said(new, BLUE, GREEN, RED), strict=True)
    ]
    assert sorted(output.parent.iterdir()) == [output, photos]


def test_a_failure_does_not_replace_a_caption_that_is_there(run, photos, output):
    run(photos, "-o", output)
    before = read(output)
    (photos / "green.png").write_bytes(b"")
    assert run(photos, "-o", output, "--existing", "append")[0] == 1
    assert read(output) == before


@pytest.mark.parametrize("existing", ["overwrite", "append"])
def test_a_file_that_went_away_while_the_run_was_stopped(run, photos, output, existing):
    run(photos, "-o", output, load=Loaders(Saying("old")))
    arguments = photos, "-o", output, "--existing", existing, "--batch-size", "1"
    run(*arguments, load=stopping_at(GREEN))
    (photos / "blue.png").unlink()
    assert run(*arguments, load=Loaders(Saying("new")))[0] == 0
    names = read(output)
    if output.suffix != ".tar":  # what was captioned is not lost
        assert names["blue.png"].endswith(f"new {caption_of(BLUE)}")
    elif existing == "overwrite":  # an archive holds the files themselves
        assert sorted(names) == ["green.png", "red.png"]
    assert names["red.png"].endswith(f"new {caption_of(RED)}")


# === Odd names ===


@pytest.mark.parametrize(
    "name",
    [b"caf\xe9.png", "雪 😀.png".encode(), b'two\nlines, "1".png', b"-o.png", b"x" * 240 + b".png"],
)
def test_inputs_of_any_name_are_captioned_once(run, photos, output, name):
    (photos / "red.png").rename(photos / os.fsdecode(name))
    for existing in ("skip", "overwrite", "append", "skip"):
        assert run(photos, "-o", output, "--sidecar", "txt", "--existing", existing)[0] == 0
        assert len(read(output)) == 3
    _, _, err = run(photos, "-o", output, "--sidecar", "txt")
    assert err == "captioner: nothing to do: 3 files already captioned\n"


# === Two runs ===


@pytest.mark.parametrize("existing", ["skip", "overwrite", "append"])
def test_a_second_run_on_the_same_output_is_refused(run, loaders, photos, output, existing):
    with locked(output):
        code, _, err = run(photos, "-o", output, "--existing", existing)
        assert (code, loaders.calls) == (2, [])
        assert f"{output} is being written by another run" in err
        assert run(photos, "-o", output.with_stem("other"))[0] == 0
    assert run(photos, "-o", output, "--existing", existing)[0] == 0
