"""A damaged model is refused before the first file: no picture is blamed for it, or recorded."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from summarizer.settings import FusionSettings
from tests.fusion_makers import save_bart
from tests.makers import numbered_frames, save_animation, save_photo
from tests.models.test_caption_model import tiny_model
from training.export import export_apart

# One process for all commands, whose imports take longest. The models have graphs, as those that
# ship: these must not hide what became of the weights since.
_PROGRAM = """
import json, sys
from captioner.cli.main import main
for words in json.load(sys.stdin):
    print("===", flush=True, file=sys.stderr)
    print(main(words), flush=True, file=sys.stderr)
"""


def truncate(path):
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def spoil(path):
    """One number in the middle of the weights is none."""
    arrays = load_file(path)
    name = sorted(arrays)[len(arrays) // 2]
    arrays[name].reshape(-1)[-1] = np.nan
    save_file(arrays, path, {"format": "pt"})


def replace_json(path, **values):
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def drop_a_token(path):
    """Without the last merged pair and its token."""
    values = json.loads(path.read_text())
    tokens, merges = values["model"]["vocab"], values["model"]["merges"]
    tokens.pop("".join(merges.pop()))
    path.write_text(json.dumps(values))


CAPTIONER = {
    "encoder cut short": (lambda folder: truncate(folder / "encoder.safetensors"), "is damaged"),
    "decoder of no numbers": (lambda folder: spoil(folder / "decoder.safetensors"), "no number"),
    "short vocabulary": (
        lambda folder: (folder / "vocabulary.txt").write_text("a\ndog\n"),
        "words/embeddings is (9, 16), expected (6, 16)",
    ),
    "unknown format": (lambda folder: replace_json(folder / "config.json", format=2), "format 2"),
    "no format": (
        lambda folder: (folder / "config.json").write_text('{"max_words": 3}'),
        "lacks 'format'",
    ),
    "half a beam": (
        lambda folder: replace_json(folder / "generation_config.json", beams=2.5),
        "beams is 2.5; give a whole number from 1 to 100",
    ),
}
SUMMARIZER = {
    "weights cut short": (
        lambda folder: truncate(folder / "model.safetensors"),
        "loaded from here",
    ),
    "weights of no numbers": (lambda folder: spoil(folder / "model.safetensors"), "no number"),
    "a token too few": (lambda folder: drop_a_token(folder / "tokenizer.json"), "tokens, the"),
    "unknown kind": (
        lambda folder: replace_json(folder / "config.json", model_type="odd"),
        "loaded from here",
    ),
}


@pytest.fixture(scope="module")
def endings(tmp_path_factory):
    """What became of a command with each damaged model: exit code, messages and output file."""
    folder = tmp_path_factory.mktemp("models")
    save_photo(folder / "photo.jpg")
    save_animation(folder / "clip.gif", numbered_frames(3))
    # Not named as packages are: Python would look into the current folder for these.
    tiny_model().save(folder / "whole captioner")
    save_bart(folder / "whole summarizer")
    FusionSettings(separator="<sep>").save(folder / "whole summarizer")
    export_apart(folder / "whole captioner")
    export_apart(folder / "whole summarizer")
    shutil.copy(folder / "clip.gif", folder / "clip.jpg")
    runs = {("both", "whole"): ("clip.gif", "whole captioner", "whole summarizer")}
    for name, (damage, _) in CAPTIONER.items():
        damage(shutil.copytree(folder / "whole captioner", folder / name))
        runs["captioner", name] = ("clip.gif", name, "whole summarizer")
    for name, (damage, _) in SUMMARIZER.items():
        damage(shutil.copytree(folder / "whole summarizer", folder / name))
        runs["summarizer", name] = ("clip.gif", "whole captioner", name)
    runs["summarizer", "found late"] = ("clip.jpg", "whole captioner", "weights cut short")
    commands = [
        ["photo.jpg", clip, "-o", f"{number}.jsonl", "--model", one, "--summarizer", two]
        for number, (clip, one, two) in enumerate(runs.values())
    ]
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        input=json.dumps(commands),
        cwd=folder,
        env={**os.environ, "KERAS_BACKEND": "openvino"},
        capture_output=True,
        text=True,
        check=True,
    )
    said = [part.strip().rpartition("\n") for part in done.stderr.split("===\n")[1:]]
    outputs = [folder / f"{number}.jsonl" for number in range(len(commands))]
    return {
        key: (int(code), messages, output)
        for key, (messages, _, code), output in zip(runs, said, outputs, strict=True)
    }


def test_whole_models_caption(endings):
    code, messages, output = endings["both", "whole"]
    assert code == 0, messages
    assert len(output.read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("stage", "damage"),
    [*(("captioner", name) for name in CAPTIONER), *(("summarizer", name) for name in SUMMARIZER)],
)
def test_a_damaged_model_is_refused_before_the_first_file(endings, stage, damage):
    code, messages, output = endings[stage, damage]
    assert code == 2, messages
    assert "the model cannot be loaded" in messages
    assert {"captioner": CAPTIONER, "summarizer": SUMMARIZER}[stage][damage][1] in messages
    assert damage in messages  # its folder
    assert "Traceback" not in messages
    assert not output.exists()


def test_a_clip_under_the_name_of_a_photo_is_not_blamed_for_a_damaged_summarizer(endings):
    code, messages, output = endings["summarizer", "found late"]
    assert code != 0
    assert "the model cannot be loaded: weights cut short: no sequence-to-sequence" in messages
    assert "clip.jpg" not in output.read_text()
