"""OpenCV's captures made to answer otherwise, for what no file can be written to do."""


def patch_capture(monkeypatch, grab=None, position=None, **properties):
    """Make OpenCV's captures answer otherwise: ``grab``, the time, or a named property."""
    import cv2

    real = cv2.VideoCapture
    answers = {getattr(cv2, f"CAP_PROP_{name}"): value for name, value in properties.items()}

    class Capture:
        def __init__(self, *args):
            self.real = real(*args)
            self.grabs = 0

        def __getattr__(self, name):
            return getattr(self.real, name)

        def grab(self):
            self.grabs += 1
            return grab(self, self.real) if grab else self.real.grab()

        def get(self, which):
            if which == cv2.CAP_PROP_POS_MSEC and position:
                return position(self.grabs - 1)
            return answers.get(which, self.real.get(which))

    monkeypatch.setattr(cv2, "VideoCapture", Capture)


def fail_to_retrieve(monkeypatch, good, failure):
    """Make OpenCV's captures fetch ``good`` frames each, and then fail."""
    import cv2

    real = cv2.VideoCapture

    class Capture:
        def __init__(self, *args):
            self.real = real(*args)
            self.fetched = 0

        def __getattr__(self, name):
            return getattr(self.real, name)

        def retrieve(self):
            self.fetched += 1
            return self.real.retrieve() if self.fetched <= good else failure()

    monkeypatch.setattr(cv2, "VideoCapture", Capture)
