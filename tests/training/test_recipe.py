from pathlib import Path

import pytest

from training.captioning.recipe import Recipe
from training.common.settings import RecipeError, parse_settings

RECIPES = Path(__file__).parents[2] / "training" / "recipes"


def test_the_recipe_that_ships_is_read():
    recipe = Recipe.load(RECIPES / "flickr8k-xception-lstm.yaml")
    assert recipe.architecture.encoder.name == "xception"
    assert recipe.architecture.decoder.name == "attention-lstm"


@pytest.mark.parametrize("lesson", ["distillation", "self-critical"])
def test_later_lessons_fit_the_first(lesson):
    first = Recipe.load(RECIPES / "flickr8k-xception-lstm.yaml")
    assert Recipe.load(RECIPES / f"flickr8k-{lesson}.yaml").architecture == first.architecture


def test_what_is_saved_is_read_again(tmp_path):
    recipe = Recipe().with_values({"decoder": {"units": 64}, "epochs": 3, "train_from": "block14"})
    recipe.save(tmp_path / "recipe.yaml")
    assert Recipe.load(tmp_path / "recipe.yaml") == recipe


def test_settings_of_the_command_line():
    values = parse_settings(["epochs=3", "decoder.units=64", "views=1", "learning_rate=1"])
    recipe = Recipe().with_values(values)
    assert (recipe.epochs, recipe.decoder.units, recipe.views) == (3, 64, 1)
    assert recipe.decoder.heads == Recipe().decoder.heads


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epoch: 3", "unknown setting epoch; known: objective, encoder"),
        ("decoder: {size: 3}", r"unknown setting decoder\.size"),
        ("epochs: many", "epochs is 'many', expected int"),
        ("views: true", "views is True, expected int"),
        ("objective: fame", "unknown objective 'fame'; known: cross-entropy, self-critical"),
        ("{grid_crops: true, train_from: block14}", "grid_crops are cut from the grid of a frozen"),
        ("decoder: lstm", "decoder must be a mapping"),
        ("- a", "must be a mapping"),
        ("a: [", "cannot be read as a recipe"),
    ],
)
def test_mistakes_are_named(tmp_path, text, message):
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    with pytest.raises(RecipeError, match=message) as error:
        Recipe.load(file)
    assert str(file) in str(error.value)


def test_a_missing_recipe_is_named(tmp_path):
    with pytest.raises(RecipeError, match=r"none\.yaml"):
        Recipe.load(tmp_path / "none.yaml")


def test_a_setting_needs_a_value():
    with pytest.raises(RecipeError, match="KEY=VALUE"):
        parse_settings(["epochs"])
