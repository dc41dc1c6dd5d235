"""Indexing that is killed at any moment, and two that write at once."""

import os
import signal
import sys
import threading

import numpy as np
import pytest

from captioner.errors import IndexFileError
from captioner.search import building
from captioner.search.index import Index
from captioner.search.store import DATABASE, PLACE
from tests.makers import plain, save_photo
from tests.repeats import repeats
from tests.search.retrievers import COLOURS, ColourRetriever

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a fork of this process")


@pytest.fixture
def photos(tmp_path, monkeypatch):
    monkeypatch.setattr(building, "_FILES_AT_ONCE", 3)
    for number in range(10):
        colour = [*COLOURS.values()][number % 6]
        save_photo(tmp_path / f"{number}.png", plain(colour, 16 + number, 16))
    return tmp_path


def index_and_die(folder, moment):
    """Indexes in a fork that kills itself after so many calls and returns; whether it did."""
    child = os.fork()
    if child == 0:
        left = [moment]

        def count(*_):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(count)
        try:
            ColourRetriever().index(folder)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def whole(folder):
    """What a finished index knows: each file with the vector that is its own."""
    index = ColourRetriever().index(folder)
    assert index.update.failed == []
    with index.open_store() as store:
        vectors = np.asarray(store.vectors(), np.float32)
        known = {
            path: vectors[store.file(one.id)[4]].round(2).tolist()
            for path, one in store.known().items()
        }
    assert len(index) == len(known)
    return known


def test_a_killed_run_is_gone_on_with(photos, tmp_path_factory):
    expected = whole(photos)
    random = np.random.default_rng(int.from_bytes(os.urandom(2), "big"))
    kills = 0
    for _ in range(repeats(5)):
        for file in (photos / PLACE).iterdir():
            file.unlink()
        for moment in random.integers(50, 20_000, 3).tolist():
            kills += index_and_die(photos, moment)
            if (photos / PLACE / DATABASE).is_file():
                Index(ColourRetriever(), photos).search("red")  # what is there can be searched
        assert whole(photos) == expected, moment
    assert kills


def test_removals_and_compaction_that_are_killed(photos):
    whole(photos)
    for name in ("0.png", "1.png", "2.png", "3.png", "4.png", "5.png", "6.png"):
        (photos / name).unlink()
    moment = 200
    while index_and_die(photos, moment):
        Index(ColourRetriever(), photos).search("red")
        moment = moment * 3 // 2
    assert set(whole(photos)) == {b"7.png", b"8.png", b"9.png"}


def test_two_writers_are_refused(photos):
    inside, go_on = threading.Event(), threading.Event()

    class Slow(ColourRetriever):
        def embed_images(self, images):
            inside.set()
            go_on.wait(30)
            return super().embed_images(images)

    first = threading.Thread(target=Slow().index, args=(photos,))
    first.start()
    try:
        assert inside.wait(30)
        with pytest.raises(IndexFileError, match="written by another run"):
            ColourRetriever().index(photos)
    finally:
        go_on.set()
        first.join()
    assert ColourRetriever().index(photos).update.kept == 10
