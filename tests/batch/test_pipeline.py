import threading
from contextlib import closing
from dataclasses import replace
from itertools import count, islice

import pytest

from captioner.batch.finding import Input, find_inputs
from captioner.batch.pipeline import caption_inputs
from captioner.batch.prefetch import Prefetcher
from captioner.describe.fused import FusedClipCaptioner
from tests.fakes import FakeCaptioner, FakeSummarizer, caption_of, save_color, save_damaged
from tests.makers import plain, save_animation

COLORS = [(10 * number, 0, 0) for number in range(10)]


def run(folder, captioner=None, **settings):
    captioner = captioner or FakeCaptioner()
    inputs = find_inputs([str(folder)]).inputs
    return list(
        caption_inputs(
            inputs, captioner, lambda: FusedClipCaptioner(captioner, FakeSummarizer()), **settings
        )
    )


def no_clip_expected():
    raise AssertionError("stage two was loaded for pictures")


class SideBySide(FakeCaptioner):
    """Captions in two streams; the second and the third batch wait for each other."""

    streams = 2

    def __init__(self, errors=None):
        super().__init__(errors)
        self.threads = set()
        self._calls = count(1)
        self._both = threading.Barrier(2, timeout=20)

    def caption_images(self, images):
        self.threads.add(threading.current_thread().name)
        if next(self._calls) in (2, 3):
            self._both.wait()
        return super().caption_images(images)


def our_threads():
    names = (thread.name for thread in threading.enumerate())
    return [name for name in names if name.startswith(("reading", "captioning"))]


@pytest.fixture
def endless(tmp_path):
    """The same picture again and again; ``taken`` counts how often."""
    path = str(save_color(tmp_path / "again.png", COLORS[3]))

    class Endless:
        taken = 0

        def __iter__(self):
            for number in count():
                self.taken += 1
                yield Input(path, f"{number}.png")

    return Endless()


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

    monkeypatch.setattr("captioner.batch.prefetch.load_image", load)
    assert {row.error for row in run(photos)} == {"SystemError: a codec broke"}


def test_ctrl_c_passes_and_the_rows_before_it_came(photos):
    captioner = FakeCaptioner({caption_of(COLORS[6]): KeyboardInterrupt()})
    inputs = find_inputs([str(photos)]).inputs
    done = []
    with pytest.raises(KeyboardInterrupt):
        for row in caption_inputs(inputs, captioner, no_clip_expected, batch_size=2):
            done.append(row.file_name)
    assert done == [f"{number}.png" for number in range(6)]


def test_frames_and_pictures_fill_the_same_batches(photos):
    frames = [plain((50 * number, 0, 0)) for number in range(6)]
    save_animation(photos / "4b.gif", frames)
    captioner = FakeCaptioner()
    rows = run(photos, captioner, batch_size=4)
    # 0 to 4 and 5 to 9 are pictures, the six between them frames, which a model of clips gets.
    assert captioner.batches == [4, 1, 3, 1, 3, 4]
    assert rows[5].text == " then ".join(caption_of((50 * number, 0, 0)) for number in range(6))
    assert [row.text for row in rows if row.kind == "image"] == [caption_of(c) for c in COLORS]


class OfPhotos(FakeCaptioner):
    """Has another way of captioning frames of clips."""

    def for_clips(self):
        return OfClips()


class OfClips(FakeCaptioner):
    def caption_images(self, images):
        return [replace(caption, text="clip") for caption in super().caption_images(images)]


def test_frames_are_captioned_as_those_of_clips_and_pictures_beside_them_as_pictures(photos):
    save_animation(photos / "4b.gif", [plain((50 * number, 0, 0)) for number in range(6)])
    rows = run(photos, OfPhotos(), batch_size=4)
    assert rows[5].text == " then ".join(["clip"] * 6)
    assert [row.text for row in rows if row.kind == "image"] == [caption_of(c) for c in COLORS]


