import numpy as np
import pytest

from tests.makers import save_flickr8k
from training.analysis.probe import average_precision, main, probe, votes
from training.data.datasets import CaptionedImage

_COLOURS = {"red": (200, 30, 30), "green": (30, 180, 40), "blue": (40, 60, 210)}


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Flickr8k's layout: 24 training and 36 dev photos of three plain, slightly noisy colours."""
    folder = tmp_path_factory.mktemp("photos")
    captions = ("A {} ball .", "A {} ball .")
    return save_flickr8k(folder, _COLOURS, captions, train=24, dev=36)


def test_votes_count_the_references_that_say_a_class(tmp_path):
    item = CaptionedImage(tmp_path / "a.jpg", ("a girl runs", "a girl in red", "the dog"))
    names = [("subjects", "girl"), ("subjects", "person"), ("actions", "run"), ("colours", "blue")]
    np.testing.assert_array_equal(votes([item], names), [[2, 2, 1, 0]])


def test_average_precision_by_hand():
    scores = np.array([0.1, 0.9, 0.5, 0.4])
    there = np.array([True, True, False, False])
    assert average_precision(scores, there) == pytest.approx((1 + 2 / 4) / 2)


def test_the_probe_finds_what_is_linear_and_nothing_in_noise():
    random = np.random.default_rng(0)
    features = random.normal(size=(600, 20))
    said = (features[:, :2] > 0).astype(float)
    told = probe(features[:400], said[:400], features[400:])
    luck = probe(random.normal(size=(400, 20)), said[:400], features[400:])
    there = said[400:] > 0
    assert all(average_precision(told[:, k], there[:, k]) > 0.95 for k in range(2))
    assert all(average_precision(luck[:, k], there[:, k]) < 0.75 for k in range(2))


def test_the_command_prints_a_row_for_each_output(photos, capsys):
    options = ["--data", str(photos), "--image-size", "71", "--encoder-weights", "none"]
    assert main(["block2", "block2+block13", *options]) == 0
    head, _, *rows = capsys.readouterr().out.splitlines()
    assert head.startswith("| output | all | subjects | actions | colours |")
    assert [row.split(" | ")[0] for row in rows] == ["| block2", "| block2+block13"]
    colours = rows[0].split(" | ")[4]
    assert float(colours) > 0.9
    assert rows[0].split(" | ")[3] == "-"  # nobody does anything


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["block99"], "known: block1, block2"),
        (["block2", "--data", "nowhere"], "nowhere"),
        (["block2", "--encoder-weights", "no.npz"], "no such file"),
    ],
)
def test_what_is_wrong_is_said(photos, capsys, arguments, message):
    options = ["--data", str(photos), "--image-size", "71", "--encoder-weights", "none"]
    assert main([*options, *arguments]) == 2
    assert message in capsys.readouterr().err
