"""Training an answerer on features: it learns to look, and leaves all that its folder needs."""

import csv
import json
import os
import subprocess
import sys

import pytest

from captioner.ask.loading import load_answerer
from captioner.models.answer_folder import read_answer_folder

# What a picture shows is told by its likeliest class alone.
_PROGRAM = """
import sys
from pathlib import Path
import numpy as np
from captioner.models.answer_features import FrameFeatures
from training.answering.examples import Material, Medium
from training.answering.job import teach
from training.answering.readers import AskedQuestion
from training.answering.recipe import AnswerRecipe
from training.answering.report import write_model_card

draw = np.random.default_rng(0)
media, asked = {}, {"train": [], "dev": []}
for number in range(40):
    frames = 1 + number % 2
    colour = number % 4
    name = f"{number}.jpg"
    media[name] = Medium(FrameFeatures(
        draw.normal(size=(frames, 9, 1280)).astype("float16") * 0.1,
        np.zeros((frames, 1280), "float16"),
        np.tile(np.array([colour, 9, 8, 7, 6], "int32"), (frames, 1)),
        np.tile(np.array([1, 0, 0, 0, 0], "float32"), (frames, 1)),
    ))
    word = ("red", "green", "blue", "white")[colour]
    asked["dev" if number >= 32 else "train"] += [
        AskedQuestion(name, "what color is it?", word, (word,) * 10, "color"),
        AskedQuestion(name, "is it red?", "yes" if word == "red" else "no", (), "yes/no"),
    ]
captions = {name: (f"a thing that is {n % 4}",) for n, name in enumerate(media) if n < 32}
photos = [question for question in asked["train"] if len(media[question.media].features) == 1]
material = Material(media, photos, asked["train"], captions, {"people": asked["dev"]})
recipe = AnswerRecipe(
    units=32, heads=2, queries=2, former_layers=1, layers=1, dropout=0.0, min_count=1, epochs=1,
    steps=160, batch_size=16, learning_rate=0.005, label_smoothing=0.0, word_dropout=0.0,
    clip_share=0.3, caption_share=0.1, mvm_weight=0.1, words_from=sys.argv[2],
)
teach(material, recipe, Path(sys.argv[1]))
write_model_card(Path(sys.argv[1]), "| set | score |")
"""


@pytest.mark.slow
def test_it_learns_to_look_and_leaves_a_folder_that_answers(tmp_path):
    folder = tmp_path / "answerer"
    environment = {**os.environ, "KERAS_BACKEND": "torch"}
    command = [sys.executable, "-c", _PROGRAM, str(folder), "finder"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader((folder / "training.csv").open()))
    assert float(rows[-1]["dev_people"]) > 65  # always the most frequent answer: 50
    card = (folder / "README.md").read_text()
    assert "| set | score |" in card and "64 questions made from the captions" in card
    assert (folder / "curves.png").stat().st_size > 1000
    assert json.loads((folder / "run.json").read_text())["captioned"] == 32

    environment["KERAS_BACKEND"] = "openvino"
    command = [sys.executable, "-m", "training.export", str(folder)]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    assert read_answer_folder(folder).config.queries == 2
    assert load_answerer(folder).name == "answerer"
