"""How long an answer takes, beside a caption of the same: ``python -m benchmarks.answering``."""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

QUESTION = "what is the man doing?"


def main() -> None:
    """Prints a table in Markdown."""
    words = argparse.ArgumentParser(prog="python -m benchmarks.answering", description=__doc__)
    words.add_argument("--times", type=int, default=9)
    words.add_argument("--precision", choices=["float32", "bfloat16"])
    options = words.parse_args()
    from captioner import load_answerer, load_captioner, load_clip_captioner
    from tests.makers import numbered_frames, save_animation, save_photo

    answerer = load_answerer(precision=options.precision)
    captioner = load_captioner(precision=options.precision)
    clips = load_clip_captioner(captioner)
    with tempfile.TemporaryDirectory() as folder:
        frames = [np.roll(frame, 9 * n, axis=1) for n, frame in enumerate(numbered_frames(16))]
        photo = save_photo(Path(folder) / "photo.png", frames[0])
        clip = save_animation(Path(folder) / "clip.gif", frames, [200] * 16)
        rows = (
            ("photo", lambda: answerer.ask(photo, QUESTION), lambda: captioner.caption(photo)),
            (
                "clip of 16 frames",
                lambda: answerer.ask(clip, QUESTION),
                lambda: clips.caption(clip),
            ),
        )
        print("| | answer, ms | caption, ms | ratio |\n|---|---|---|---|")
        for name, ask, caption in rows:
            asked, said = (_milliseconds(work, options.times) for work in (ask, caption))
            print(f"| {name} | {asked:.0f} | {said:.0f} | {asked / said:.2f} |")


def _milliseconds(work: Callable[[], object], times: int) -> float:
    """The median time of a call, once it is warm."""
    work()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return 1000 * statistics.median(taken)


if __name__ == "__main__":
    main()
