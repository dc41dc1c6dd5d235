import os
import subprocess
import sys

import numpy as np
import pytest

from captioner.captioner import load_captioner
from captioner.models.errors import ModelError
from tests.makers import save_photo
from tests.models.test_caption_model import tiny_model

_COMPARE = """
import sys
import numpy as np
from captioner.captioner import load_captioner
images = np.random.default_rng(0).integers(0, 256, (4, 71, 71, 3)).astype(np.uint8)
exact, quantised = (load_captioner(sys.argv[1], precision=p) for p in ("float32", "int8"))
for theirs, mine in zip(exact.model.remember(images)[1], quantised.model.remember(images)[1]):
    print(np.corrcoef(theirs.ravel(), mine.ravel())[0, 1], np.abs(theirs - mine).max() > 0)
print(*[caption.text for caption in quantised.caption_images(list(images))], sep="/")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model folder, and photos in Flickr8k's layout."""
    folder = tmp_path_factory.mktemp("quantise")
    tiny_model().save(folder / "model")
    random, lines = np.random.default_rng(1), []
    for number in range(8):
        image = random.integers(0, 256, (80, 80, 3)).astype(np.uint8)
        save_photo(folder / "photos" / "images" / f"{number}.png", image)
        lines.append(f"{number}.png#0\tA photo of noise .")
    (folder / "photos" / "Flickr8k.token.txt").write_text("\n".join(lines) + "\n")
    names = "\n".join(f"{number}.png" for number in range(8))
    (folder / "photos" / "Flickr_8k.trainImages.txt").write_text(names + "\n")
    return folder


def _python(*arguments):
    environment = {**os.environ, "KERAS_BACKEND": "openvino", "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, check=False, env=environment, capture_output=True, text=True)


def test_a_quantised_encoder_is_written_and_used(folder):
    options = ["--model", folder / "model", "--data", folder / "photos", "--photos", "8"]
    made = _python("-m", "training.quantise", *options)
    assert made.returncode == 0, made.stderr
    compared = _python("-c", _COMPARE, folder / "model")
    assert compared.returncode == 0, compared.stderr
    *memories, captions = compared.stdout.splitlines()
    for line in memories:
        correlation, differs = line.split()
        assert float(correlation) > 0.9
        assert differs == "True"  # it is not the exact one under another name
    assert len(captions.split("/")) == 4


def test_without_a_quantised_encoder_int8_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "openvino")
    monkeypatch.setattr("captioner.captioner.on_openvino", lambda: True)
    tiny_model().save(tmp_path / "model")
    with pytest.raises(ModelError, match=r"no encoder-int8\.xml.*training\.quantise"):
        load_captioner(tmp_path / "model", precision="int8")


def test_other_backends_refuse_what_only_openvino_computes(tmp_path, monkeypatch):
    monkeypatch.setattr("captioner.captioner.on_openvino", lambda: False)
    tiny_model().save(tmp_path / "model")
    with pytest.raises(ModelError, match="bfloat16 needs OpenVINO"):
        load_captioner(tmp_path / "model", precision="bfloat16")


def test_a_folder_without_a_model_is_named(folder, tmp_path):
    made = _python("-m", "training.quantise", "--model", tmp_path, "--data", folder / "photos")
    assert made.returncode == 2
    assert f"{tmp_path} is not a model folder" in made.stderr
