import numpy as np
import pytest
from PIL import Image

from captioner import Caption, MediaError, ModelError, load_captioner
from captioner.describe.network import NetworkCaptioner
from captioner.models.decoding import DecodingOptions
from tests.makers import photo, save_photo
from tests.models.test_caption_model import WORDS, tiny_model


@pytest.fixture(scope="module")
def captioner():
    return NetworkCaptioner(tiny_model(), "tiny")


def test_a_caption_has_its_words_score_and_attention(captioner):
    caption = captioner.caption(photo())
    assert isinstance(caption, Caption)
    assert caption.text == " ".join(caption.words)
    assert caption.words
    assert set(caption.words) <= set(WORDS)
    assert caption.score < 0
    words, rows, columns = caption.attention.shape
    assert words == len(caption.words)
    assert rows == columns > 1
    np.testing.assert_allclose(caption.attention.sum(axis=(1, 2)), 1, atol=1e-4)


def test_a_style_is_no_word_of_a_caption():
    model = tiny_model(words=[*WORDS, "<clip>"])
    step, number = model.step, model.vocabulary.styles["clip"]

    def fond_of_styles(*given):
        probabilities, *rest = step(*given)
        probabilities[:, :, number] = 0.9
        return probabilities, *rest

    model.step = fond_of_styles
    caption = NetworkCaptioner(model, "tiny").caption(photo())
    assert caption.words
    assert len(caption.attention) == len(caption.words)


def test_the_other_beams_are_alternatives_best_first():
    decoding = DecodingOptions(length_penalty=1.0)  # ranked by the score itself
    caption = NetworkCaptioner(tiny_model(), "tiny", decoding).caption(photo())
    scores = [caption.score, *(other.score for other in caption.alternatives)]
    assert len(scores) == 3
    assert scores == pytest.approx(sorted(scores, reverse=True), abs=1e-6)


def test_a_path_an_array_and_a_pillow_picture_are_captioned_alike(captioner, tmp_path):
    path = save_photo(tmp_path / "photo.png", photo())
    captions = [captioner.caption(source) for source in (path, photo(), Image.fromarray(photo()))]
    assert [c.score for c in captions] == pytest.approx([captions[0].score] * 3, abs=1e-5)


def test_many_are_captioned_in_order_across_batches(captioner, tmp_path):
    paths = [save_photo(tmp_path / f"{n}.png", photo(shift=9 * n)) for n in range(5)]
    many = list(captioner.caption_many(paths, batch_size=2))
    assert [c.score for c in many] == pytest.approx(
        [captioner.caption(path).score for path in paths], abs=1e-4
    )


def test_a_bad_picture_is_named(captioner, tmp_path):
    with pytest.raises(MediaError, match="none\\.png"):
        captioner.caption(tmp_path / "none.png")


def test_a_saved_model_is_loaded_by_its_folder(tmp_path):
    tiny_model().save(tmp_path / "mine")
    loaded = load_captioner(tmp_path / "mine", beams=5)
    assert loaded.name == "mine"
    assert len(loaded.caption(photo()).alternatives) == 4


def test_an_unknown_model_is_refused_and_what_ships_is_listed():
    with pytest.raises(ModelError, match="flickr8k-xception-lstm"):
        load_captioner("no-such-model")


def test_searching_otherwise_shares_the_weights_and_leaves_the_captioner_as_it_was(captioner):
    wider = captioner.searching(beams=5)
    assert wider.model is captioner.model
    assert len(wider.caption(photo()).alternatives) == 4
    assert len(captioner.caption(photo()).alternatives) == 2


def test_frames_of_clips_are_captioned_in_the_style_of_clips_where_it_was_taught(captioner):
    assert captioner.for_clips() is captioner
    taught = NetworkCaptioner(tiny_model(words=[*WORDS, "<clip>"]), "tiny")
    frames = taught.for_clips()
    assert frames.model is taught.model
    assert frames.searching(beams=5).style == "clip"
    of_photo, of_frame = taught.caption(photo()), frames.caption(photo())
    assert of_photo.score != pytest.approx(of_frame.score, abs=1e-4)  # they begin otherwise
    assert "<clip>" not in of_frame.words


@pytest.mark.parametrize("beams", [0, -1, 101, 10**6, 2.5, True, "3"])
def test_beams_out_of_range_are_refused(captioner, tmp_path, beams):
    with pytest.raises(ValueError, match=r"beams is .*give a whole number from 1 to 100"):
        load_captioner(tmp_path / "nowhere", beams=beams)  # before any model is looked for
    with pytest.raises(ValueError, match=r"beams is .*from 1 to 100"):
        captioner.searching(beams=beams)


@pytest.mark.parametrize("batch_size", [0, -1, 1025, 1.5])
def test_a_batch_size_out_of_range_is_refused_before_a_picture_is_taken(captioner, batch_size):
    sources = iter(["none.jpg"])
    with pytest.raises(ValueError, match=r"batch_size is .*from 1 to 1024"):
        captioner.caption_many(sources, batch_size=batch_size)
    assert next(sources) == "none.jpg"


def test_an_unknown_precision_is_refused(tmp_path):
    with pytest.raises(ValueError, match="'fp8'; give one of: float32, bfloat16"):
        load_captioner(tmp_path / "nowhere", precision="fp8")


def test_grey_pictures_and_such_with_transparency_are_captioned(captioner):
    grey = photo().mean(axis=2).astype(np.uint8)
    expected = captioner.caption(np.stack([grey] * 3, axis=2)).score
    opaque = np.dstack([grey] * 3 + [np.full_like(grey, 255)])
    for picture in (grey, grey[:, :, None], opaque):
        assert captioner.caption(picture).score == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    "image",
    [photo()[:, :, 0], np.dstack([photo(), photo()])[:, :, :4], photo() / 255, photo()[:0]],
    ids=["grey", "four channels", "floats", "empty"],
)
def test_a_batch_for_the_network_holds_pictures_as_the_network_takes_them(captioner, image):
    with pytest.raises(ValueError, match=r"image 1 is .* must be uint8 \[H, W, 3\]"):
        captioner.caption_images([photo(), image])


@pytest.mark.parametrize("name", ["", " "])
def test_an_empty_name_is_called_empty(name):
    with pytest.raises(ModelError, match=r"name is empty; .*flickr8k-xception-lstm"):
        load_captioner(name)


def test_a_prepared_picture_has_the_same_caption(captioner):
    prepared = captioner.prepare(photo())
    assert prepared.shape == (71, 71, 3)
    assert captioner.prepare(prepared) is prepared
    score = captioner.caption(photo()).score
    assert captioner.caption_images([prepared])[0].score == pytest.approx(score, abs=1e-5)


def test_lanes_share_the_weights_and_the_way_of_searching(captioner):
    together = captioner.searching(beams=5).with_streams()
    assert together.streams >= 1
    assert len(together.caption(photo()).alternatives) == 4
    assert together.model.encoder is captioner.model.encoder
