"""A run goes on where it was stopped, under its own recipe, with each epoch once."""

import csv

import keras
import numpy as np
import pytest

from captioner.errors import ModelError
from tests.models.test_caption_model import WORDS, tiny_model
from training.captioning.cross_entropy import DevScores, DevSet, fit
from training.captioning.job import TrainingJob, train
from training.captioning.recipe import Recipe
from training.common.checkpoints import Checkpoints, epochs_done
from training.common.settings import RecipeError
from training.data.batches import CaptionBatches
from training.data.datasets import DatasetError

RECIPE = Recipe(epochs=3, patience=9, ema=0.5, max_words=6, batch_size=2, captions_per_image=1)


class Killed(BaseException):
    pass


class Run:
    """Trains a tiny model; notes which epoch of the data each epoch saw, and when it was kept."""

    def __init__(self, folder, killed_at=None):
        keras.utils.set_random_seed(1)
        self.seen, self.kept = [], []
        model = tiny_model("lstm")
        _, head = model.encoder.split(None)
        shape = (4, *head.input.shape[1:])
        features = list(np.random.default_rng(0).normal(size=shape).astype(np.float32))
        batches = CaptionBatches(
            [features],
            [[" ".join(WORDS[:3])], [WORDS[0]], [WORDS[1]], [WORDS[2]]],
            model.vocabulary,
            max_words=model.config.max_words,
            batch_size=2,
            captions_per_image=1,
            seed=1,
            first_epoch=epochs_done(folder),
        )

        def caption_dev():
            self.seen.append(batches.epoch)
            if len(self.seen) == killed_at:
                raise Killed
            return ["a dog runs"]

        history = folder / "training.csv"
        scores = DevScores(
            [DevSet("dev", caption_dev, [["a dog runs"]])], self.kept.append, 9, history
        )
        self.fit = lambda: fit(model.training_graph(head), batches, RECIPE, scores, folder)


def epochs(folder):
    with (folder / "training.csv").open() as file:
        return [float(row["epoch"]) for row in csv.DictReader(file)]


def test_a_run_that_is_killed_between_checkpoint_and_row_runs_the_epoch_again(tmp_path):
    whole = Run(tmp_path / "whole")
    (tmp_path / "whole").mkdir()
    whole.fit()
    folder = tmp_path / "killed"
    folder.mkdir()
    first = Run(folder, killed_at=2)
    with pytest.raises(Killed):
        first.fit()
    assert epochs(folder) == [1]
    second = Run(folder)
    second.fit()
    assert epochs(folder) == epochs(tmp_path / "whole") == [1, 2, 3]
    assert first.seen[:1] + second.seen == whole.seen  # the same data in each epoch


def test_the_last_two_checkpoints_are_kept(tmp_path):
    Run(tmp_path).fit()
    names = sorted(path.name for path in (tmp_path / "checkpoint").iterdir())
    assert names == ["epoch-2.weights.h5", "epoch-3.weights.h5"]
    assert epochs_done(tmp_path) == 3


def test_a_run_whose_checkpoint_is_gone_is_not_gone_on_with(tmp_path):
    (tmp_path / "training.csv").write_text("epoch,loss\n1,2.5\n")
    with pytest.raises(RecipeError, match=r"epoch-1\.weights\.h5 is not there.*--output"):
        epochs_done(tmp_path)


def test_a_damaged_checkpoint_is_named(tmp_path):
    (tmp_path / "checkpoint").mkdir()
    (tmp_path / "checkpoint" / "epoch-1.weights.h5").write_bytes(b"no weights")
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    network.compile(optimizer="adam", loss="mse")
    callback = Checkpoints(tmp_path, 1)
    callback.set_model(network)
    with pytest.raises(ModelError, match=r"epoch-1\.weights\.h5: cannot be gone on from"):
        callback.on_train_begin()


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"epochs": 9, "patience": 2}, DatasetError, "no data"),  # it gets so far
        ({"seed": 2, "learning_rate": 1}, RecipeError, r"other: learning_rate, seed\)"),
    ],
)
def test_a_run_goes_on_under_its_own_recipe_only(tmp_path, changed, error, message):
    (tmp_path / "training.csv").write_text("epoch,loss\n1,2.5\n")
    (tmp_path / "checkpoint").mkdir()
    (tmp_path / "checkpoint" / "epoch-1.weights.h5").write_bytes(b"some weights")
    RECIPE.save(tmp_path / "recipe.yaml")
    job = TrainingJob((tmp_path / "no data",), tmp_path, "none", None, (), tmp_path, False)
    with pytest.raises(error, match=message):
        train(job, RECIPE.with_values(changed))
    assert Recipe.load(tmp_path / "recipe.yaml") == RECIPE
