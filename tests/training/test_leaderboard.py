"""Ways of captioning clips beside each other."""

import json
from pathlib import Path

import numpy as np
import pytest

from captioner.describe.fused import FusedClipCaptioner
from tests.fakes import FakeCaptioner, FakeSummarizer, caption_of
from tests.makers import plain, save_photo
from training.clips import leaderboard
from training.clips.data import ClipItem
from training.clips.features import ClipFeatures
from training.clips.neighbours import NeighbourCaptioner
from training.metrics.bootstrap import bleu_counts, corpus_bleu, resampled
from training.metrics.captions import score

TEXTS = ["a man plays a guitar on stage", "a dog runs", "two women cook rice in a big kitchen"]
REFERENCES = [
    ["a man plays a guitar", "somebody plays the guitar on a stage"],
    ["a brown dog runs on grass", "a dog is running", "the dog runs"],
    ["women cook in a kitchen", "two people cook rice in a kitchen"],
]


def test_bleu_of_counts_is_that_of_the_sentences() -> None:
    counts = bleu_counts(TEXTS, REFERENCES)
    expected = score(TEXTS, REFERENCES, with_meteor=False)["BLEU-4"]
    assert corpus_bleu(counts) == pytest.approx(expected, abs=1e-6)
    assert corpus_bleu(bleu_counts(["cats"], [["a dog"]])) == 0.0


def test_an_interval_holds_the_value_and_shrinks_with_more_clips() -> None:
    random = np.random.default_rng(0)
    few, many = random.normal(1, 1, 30), random.normal(1, 1, 3000)
    low, high = resampled(few, np.mean, 1)
    assert low < few.mean() < high
    closer = resampled(many, np.mean, 1)
    assert closer[1] - closer[0] < (high - low) / 5
    assert resampled(few, np.mean, 1) == (low, high)


@pytest.fixture
def items(tmp_path: Path) -> list[ClipItem]:
    """Clips of two frames, of one colour each."""
    found = []
    for number in range(3):
        frames = tuple(
            save_photo(tmp_path / f"{number}_{place}.png", plain((40 * number, 10, 20 * place)))
            for place in range(2)
        )
        found.append(ClipItem(f"v{number}", (caption_of((40 * number, 10, 20)),), frames=frames))
    return found


def test_ways_are_scored_beside_each_other(
    items: list[ClipItem], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ways = {
        "joined": FusedClipCaptioner(FakeCaptioner(), FakeSummarizer()),
        "middle": leaderboard.MiddleFrameCaptioner(FakeCaptioner()),
    }
    monkeypatch.setattr(leaderboard, "_load", lambda name, *_: (ways[name], 12.0))
    joined, middle = leaderboard.compare(["joined", "middle"], items, list, with_meteor=False)
    assert list(middle.captions) == [item.captions[0] for item in items]
    assert joined.behind is None
    assert middle.behind is not None
    gain, (low, high) = middle.behind
    assert gain == pytest.approx(middle.scores["CIDEr"] - joined.scores["CIDEr"])
    assert 0 < low <= gain <= high
    text = leaderboard.table([joined, middle], len(items))
    assert "| joined |" in text
    assert text.count("\n| ") == 3
    assert json.loads(json.dumps(middle.as_dict()))["megabytes"] == 12.0
    leaderboard.draw([joined, middle], tmp_path / "board.png")
    assert (tmp_path / "board.png").read_bytes().startswith(b"\x89PNG")


def test_the_nearest_clips_lend_the_caption_that_agrees_most() -> None:
    random = np.random.default_rng(0)
    centres = np.eye(3, 8) * 5
    rows = np.concatenate([centre + random.normal(0, 0.1, (12, 8)) for centre in centres])
    captions = [[text, f"{text} now"] for text in TEXTS for _ in range(12)]
    clips = ClipFeatures(rows.astype(np.float16), [1] * 36)
    encoder = type("Encoder", (), {"models": {}})()
    way = NeighbourCaptioner(encoder, clips, captions)  # type: ignore[arg-type]
    for centre, text in zip(centres, TEXTS, strict=True):
        found = way._caption(np.stack([centre, centre]))
        assert found.text.startswith(text)
        assert 0 < found.score <= 1.001
