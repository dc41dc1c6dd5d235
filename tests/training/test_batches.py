import numpy as np
import pytest

from captioner.models.vocabulary import END, PAD, START, Vocabulary
from training.data.batches import CaptionBatches, mirror_words

_CAPTIONS = [["dog left", "dog right"], ["cat"], ["dog cat dog cat dog"], ["cat dog"], ["dog"]]


def _batches(**changes):
    features = [np.full((2, 3), number, np.float16) for number in range(5)]
    mirrored = [row + 100 for row in features]
    options = {"max_words": 4, "batch_size": 2, "captions_per_image": 3, "seed": 1, **changes}
    vocabulary = Vocabulary(["dog", "cat", "left", "right"])
    return CaptionBatches([features, mirrored], _CAPTIONS, vocabulary, **options), vocabulary


def test_shapes_and_the_shift_by_one_word():
    batches, _ = _batches()
    assert len(batches) == 2
    for index in range(2):
        (features, tokens), targets = batches[index]
        assert features.shape == (2, 2, 3)
        assert features.dtype == np.float32
        assert tokens.shape == targets.shape == (2, 3, 5)
        assert (tokens[:, :, 0] == START).all()
        assert (tokens[:, :, 1:] == targets[:, :, :-1]).all()
        for row in targets.reshape(-1, 5):
            assert END in row or (row != PAD).all()  # only a cut caption has no end


def test_features_and_captions_stay_together_and_mirrored_ones_swap_sides():
    batches, vocabulary = _batches(batch_size=1, captions_per_image=2)
    seen = set()
    for _ in range(12):
        for index in range(len(batches)):
            (features, tokens), _ = batches[index]
            photo = int(features[0, 0, 0])
            texts = {" ".join(vocabulary.decode(row)) for row in tokens[0]}
            if photo % 100 == 0:
                assert texts == {"dog left", "dog right"}
            if photo % 100 == 4:
                assert texts == {"dog"}
            seen.add(photo)
        batches.on_epoch_end()
    assert seen == {0, 1, 2, 3, 4, 100, 101, 102, 103, 104}
    assert mirror_words("left of a right hand") == "right of a left hand"


def test_windows_show_less_of_the_same_photo_and_another_part_each_time():
    grids = [photo + np.arange(100)[:, None] / 100 for photo in range(5)]
    vocabulary = Vocabulary(["dog", "cat", "left", "right"])
    options = {"max_words": 4, "batch_size": 5, "captions_per_image": 1, "seed": 1}
    whole, cut = (
        CaptionBatches([grids], _CAPTIONS, vocabulary, grid=grid, **options)
        for grid in (None, (10, 10))
    )
    (all_of_it, tokens), _ = whole[0]
    (parts, same_tokens), _ = cut[0]
    assert np.array_equal(tokens, same_tokens)
    assert parts.shape == all_of_it.shape
    for part, grid in zip(parts, all_of_it, strict=True):
        assert set(part.ravel()) < set(grid.ravel())
    assert len({tuple(part.ravel() % 1) for part in parts.round(2)}) > 1


def test_each_caption_comes_once_before_any_comes_twice():
    batches, _ = _batches(batch_size=1, captions_per_image=2, seed=3)
    for index in range(len(batches)):
        (features, tokens), _ = batches[index]
        if int(features[0, 0, 0]) % 100 == 0:
            assert len({tuple(row) for row in tokens[0]}) == 2


def test_epochs_differ_and_a_run_that_goes_on_sees_what_it_would_have_seen():
    whole, _ = _batches()
    first = [whole[i][0][0] for i in range(2)]
    whole.on_epoch_end()
    second = [whole[i][0][0] for i in range(2)]
    later, _ = _batches(first_epoch=1)
    again = [later[i][0][0] for i in range(2)]
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(second, again)


@pytest.mark.parametrize("size", [5, 64])
def test_a_batch_is_never_larger_than_the_data(size):
    batches, _ = _batches(batch_size=size)
    assert len(batches) == 1
    assert batches[0][0][0].shape[0] == 5


def test_captions_of_great_weight_are_drawn_more_often():
    features = [np.zeros((2, 3), np.float16)] * 2
    vocabulary = Vocabulary(["dog", "cat", "left", "<clip>"])
    batches = CaptionBatches(
        [features], [["dog", "cat", "left"], ["dog"]], vocabulary,
        styles=["clip", None], weights=[[8.0, 1.0, 1.0], None],
        max_words=2, batch_size=2, captions_per_image=1, seed=1,
    )  # fmt: skip
    drawn = []
    for _ in range(400):
        (_, tokens), _ = batches[0]
        by_start = {int(row[0, 0]): int(row[0, 1]) for row in tokens}
        assert by_start[START] == 4
        drawn.append(by_start[7])
        batches.on_epoch_end()
    assert abs(drawn.count(4) / 400 - 0.8) < 0.1
    assert drawn.count(5) > 0
    assert drawn.count(6) > 0
