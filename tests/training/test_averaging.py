import numpy as np
import pytest

from captioner.describe.loading import DEFAULT_MODEL
from captioner.errors import ModelError
from captioner.models.folder import PRETRAINED, read_folder
from training.captioning.averaging import averaged, main


def test_the_share_is_of_the_second_and_new_rows_stay():
    first = {"words": np.zeros((2, 3), np.float16), "bias": np.ones(4, np.float16)}
    second = {"words": np.ones((3, 3), np.float16), "bias": np.full(4, 5, np.float16)}
    mixed = averaged(first, second, 0.25)
    assert mixed["words"].dtype == np.float16
    np.testing.assert_array_equal(mixed["words"], [[0.25] * 3, [0.25] * 3, [1] * 3])
    np.testing.assert_array_equal(mixed["bias"], [2] * 4)


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ({"bias": np.ones(4)}, "only one of the two has weights for bias, words"),
        ({"words": np.ones((3, 2))}, "words is"),
        ({"words": np.ones((1, 3))}, "words is"),
    ],
)
def test_weights_of_another_network_are_refused(second, message):
    with pytest.raises(ModelError, match=message):
        averaged({"words": np.ones((2, 3))}, second, 0.5)


def test_a_folder_between_a_model_and_itself_is_that_model(tmp_path):
    shipped = PRETRAINED / DEFAULT_MODEL
    assert main([str(shipped), str(shipped), "--output", str(tmp_path / "model")]) == 0
    assert read_folder(tmp_path / "model").config == read_folder(shipped).config
    weights = "decoder.safetensors"
    from safetensors.numpy import load_file

    before, after = (load_file(folder / weights) for folder in (shipped, tmp_path / "model"))
    for name, array in before.items():
        np.testing.assert_allclose(after[name], array, rtol=1e-3, atol=1e-7)


def test_what_is_no_model_is_named(tmp_path, capsys):
    assert main([str(tmp_path), str(tmp_path), "--output", str(tmp_path / "model")]) == 2
    assert "is not a model folder" in capsys.readouterr().err
