"""Words for scores: chosen on some photos, measured on others, kept with the model."""

import json

import numpy as np
import pytest

from captioner.describe.confidence import BETWEEN, FILE, GUESSING, SURE, read_calibration
from captioner.errors import ModelError
from tests.makers import save_photo
from tests.models.test_caption_model import tiny_model
from training.captioning.calibration import GUESSING_TO, SURE_FROM, calibrate, human_level, main
from training.metrics.captions import Cider


def some_captions(count=4000):
    """Scores, and for each whether the caption is right, which is likelier where they are high."""
    random = np.random.default_rng(0)
    scores = random.uniform(-2, 0, count)
    chances = np.select([scores > -0.4, scores > -1.6], [0.7, 0.4], 0.1)
    return scores, random.random(count) < chances


def test_words_go_from_sure_to_unsure_and_are_right_as_often_as_promised():
    scores, right = some_captions()
    found = calibrate(scores, right)
    assert [band.word for band in found.bands] == [SURE, BETWEEN, GUESSING]
    sure, between, guessing = found.bands
    assert sure.right == pytest.approx(SURE_FROM, abs=0.05)
    assert guessing.right == pytest.approx(GUESSING_TO, abs=0.05)
    assert sum(band.share for band in found.bands) == pytest.approx(1)
    assert sure.least > between.least
    assert guessing.least is None
    assert [found.word(score) for score in (0, between.least, -9)] == [SURE, BETWEEN, GUESSING]


def test_what_was_chosen_on_some_photos_is_measured_on_others():
    scores, right = some_captions(200)
    right[1::2] = False  # where it is measured, nothing is right
    assert all(band.right == 0 for band in calibrate(scores, right).bands)


@pytest.mark.parametrize(("always", "word"), [(True, SURE), (False, GUESSING)])
def test_a_word_that_nothing_deserves_is_not_used(always, word):
    scores, _ = some_captions(200)
    found = calibrate(scores, np.full(200, always))
    assert found.word(-1) == word
    assert found.bands[-1].least is None


def test_the_level_of_people_is_the_middle_of_their_captions():
    references = [
        ["a dog runs over grass", "a brown dog runs", "a dog runs over the green grass"],
        ["two men play chess", "men at a board"],
        ["only one caption"],
    ]
    frequencies = Cider(references[:2]).document_frequencies
    values = [
        Cider([[other for other in group if other != text]], frequencies).scores([text])[0]
        for group in references[:2]
        for text in group
    ]
    assert human_level(references) == pytest.approx(np.median(values))


def test_a_model_is_calibrated_by_one_command(tmp_path, capsys):
    tiny_model().save(tmp_path / "model")
    lines, random = [], np.random.default_rng(1)
    for number in range(8):
        image = random.integers(0, 256, (80, 80, 3)).astype(np.uint8)
        save_photo(tmp_path / "photos" / "images" / f"{number}.png", image)
        lines += [f"{number}.png#{turn}\tA photo of noise {turn} ." for turn in range(2)]
    (tmp_path / "photos" / "Flickr8k.token.txt").write_text("\n".join(lines) + "\n")
    names = "\n".join(f"{number}.png" for number in range(8))
    (tmp_path / "photos" / "Flickr_8k.devImages.txt").write_text(names + "\n")

    assert read_calibration(tmp_path / "model") is None
    command = ["--data", str(tmp_path / "photos"), "--model", str(tmp_path / "model")]
    assert main(command) == 0
    found = read_calibration(tmp_path / "model")
    assert found.photos == 8
    assert found.sentences() in capsys.readouterr().out

    weights = tmp_path / "model" / "decoder.safetensors"
    weights.write_bytes(weights.read_bytes() + b" ")  # another model in the same folder
    assert read_calibration(tmp_path / "model") is None


def test_without_a_model_it_says_so(tmp_path, capsys):
    assert main(["--data", str(tmp_path), "--model", str(tmp_path)]) == 2
    assert "is not a model folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    "held",
    [
        "no JSON",
        "[]",
        "{}",
        json.dumps({"bands": [], "photos": 1, "weights": ""}),
        json.dumps({"bands": [{"word": 1}], "photos": 1, "weights": ""}),
        json.dumps(
            {
                "bands": [{"word": SURE, "least": -1.0, "right": 0.5, "share": 1.0}],
                "photos": 1,
                "weights": "",
            }
        ),
    ],
)
def test_a_damaged_calibration_is_named(tmp_path, held):
    (tmp_path / FILE).write_text(held)
    with pytest.raises(ModelError, match=r"calibration\.json holds no calibration .* delete it"):
        read_calibration(tmp_path)
