"""Ways to caption that ``speed.py`` sets side by side; each runs in a process of its own.

``python benchmarks/baselines.py NAME FOLDER`` measures one method warm, on the inputs that
``speed.py`` made, and prints a line of JSON: seconds by input, medians. ``--cold`` captions one
photo and ends.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from captioner.types import Precision

WORDS = 11  # of the captions that are timed: the mean of this project's on Flickr8k is 10.5
FRAMES = 16
Caption = Callable[[Sequence[np.ndarray]], object]  # pictures uint8 [H, W, 3] as one batch


@dataclass(frozen=True)
class Method:
    """Captions pictures, and perhaps whole inputs better than picture by picture.

    Attributes:
        caption: pictures as one batch.
        batches: sizes of which the quickest is taken for a folder.
        photos: how many photos of the folder are enough to know its speed.
        clip: captions a clip; None: 16 frames that OpenCV reads, as one batch.
        folder: captions a list of photos; None: in batches, read by OpenCV.
    """

    caption: Caption
    batches: Sequence[int] = (1, 8, 16)
    photos: int = 1000
    clip: Callable[[Path], object] | None = None
    folder: Callable[[Sequence[Path]], object] | None = None


def this_project(precision: Precision | None) -> Method:
    """The library: what the command line calls, too."""
    from captioner.runtime.backend import choose_backend

    choose_backend()
    from captioner import ClipCaptioner, load_captioner, load_clip_captioner
    from captioner.batch.finding import find_inputs
    from captioner.batch.pipeline import caption_inputs

    captioner = load_captioner(precision=precision)

    def make_clip_captioner() -> ClipCaptioner:
        if "video" not in made:
            made["video"] = load_clip_captioner(captioner)
        return made["video"]

    made: dict[str, ClipCaptioner] = {}

    def folder(paths: Sequence[Path]) -> object:
        inputs = find_inputs(list(map(str, paths)), False).inputs
        rows = list(caption_inputs(inputs, captioner, make_clip_captioner))
        if any(row.error for row in rows):
            raise SystemExit("a photo was not captioned")
        return rows

    return Method(
        captioner.caption_images,
        clip=lambda path: make_clip_captioner().caption(path),
        folder=folder,
    )


def tutorials(_: Precision | None = None) -> Method:
    """Keras's ``predict`` for the encoder, then ``predict`` for each word, as tutorials do it.

    Xception's 2,048 pooled features and the words so far go into a merged model of 256 units.
    """
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import cv2
    import keras

    size, vocabulary, longest, units = 299, 7577, 32, 256
    encoder = keras.applications.Xception(weights=None, include_top=False, pooling="avg")
    photo = keras.Input((2048,))
    seen = keras.layers.Dense(units, activation="relu")(keras.layers.Dropout(0.4)(photo))
    tokens = keras.Input((longest,))
    words = keras.layers.Embedding(vocabulary, units, mask_zero=True)(tokens)
    read = keras.layers.LSTM(units)(keras.layers.Dropout(0.4)(words))
    merged = keras.layers.Dense(units, activation="relu")(keras.layers.add([seen, read]))
    decoder = keras.Model(
        [photo, tokens], keras.layers.Dense(vocabulary, activation="softmax")(merged)
    )

    def one(image: np.ndarray) -> list[int]:
        square = cv2.resize(image, (size, size))[None].astype(np.float32) / 127.5 - 1
        features = encoder.predict(square, verbose=0)
        written = [1]
        for _ in range(WORDS):
            sequence = np.zeros((1, longest))
            sequence[0, : len(written)] = written
            written.append(int(decoder.predict([features, sequence], verbose=0).argmax()))
        return written

    return Method(lambda images: [one(image) for image in images], batches=(1,), photos=40)


def blip(_: Precision | None = None) -> Method:
    """BLIP-base of transformers, greedy; random weights take as long as learnt ones."""
    import torch
    from transformers import BlipConfig, BlipForConditionalGeneration, BlipImageProcessor
    from transformers.utils import logging

    logging.set_verbosity_error()
    torch.manual_seed(0)
    model = BlipForConditionalGeneration(BlipConfig()).eval()
    processor = BlipImageProcessor()

    def caption(images: Sequence[np.ndarray]) -> object:
        pixels = processor(images=list(images), return_tensors="pt")["pixel_values"]
        with torch.inference_mode():
            return model.generate(
                pixels, num_beams=1, do_sample=False, min_new_tokens=WORDS, max_new_tokens=WORDS
            )

    return Method(caption, batches=(1, 8), photos=24)


def encoder_alone(precision: Precision | None) -> Method:
    """The encoder of this project on squares that are ready: the limit of all that it can do."""
    os.environ["KERAS_BACKEND"] = "openvino"
    from captioner.describe.loading import DEFAULT_MODEL
    from captioner.models.caption_model import CaptionModel
    from captioner.models.folder import PRETRAINED
    from captioner.runtime.openvino_graphs import converted, runner

    model = CaptionModel.load(PRETRAINED / DEFAULT_MODEL)
    run = runner(converted(model.encoder.model), 1, precision)
    size = model.config.encoder.image_size
    square = np.random.default_rng(0).integers(0, 256, (16, size, size, 3), np.uint8)

    def squares(count: int) -> None:
        for _ in range(0, count, 2):  # two at a time are quickest (benchmarks/folder.py)
            run(square[: min(2, count)])

    return Method(
        lambda images: squares(len(images)),
        batches=(2,),
        clip=lambda _: squares(FRAMES),
        folder=lambda paths: squares(len(paths)),
        photos=200,
    )


METHODS: dict[str, tuple[Callable[[Precision | None], Method], Precision | None]] = {
    "this project": (this_project, None),
    "this project, float32": (this_project, "float32"),
    "as tutorials do": (tutorials, None),
    "BLIP-base": (blip, None),
    "encoder alone": (encoder_alone, None),
    "encoder alone, float32": (encoder_alone, "float32"),
}


def measure(method: Method, inputs: Path) -> dict[str, float]:
    """Seconds of each input, warm; of the folder, seconds a photo at the best batch."""
    photos = sorted((inputs / "photos").iterdir())[: method.photos]
    image = _read(photos[0])
    clip = method.clip or (lambda path: method.caption(_frames(path)))
    return {
        "photo": _median(lambda: method.caption([image])),
        "folder": _folder(method, photos),
        "video": _median(lambda: clip(inputs / "video.mp4")),
        "GIF": _median(lambda: clip(inputs / "animation.gif")),
    }


def _folder(method: Method, photos: Sequence[Path]) -> float:
    if method.folder is not None:
        method.folder(photos[:16])
        start = time.perf_counter()
        method.folder(photos)
        return (time.perf_counter() - start) / len(photos)
    seconds = []
    for batch in method.batches:
        start = time.perf_counter()
        for at in range(0, len(photos), batch):
            method.caption([_read(path) for path in photos[at : at + batch]])
        seconds.append((time.perf_counter() - start) / len(photos))
    return min(seconds)


def _median(work: Callable[[], object], least: int = 2, seconds: float = 3.0) -> float:
    """Median time of ``work`` after one that does not count: for some seconds, ``least`` times."""
    work()
    times: list[float] = []
    while len(times) < least or sum(times) < seconds:
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def _read(path: Path) -> np.ndarray:
    import cv2

    pixels = cv2.imread(str(path))
    assert pixels is not None, path
    return np.ascontiguousarray(pixels[:, :, ::-1])


def _frames(path: Path) -> list[np.ndarray]:
    """Frames, evenly over the time, of all that OpenCV reads."""
    import cv2

    capture, frames = cv2.VideoCapture(str(path)), []
    while True:
        there, frame = capture.read()
        if not there:
            break
        frames.append(frame[:, :, ::-1].copy())
    return [frames[place] for place in np.linspace(0, len(frames) - 1, FRAMES).astype(int)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("method", choices=METHODS)
    parser.add_argument("inputs", type=Path)
    parser.add_argument("--cold", action="store_true", help="caption one photo and end")
    options = parser.parse_args()
    load, precision = METHODS[options.method]
    method = load(precision)
    if options.cold:
        method.caption([_read(options.inputs / "photos" / "00000.jpg")])
    else:
        print(json.dumps(measure(method, options.inputs)))


if __name__ == "__main__":
    main()
