import json

import numpy as np
import pytest

from tests.fakes import FakeCaptioner
from tests.makers import numbered_frames, photo, save_animation, save_photo
from training.data.datasets import load_dataset
from training.fusion.frame_captions import clip_rows, photo_rows, views


def test_the_first_view_is_the_photo_and_the_others_differ():
    made = views(photo(96, 64), 6, np.random.default_rng(1))
    assert len(made) == 6
    np.testing.assert_array_equal(made[0], photo(96, 64))
    for view in made[1:]:
        assert view.dtype == np.uint8
        assert 0.5 * 64 <= view.shape[0] <= 64
        assert 0.5 * 96 <= view.shape[1] <= 96
        assert view.shape != (64, 96, 3) or not np.array_equal(view, photo(96, 64))


def test_a_photo_of_one_pixel_has_views_too():
    assert [v.shape for v in views(photo(1, 1), 4, np.random.default_rng(0))] == [(1, 1, 3)] * 4


@pytest.mark.parametrize(("split", "names"), [("train", {"0", "1"}), ("dev", {"2"})])
def test_rows_of_photos_hold_a_caption_of_each_view_and_the_people_s(tmp_path, split, names):
    for number in range(3):
        save_photo(tmp_path / "images" / f"{number}.png", photo(shift=number))
    lines = [f"{n}.png#{k}\tA dog {n} {k} ." for n in range(3) for k in range(2)]
    (tmp_path / "Flickr8k.token.txt").write_text("\n".join(lines) + "\n")
    (tmp_path / "Flickr_8k.trainImages.txt").write_text("0.png\n1.png\n")
    (tmp_path / "Flickr_8k.devImages.txt").write_text("2.png\n")
    rows = list(
        photo_rows(FakeCaptioner(), load_dataset(tmp_path, split), photos=2, count=4, seed=1)
    )
    assert {row["id"] for row in rows} == names
    for row in rows:
        assert len(row["inputs"]) == 4
        assert row["captions"] == [f"A dog {row['id']} {k} ." for k in range(2)]


def test_rows_of_clips_hold_a_caption_of_each_frame(tmp_path):
    save_animation(tmp_path / "a.gif", list(numbered_frames(5)))
    (tmp_path / "captions.json").write_text(json.dumps({"a.gif": ["a dog", "the dog"]}))
    (row,) = clip_rows(FakeCaptioner(), tmp_path, tmp_path / "captions.json", max_frames=3)
    assert row["id"] == "a.gif"
    assert 1 <= len(row["inputs"]) <= 3
    assert row["captions"] == ["a dog", "the dog"]
