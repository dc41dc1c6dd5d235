import numpy as np

from captioner.models.caption_model import CaptionModel
from captioner.models.config import CaptionModelConfig, DecoderConfig, EncoderConfig
from captioner.models.vocabulary import Vocabulary
from tests.makers import photo, save_photo
from training.data.features import cached_features
from training.data.views import View


def _model():
    config = CaptionModelConfig(
        EncoderConfig(image_size=71), DecoderConfig(units=16, heads=4), max_words=6
    )
    model = CaptionModel(config, Vocabulary(["dog"]))
    random = np.random.default_rng(0)
    for name, variable in model.encoder.variables().items():
        if name.endswith("gamma"):  # numbers that float16 does not have
            variable.assign(random.uniform(0.9, 1.1, variable.shape))
    return model


def _cached(model, paths, cache, view=0):
    trunk, _ = model.encoder.split(None)
    return cached_features(model, trunk, paths, cache, View(view))


def test_a_model_read_from_its_folder_finds_what_was_computed_before(tmp_path):
    model, cache = _model(), tmp_path / "cache"
    paths = [save_photo(tmp_path / f"{n}.png", photo(shift=n)) for n in range(3)]
    first = _cached(model, paths, cache)
    model.save(tmp_path / "model")
    again = _cached(CaptionModel.load(tmp_path / "model"), paths, cache)
    assert first.filename == again.filename
    assert len(list(cache.iterdir())) == 1


def test_other_photos_views_and_weights_are_computed_anew(tmp_path):
    model, cache = _model(), tmp_path / "cache"
    paths = [save_photo(tmp_path / f"{n}.png", photo(shift=n)) for n in range(3)]
    seen = [_cached(model, paths, cache), _cached(model, paths, cache, view=1)]
    seen.append(_cached(model, paths[:2], cache))
    model.encoder.variables()["block1_conv1_bn/gamma"].assign(np.full(32, 0.5))
    seen.append(_cached(model, paths, cache))
    assert len({features.filename for features in seen}) == 4
    assert seen[2].shape[0] == 2
