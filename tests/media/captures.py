"""OpenCV's captures made to answer otherwise, for what no file can be written to do."""

import cv2
import numpy as np

from captioner.media import videos

_REAL = cv2.VideoCapture


class FakeCapture:
    """A capture of OpenCV; what a subclass does not define is the real one's."""

    def __init__(self, *args):
        self.real = _REAL(*args)

    def __getattr__(self, name):
        return getattr(self.real, name)


def patch_capture(monkeypatch, grab=None, position=None, **properties):
    """Make OpenCV's captures answer otherwise: ``grab``, the time, or a named property."""
    answers = {getattr(cv2, f"CAP_PROP_{name}"): value for name, value in properties.items()}

    class Capture(FakeCapture):
        grabs = 0

        def grab(self):
            self.grabs += 1
            return grab() if grab else self.real.grab()

        def get(self, which):
            if which == cv2.CAP_PROP_POS_MSEC and position:
                return position(self.grabs - 1)
            return answers.get(which, self.real.get(which))

    monkeypatch.setattr(cv2, "VideoCapture", Capture)


def fail_to_retrieve(monkeypatch, good, failure):
    """Make each of OpenCV's captures fetch ``good`` different frames, and then fail."""

    class Capture(FakeCapture):
        def __init__(self, *args):
            super().__init__(*args)
            self.fetched = set()

        def retrieve(self):
            self.fetched.add(self.real.get(cv2.CAP_PROP_POS_MSEC))
            return self.real.retrieve() if len(self.fetched) <= good else failure()

    monkeypatch.setattr(cv2, "VideoCapture", Capture)


def keep_pictures(monkeypatch, good):
    """Make each of OpenCV's captures convert so many frames, and then none, as interlaced ones."""

    class Capture(FakeCapture):
        grabs = 0
        picture = np.zeros((96, 160, 3), np.uint8)

        def grab(self):
            self.grabs += 1
            return self.real.grab()

        def retrieve(self):
            if self.grabs <= good and self.real.get(cv2.CAP_PROP_POS_MSEC) < 500:
                self.picture = self.real.retrieve()[1]
            return True, self.picture

    monkeypatch.setattr(cv2, "VideoCapture", Capture)


class DecodingClock:
    """The time goes on by a second for each frame that OpenCV decodes.

    To jump to a moment, it decodes from the last full picture before.

    Attributes:
        decoded: how many it were.

    Args:
        monkeypatch: of the test.
        spacing: every so many frames there is a full picture.
        rate: of the videos, in frames a second.
    """

    def __init__(self, monkeypatch, spacing, rate):
        self.decoded = 0
        clock = self

        class Capture(FakeCapture):
            def grab(self):
                clock.decoded += 1
                return self.real.grab()

            def set(self, which, value):
                if which == cv2.CAP_PROP_POS_MSEC:
                    clock.decoded += round(value / 1000 * rate) % spacing
                return self.real.set(which, value)

        monkeypatch.setattr(cv2, "VideoCapture", Capture)
        monkeypatch.setattr(videos, "_clock", lambda: float(self.decoded))
