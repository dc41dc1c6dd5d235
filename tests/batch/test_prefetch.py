import threading
import time
from contextlib import closing
from itertools import islice

import numpy as np
import pytest

from captioner.batch.finding import Input
from captioner.batch.prefetch import Loaded, Models, Prefetcher, read_ahead
from captioner.describe.fused import FusedClipCaptioner
from tests.fakes import FakeCaptioner, FakeSummarizer, save_color
from tests.makers import numbered_frames, photo, save_animation, save_photo

TIMEOUT = 20  # seconds, after which a test fails
INPUTS = [Input(f"{number}.png", f"{number}.png") for number in range(100)]


class Counting:
    """Reads so many images for each file; counts the files that are being read, and were."""

    def __init__(self, images=1, at_once=1):
        self.images = images
        self.most = 0
        self.begun = 0
        self.done = 0
        self._lock = threading.Lock()
        self._together = threading.Barrier(at_once, timeout=TIMEOUT)

    def __call__(self, item):
        with self._lock:
            self.begun += 1
            first = self.begun <= self._together.parties
            self.most = max(self.most, self.begun - self.done)
        if first:
            self._together.wait()
        with self._lock:
            self.done += 1
        return Loaded(item, "image", (None,) * self.images)


class Slow:
    """Reads an image for each file, but the files of these names only once they are let go."""

    def __init__(self, *names):
        self.gates = {name: threading.Event() for name in names}
        self.begun = 0
        self._lock = threading.Lock()

    def __call__(self, item):
        with self._lock:
            self.begun += 1
        if item.file_name in self.gates:
            assert self.gates[item.file_name].wait(TIMEOUT)
        return Loaded(item, "image", (None,))

    def let_go(self):
        for gate in self.gates.values():
            gate.set()


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr("captioner.batch.prefetch._PAUSE", 0.01)
    monkeypatch.setattr("captioner.batch.prefetch._SLOW", 0.03)


def names(files):
    return [file.item.file_name for file in files if file is not None]


def test_files_are_read_side_by_side_and_come_in_their_order():
    read = Counting(at_once=3)
    found = [loaded.item for loaded in read_ahead(INPUTS, read, workers=3, room=10)]
    assert found == INPUTS
    assert read.most == 3


@pytest.mark.parametrize(("images", "files"), [(1, 20), (5, 4)])
def test_no_more_is_read_than_there_is_room_for(images, files):
    read, taken = Counting(images), 0

    def inputs():
        nonlocal taken
        for item in INPUTS:
            taken += 1
            yield item

    with closing(read_ahead(inputs(), read, workers=2, room=20)) as loaded:
        for _ in islice(loaded, 30):
            while read.done < taken:
                time.sleep(0.001)
    # How many images a file has is known when it was read: the first were taken for one each.
    assert read.done <= 30 + files


def test_files_that_may_be_clips_are_given_the_room_of_clips():
    read = Counting()
    clips = [Input(f"{number}.gif", f"{number}.gif") for number in range(10)]
    with closing(read_ahead(clips, read, workers=1, room=32)) as loaded:
        next(loaded)
    assert read.done <= 3


def test_a_single_file_larger_than_the_room_is_read():
    read = Counting(images=50)
    assert len(list(read_ahead(INPUTS[:3], read, workers=1, room=1))) == 3


@pytest.mark.usefixtures("impatient")
def test_while_a_file_is_not_ready_there_is_none_and_it_keeps_its_place():
    read = Slow("2.png")
    with closing(read_ahead(INPUTS[:5], read, workers=2, room=10)) as loaded:
        assert names(islice(filter(None, loaded), 2)) == ["0.png", "1.png"]
        assert [next(loaded) for _ in range(5)] == [None] * 5
        read.let_go()
        assert names(loaded) == ["2.png", "3.png", "4.png"]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("slow", "room"), [("0.png", 8), ("1.png", 8), ("0.gif", 1)])
def test_where_they_may_all_files_overtake_a_slow_one(slow, room):
    read, taken = Slow(slow), []
    inputs = [Input(slow, slow) if item.file_name[0] == slow[0] else item for item in INPUTS[:10]]
    inputs += [Input(f"{number}.png", f"{number}.png") for number in range(10, 30)]
    with closing(read_ahead(inputs, read, workers=2, room=room, overtaking=True)) as loaded:
        while len(taken) < 29:
            taken += names([next(loaded)])
            assert read.begun <= len(taken) + room + 1
        read.let_go()
        assert names(loaded) == [slow]
    assert taken == [item.file_name for item in inputs if item.file_name != slow]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("overtaking", [False, True])
def test_it_is_told_which_file_is_slow(overtaking):
    read, told = Slow("1.png"), []

    def waiting_for(item):
        told.append(item)
        if told.count(INPUTS[1]) == 3:
            read.let_go()

    settings = {"overtaking": overtaking, "waiting_for": waiting_for}
    list(read_ahead(INPUTS[:4], read, workers=2, room=10, **settings))
    assert told.count(INPUTS[1]) >= 3
    assert told[-1] is None


def test_nothing_is_told_of_files_that_are_ready():
    told = []
    list(read_ahead(INPUTS, Slow(), workers=2, room=10, waiting_for=told.append))
    assert told == []


def test_a_clip_is_read_with_the_times_of_its_frames(tmp_path):
    path = save_animation(tmp_path / "clip.gif", numbered_frames(3), [100, 200, 300])
    captioner = FakeCaptioner()
    models = Models(captioner, lambda: FusedClipCaptioner(captioner, FakeSummarizer()))
    reader = Prefetcher(models)
    loaded = reader.read(Input(str(path), "clip.gif"))
    assert loaded.kind == "animation"
    assert [image.shape for image in loaded.images] == [(96, 160, 3)] * 3
    assert np.allclose(loaded.spans, [(0.0, 0.1), (0.1, 0.3), (0.3, 0.6)])


def test_images_come_as_the_captioner_takes_them(tmp_path):
    class Small(FakeCaptioner):
        def prepare(self, image):
            return image[:2, :2]

    picture = save_photo(tmp_path / "photo.png", photo())
    clip = save_animation(tmp_path / "clip.gif", numbered_frames(2))
    captioner = Small()
    models = Models(captioner, lambda: FusedClipCaptioner(captioner, FakeSummarizer()))
    reader = Prefetcher(models)
    images = [
        image for path in (picture, clip) for image in reader.read(Input(str(path), "x")).images
    ]
    assert [image.shape for image in images] == [(2, 2, 3)] * 3


def test_threads_load_stage_two_once(tmp_path):
    made = []

    def make():
        made.append(1)
        return FusedClipCaptioner(FakeCaptioner(), FakeSummarizer())

    models = Models(FakeCaptioner(), make)
    threads = [threading.Thread(target=lambda: models.clips) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [1]


def test_what_is_already_known_to_be_wrong_is_not_read(tmp_path):
    path = save_color(tmp_path / "photo.png", (1, 2, 3))
    reader = Prefetcher(Models(FakeCaptioner(), FakeSummarizer))
    loaded = reader.read(Input(str(path), "photo.png", error="was refused"))
    assert (loaded.kind, loaded.images, loaded.error) == (None, (), "was refused")