def test_inputs_are_taken_as_they_are_needed(endless):
    with closing(caption_inputs(endless, FakeCaptioner(), no_clip_expected, batch_size=4)) as rows:
        done = [row.file_name for row in islice(rows, 50)]
    assert done == [f"{number}.png" for number in range(50)]
    assert endless.taken <= 50 + 5 * 4


def test_no_thread_outlives_a_run_that_is_left(endless):
    for captioner in (FakeCaptioner(), SideBySide()):
        rows = caption_inputs(endless, captioner, no_clip_expected, batch_size=4)
        list(islice(rows, 20))
        assert our_threads()
        rows.close()
        assert our_threads() == []


@pytest.mark.parametrize("captioner", [FakeCaptioner, SideBySide])
def test_ctrl_c_leaves_no_thread(endless, captioner):
    captioner = captioner({caption_of(COLORS[3]): KeyboardInterrupt()})
    with pytest.raises(KeyboardInterrupt):
        list(caption_inputs(endless, captioner, no_clip_expected, batch_size=4))
    assert our_threads() == []


def test_what_is_no_exception_passes_from_the_reading_threads(photos, monkeypatch):
    def load(path, **settings):
        raise SystemExit(3)

    monkeypatch.setattr("captioner.batch.prefetch.load_image", load)
    with pytest.raises(SystemExit):
        run(photos)
    assert our_threads() == []


def test_lanes_work_at_once_and_keep_the_order(photos):
    captioner = SideBySide({caption_of(COLORS[7]): ValueError("odd")})
    rows = run(photos, captioner, batch_size=4)
    assert captioner.batches[0] == 1
    assert captioner.batches.count(4) == 1
    assert len(captioner.threads) == 3  # two streams, and the first image in this thread
    assert [row.file_name for row in rows] == [f"{number}.png" for number in range(10)]
    assert [row.error for row in rows] == [None] * 7 + ["ValueError: odd"] + [None] * 2


def test_files_that_fail_do_not_wait_for_a_batch(tmp_path):
    def missing():
        for number in count():
            yield Input(str(tmp_path / f"{number}.png"), f"{number}.png")

    with closing(caption_inputs(missing(), FakeCaptioner(), no_clip_expected)) as rows:
        assert [row.status for row in islice(rows, 3)] == ["error"] * 3


def test_a_picture_before_endless_failures_has_its_row(tmp_path):
    save_color(tmp_path / "0.png", COLORS[1])

    def inputs():
        for number in count():
            yield Input(str(tmp_path / f"{number}.png"), f"{number}.png")

    with closing(caption_inputs(inputs(), FakeCaptioner(), no_clip_expected)) as rows:
        assert next(rows).text == caption_of(COLORS[1])


class InLanes(FakeCaptioner):
    streams = 2


@pytest.fixture
def held_back(monkeypatch):
    """Files called ``slow`` are read only once this is set; impatient is who waits for them."""
    gate, read = threading.Event(), Prefetcher.read

    def read_slowly(reader, item):
        if "slow" in item.file_name:
            assert gate.wait(20)
        return read(reader, item)

    monkeypatch.setattr(Prefetcher, "read", read_slowly)
    monkeypatch.setattr("captioner.batch.prefetch._PAUSE", 0.01)
    monkeypatch.setattr("captioner.batch.prefetch._SLOW", 0.03)
    return gate


@pytest.mark.parametrize("captioner", [FakeCaptioner, InLanes])
@pytest.mark.parametrize("slow", ["0-slow.png", "4-slow.png", "9-slow.png"])
def test_a_slow_file_keeps_no_row_back(photos, held_back, captioner, slow):
    save_color(photos / slow, COLORS[0])
    inputs = find_inputs([str(photos)]).inputs
    told = []
    settings = {"workers": 2, "overtaking": True, "waiting_for": told.append}
    with closing(caption_inputs(inputs, captioner(), no_clip_expected, **settings)) as rows:
        first = {row.file_name for row in islice(rows, 10)}
        assert first == {f"{number}.png" for number in range(10)}
        held_back.set()
        assert [row.file_name for row in rows] == [slow]
    assert told[-1] is None


