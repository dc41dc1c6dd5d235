import pytest

from captioner.batch import caption_inputs
from captioner.finding import find_inputs
from captioner.video import VideoCaptioner
from tests.fakes import FakeCaptioner, FakeSummarizer, caption_of, save_color, save_damaged
from tests.makers import plain, save_animation

COLORS = [(10 * number, 0, 0) for number in range(10)]


def run(folder, captioner=None, **settings):
    captioner = captioner or FakeCaptioner()
    inputs = find_inputs([str(folder)]).inputs
    return list(
        caption_inputs(
            inputs, captioner, lambda: VideoCaptioner(captioner, FakeSummarizer()), **settings
        )
    )


def no_clip_expected():
    raise AssertionError("stage two was loaded for pictures")


@pytest.fixture
def photos(tmp_path):
    for number, color in enumerate(COLORS):
        save_color(tmp_path / f"{number}.png", color)
    return tmp_path


def test_pictures_are_captioned_in_batches_and_keep_their_order(photos):
    captioner = FakeCaptioner()
    rows = run(photos, captioner, batch_size=4)
    assert captioner.batches == [4, 4, 2]
    assert [row.file_name for row in rows] == [f"{number}.png" for number in range(10)]
    assert [row.text for row in rows] == [caption_of(color) for color in COLORS]


def test_the_row_of_a_picture(photos):
    row = run(photos)[5]
    assert row.as_dict() == {
        "file_name": "5.png",
        "kind": "image",
        "text": "a colour of 50 0 0",
        "score": -0.5,
        "frames": None,
        "status": "ok",
        "error": None,
        "model": "fake-captioner",
        "summarizer": None,
    }


def test_the_row_of_a_clip(tmp_path):
    save_animation(tmp_path / "clip.gif", [plain((0, 0, 0)), plain((100, 0, 0))], [100, 250])
    (row,) = run(tmp_path)
    frames = [
        {"start": 0.0, "end": 0.1, "text": "a colour of 0 0 0", "score": 0.0},
        {"start": 0.1, "end": 0.35, "text": "a colour of 100 0 0", "score": -1.0},
    ]
    assert row.as_dict() == {
        "file_name": "clip.gif",
        "kind": "animation",
        "text": "a colour of 0 0 0 then a colour of 100 0 0",
        "score": -0.5,
        "frames": frames,
        "status": "ok",
        "error": None,
        "model": "fake-captioner",
        "summarizer": "fake-summarizer",
    }


def test_stage_two_is_not_loaded_for_pictures(photos):
    inputs = find_inputs([str(photos)]).inputs
    rows = list(caption_inputs(inputs, FakeCaptioner(), no_clip_expected))
    assert [row.status for row in rows] == ["ok"] * 10


def test_clips_between_pictures_keep_their_place(photos):
    save_animation(photos / "4b.gif", [plain((0, 0, 0)), plain((100, 0, 0))])
    rows = run(photos, batch_size=100)
    assert [row.kind for row in rows] == ["image"] * 5 + ["animation"] + ["image"] * 5
    assert [row.text for row in rows if row.kind == "image"] == [caption_of(c) for c in COLORS]


def test_damaged_files_do_not_stop_their_batch(photos):
    save_damaged(photos / "0.png")
    (photos / "3.png").write_text("no picture")
    (photos / "9.png").write_bytes(b"")
    rows = run(photos, batch_size=4)
    assert [row.status for row in rows] == [
        "error" if number in (0, 3, 9) else "ok" for number in range(10)
    ]
    assert rows[4].text == caption_of(COLORS[4])
    assert rows[9].error == "is empty (0 bytes); copy or download it again"
    assert rows[0].kind == "image"
    assert (rows[3].kind, rows[3].text, rows[3].model) == (None, None, None)


def test_a_clip_that_fails_becomes_a_row(tmp_path, monkeypatch):
    save_animation(tmp_path / "a.gif", [plain((0, 0, 0)), plain((100, 0, 0))])
    save_color(tmp_path / "b.png", COLORS[1])
    rows = run(tmp_path, FakeCaptioner({caption_of((100, 0, 0)): ValueError("odd frame")}))
    assert [row.status for row in rows] == ["error", "ok"]
    assert (rows[0].kind, rows[0].error) == ("animation", "ValueError: odd frame")


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("a bug"), OSError(5, "disk")])
def test_an_image_that_the_model_fails_on_does_not_fail_its_neighbours(photos, error):
    rows = run(photos, FakeCaptioner({caption_of(COLORS[2]): error}), batch_size=4)
    assert [row.status for row in rows] == ["ok"] * 2 + ["error"] + ["ok"] * 7
    assert rows[2].error.startswith(type(error).__name__)


def test_an_unexpected_error_of_a_decoder_becomes_a_row(photos, monkeypatch):
    def load(path, **settings):
        raise SystemError("a codec broke")

    monkeypatch.setattr("captioner.batch.load_image", load)
    assert {row.error for row in run(photos)} == {"SystemError: a codec broke"}


def test_ctrl_c_passes_and_the_rows_before_it_came(photos):
    captioner = FakeCaptioner({caption_of(COLORS[6]): KeyboardInterrupt()})
    inputs = find_inputs([str(photos)]).inputs
    done = []
    with pytest.raises(KeyboardInterrupt):
        for row in caption_inputs(inputs, captioner, no_clip_expected, batch_size=2):
            done.append(row.file_name)
    assert done == [f"{number}.png" for number in range(6)]
