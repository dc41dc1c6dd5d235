"""Kept features are named by all that they depend on."""

import pytest

from captioner.models.answer_config import AnswerConfig
from training.answering.features import _digest as digest_of_answering
from training.data.digests import features_digest


@pytest.fixture
def files(tmp_path):
    paths = [tmp_path / "a.jpg", tmp_path / "b.jpg"]
    for path in paths:
        path.write_bytes(path.name.encode())
    encoder = tmp_path / "encoder"
    encoder.mkdir()
    (encoder / "encoder.safetensors").write_bytes(b"weights")
    return paths, encoder


def test_each_part_counts(files):
    paths, encoder = files
    names = [str(encoder)]
    first = features_digest({"version": 1}, names, paths)
    assert first == features_digest({"version": 1}, names, paths)
    others = [
        features_digest({"version": 2}, names, paths),
        features_digest({"version": 1}, [], paths),
        features_digest({"version": 1}, names, paths[::-1]),
    ]
    paths[0].write_bytes(b"other")
    others.append(features_digest({"version": 1}, names, paths))
    assert len({first, *others}) == 5


def test_features_of_other_weights_are_not_taken_for_an_answerer(files):
    paths, encoder = files
    config = AnswerConfig(encoders=(str(encoder),))
    first = digest_of_answering(paths, config)
    (encoder / "encoder.safetensors").write_bytes(b"learnt on")
    assert digest_of_answering(paths, config) != first