@pytest.mark.parametrize("captioner", [FakeCaptioner, InLanes])
def test_rows_before_a_slow_file_come_while_it_is_read(photos, held_back, captioner):
    save_color(photos / "4-slow.png", COLORS[0])
    inputs = find_inputs([str(photos)]).inputs
    with closing(caption_inputs(inputs, captioner(), no_clip_expected, workers=2)) as rows:
        assert [row.file_name for row in islice(rows, 4)] == [f"{n}.png" for n in range(4)]
        held_back.set()
        names = [row.file_name for row in rows]
    assert names == ["4-slow.png", *(f"{number}.png" for number in range(4, 10))]


def test_a_clip_does_not_wait_for_a_slow_file_to_be_fused(photos, held_back, monkeypatch):
    monkeypatch.setattr("captioner.batch.pipeline._LONGEST_WAIT", 0.1)
    save_animation(photos / "clip.gif", [plain((0, 0, 0)), plain((100, 0, 0))])
    save_color(photos / "slow.png", COLORS[0])
    captioner = FakeCaptioner()
    video = FusedClipCaptioner(captioner, FakeSummarizer())
    inputs = find_inputs([str(photos)]).inputs
    with closing(caption_inputs(inputs, captioner, lambda: video)) as rows:
        assert "clip.gif" in {row.file_name for row in islice(rows, 11)}
        held_back.set()
        assert [row.file_name for row in rows] == ["slow.png"]


class Tally(FakeSummarizer):
    """Notes how many clips come at a time; fails on a caption of ``bad``."""

    def __init__(self, bad=None):
        super().__init__()
        self.bad = bad
        self.calls = []

    def summarize_many(self, groups):
        self.calls.append(len(groups))
        if any(self.bad in group for group in groups):
            raise ValueError("cannot be fused")
        return super().summarize_many(groups)


@pytest.fixture
def clips(tmp_path):
    for number in range(10):
        colors = (10 * number, 0, 0), (10 * number, 100, 0)
        save_animation(tmp_path / f"{number}.gif", [plain(color) for color in colors])
    return tmp_path


def test_clips_are_fused_together(clips):
    captioner, summarizer, made = FakeCaptioner(), Tally(), []

    def clip_captioner():
        made.append(FusedClipCaptioner(captioner, summarizer))
        return made[-1]

    rows = list(caption_inputs(find_inputs([str(clips)]).inputs, captioner, clip_captioner))
    assert len(made) == 1
    assert summarizer.calls == [8, 2]
    assert [row.text for row in rows] == [
        f"a colour of {10 * number} 0 0 then a colour of {10 * number} 100 0"
        for number in range(10)
    ]


def test_a_clip_that_cannot_be_fused_does_not_fail_the_others(clips):
    captioner = FakeCaptioner()
    video = FusedClipCaptioner(captioner, Tally(bad=caption_of((30, 100, 0))))
    rows = list(caption_inputs(find_inputs([str(clips)]).inputs, captioner, lambda: video))
    assert [row.error for row in rows] == [None] * 3 + ["ValueError: cannot be fused"] + [None] * 6


def test_a_clip_waits_for_others_only_so_long(clips, monkeypatch):
    monkeypatch.setattr("captioner.batch.pipeline._LONGEST_WAIT", 0.0)
    captioner, summarizer = FakeCaptioner(), Tally()
    video = FusedClipCaptioner(captioner, summarizer)
    list(caption_inputs(find_inputs([str(clips)]).inputs, captioner, lambda: video))
    assert summarizer.calls == [1] * 10


def test_stage_two_that_cannot_be_loaded_is_tried_once(clips):
    save_color(clips / "a.png", COLORS[2])
    tried = []

    def clip_captioner():
        tried.append(1)
        raise OSError("no summarizer")

    inputs = find_inputs([str(clips)]).inputs
    rows = list(caption_inputs(inputs, FakeCaptioner(), clip_captioner))
    assert len(tried) == 1
    assert [row.error for row in rows] == ["OSError: no summarizer"] * 10 + [None]
    assert rows[0].kind == "animation"
