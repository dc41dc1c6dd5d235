"""What an answerer learns from, and its scores."""

import numpy as np
import pytest

from captioner.models.answer_features import FrameFeatures
from captioner.models.vocabulary import PAD
from training.answering.examples import (
    Batches,
    Lessons,
    Medium,
    caption_examples,
    examples_of,
)
from training.answering.losses import kept_tokens
from training.answering.readers import AskedQuestion
from training.answering.recipe import AnswerRecipe
from training.answering.scores import Score, by_kind, count_errors, rewards
from training.common.settings import RecipeError

DRAW = np.random.default_rng(0)


def features(count, value):
    grid = DRAW.normal(value, 0.1, (count, 9, 1280)).astype(np.float16)
    concepts = np.full((count, 5), int(value > 0), np.int32)
    return FrameFeatures(grid, grid.mean(axis=1), concepts, np.full((count, 5), 0.2, np.float32))


MEDIA = {f"p{n}": Medium(features(1, 1 if n % 2 else -1)) for n in range(8)}
MEDIA |= {f"c{n}": Medium(features(3, 1 if n % 2 else -1)) for n in range(4)}
PEOPLE = [
    AskedQuestion(f"p{n}", "Is it on?", "yes" if n % 2 else "no", ("yes" if n % 2 else "no",) * 10)
    for n in range(8)
]
MADE = [
    AskedQuestion(name, "what is it?", "red" if int(name[1:]) % 2 else "blue", (), "what")
    for name in MEDIA
]
CAPTIONS = {name: ("a red thing", "something") for name in MEDIA}


def test_soft_targets_reward_as_the_score_does():
    question = AskedQuestion("p0", "How many?", "2", ("two",) * 3 + ("3",) * 6 + ("many",))
    [example] = examples_of([question])
    weights = dict(example.answers)
    assert weights["2"] == pytest.approx(weights["3"])
    assert weights["many"] == pytest.approx(weights["2"] / 9)
    assert sum(weights.values()) == pytest.approx(1)


def test_batches_hold_questions_of_one_shape_in_their_shares():
    lessons = Lessons(examples_of(PEOPLE), examples_of(MADE), caption_examples(CAPTIONS))
    recipe = AnswerRecipe(batch_size=4, clip_share=0.5, caption_share=0.5, word_dropout=0.0)
    batches = Batches(MEDIA, lessons, lessons.vocabulary(1), recipe)
    shapes = set()
    for _ in range(40):
        batch = batches.next()
        frames, asked, told = batch.shape
        grid, *_, mask, question, answer = batch.inputs
        assert grid.shape == (4, frames, 9, 1280) and mask.shape == (4, frames)
        assert question.shape == (4, asked) and answer.shape == batch.targets.shape == (4, told)
        assert (answer[:, 1:] == batch.targets[:, :-1]).all()
        assert (batch.targets != PAD).any(axis=1).all()
        shapes.add(batch.shape)
    assert shapes == {(1, 12, 5), (4, 12, 5), (1, 4, 16), (4, 4, 16)}


def test_masks_keep_a_share_of_whole_tokens():
    kept = kept_tokens(np.random.default_rng(0), (500, 32), 0.5, 0.1, 0.7)
    shares = 1 - kept.mean(axis=1)
    assert set(np.unique(kept)) == {0.0, 1.0}
    assert 0.09 < shares.min() < 0.3 and 0.65 < shares.max() <= 0.72
    assert shares.mean() == pytest.approx(0.5, abs=0.02)


def test_scores_are_those_of_people_or_of_the_answer():
    questions = [PEOPLE[0], MADE[0], AskedQuestion("p0", "How many?", "2", (), "count")]
    assert rewards(questions, ["no", "red", "two"]) == [1.0, 0.0, 1.0]
    assert count_errors(questions[2:], ["many"], otherwise=5) == [9]
    assert by_kind(questions, [1.0, 0.0, 1.0])["count"] == Score(1.0, 1.0, 1.0, 1)


def test_an_unknown_way_of_seeing_is_refused():
    with pytest.raises(RecipeError, match="seeing"):
        AnswerRecipe(seeing="sounds")
