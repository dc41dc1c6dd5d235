"""From where a stopped run goes on: the weights after each epoch, of which the last two are kept.

Keras's own ``BackupAndRestore`` keeps the weights, the number of the epoch and the row of the
history apart, and a process that is killed between them goes on with an epoch too many or too few.
Here the number is in the name of the file, which appears whole; and an epoch is over when its row
is there.
"""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import keras

from captioner.errors import ModelError
from training.common.history import read_history
from training.common.settings import RecipeError, Settings

_NAME = re.compile(r"epoch-(\d+)\.weights\.h5")


def epochs_done(run: Path) -> int:
    """How many epochs of a run are over; where it goes on.

    One whose weights are there and whose row is not was stopped before it was scored, and is run
    again.

    Raises:
        RecipeError: the weights after the last epoch are gone.
    """
    rows = len(read_history(run / "training.csv"))
    if rows and rows not in _kept(run):
        raise RecipeError(
            f"{run}: training.csv has {rows} epochs, and {_path(run, rows)} is not there to go on "
            "from; name another --output, or remove training.csv to begin anew"
        )
    return rows


def refuse_another_run(run: Path, recipe: Settings) -> None:
    """A run goes on under its own recipe, which may only last longer now.

    Args:
        run: folder of the run.
        recipe: has ``epochs`` and ``patience``.

    Raises:
        RecipeError: it was begun with another one, or cannot be gone on with.
    """
    if not epochs_done(run):
        return
    saved = run / "recipe.yaml"
    begun = type(recipe).load(saved)
    names = {item.name for item in fields(recipe)} - {"epochs", "patience"}
    other = sorted(name for name in names if getattr(begun, name) != getattr(recipe, name))
    if other:
        raise RecipeError(
            f"{saved}: the run was begun with another recipe (other: {', '.join(other)}); give "
            "that one, or name another --output to begin anew"
        )


class Checkpoints(keras.callbacks.Callback):
    """Keeps the network and its optimiser after each epoch, and brings them back.

    Args:
        run: folder of the run.
        epochs: as many were done before.
    """

    def __init__(self, run: Path, epochs: int):
        super().__init__()
        self.run = run
        self.epochs = epochs

    def on_train_begin(self, logs: Any = None) -> None:
        """Brings the network to where the run was stopped.

        Raises:
            ModelError: the weights are damaged, or those of another network.
        """
        if not self.epochs:
            return
        path = _path(self.run, self.epochs)
        self.model.optimizer.build(self.model.trainable_variables)
        try:
            self.model.load_weights(path)
        except Exception as error:  # h5py and Keras raise anything at all
            raise ModelError(
                f"{path}: cannot be gone on from ({error}); it is damaged, or the run was begun "
                "with other data: begin anew with another --output"
            ) from error

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Keeps the weights of now, and those of one epoch before."""
        done = epoch + 1
        path = _path(self.run, done)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"part-{path.name}")
        self.model.save_weights(part, overwrite=True)
        part.replace(path)
        for other, old in _kept(self.run).items():
            if other not in (done, done - 1):
                old.unlink()


def _path(run: Path, epochs: int) -> Path:
    return run / "checkpoint" / f"epoch-{epochs}.weights.h5"


def _kept(run: Path) -> dict[int, Path]:
    """The checkpoints of a run by their epochs."""
    found = ((path, _NAME.fullmatch(path.name)) for path in (run / "checkpoint").glob("epoch-*"))
    return {int(name[1]): path for path, name in found if name}
