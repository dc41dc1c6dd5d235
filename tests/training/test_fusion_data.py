import random
from dataclasses import replace

import pytest

from summarizer.consensus_scoring import ConsensusScorer
from summarizer.ngrams import DocumentFrequencies
from tests.fusion_makers import WHO, scene, scenes, write_lines
from training.common.settings import RecipeError
from training.data.lines import DatasetError
from training.fusion.data import (
    FusionSet,
    choose_targets,
    hold_out,
    plain_id,
    read_fusion_sets,
    read_ids,
    without,
)
from training.fusion.examples import FusionExamples, make_pools
from training.fusion.job import FuserJob, read_data
from training.fusion.noise import WordNoise
from training.fusion.recipe import FuserRecipe

RECIPE = FuserRecipe(batch_size=8, max_steps=40)


def sets(prefix="clip", token="<clip>"):
    return [FusionSet(row["id"], tuple(row["captions"]), prefix=token) for row in scenes(prefix)]


def agreement():
    return ConsensusScorer(DocumentFrequencies.from_references(item.captions for item in sets()))


def examples(recipe=RECIPE, clips=None, photos=(), made=()):
    clips = [sets()] if clips is None else clips
    everything = [text for file in [*clips, photos, made] for x in file for text in x.captions]
    pools = make_pools(clips, photos, made, agreement(), recipe)
    return FusionExamples(pools, WordNoise(everything), recipe, "<sep>")


def captions_of(example):
    return example["source"].removeprefix("<clip>").split("<sep>")


def test_sets_are_read_plain_and_gzipped_with_a_captioners_inputs(tmp_path):
    rows = [
        {"id": "a", "captions": ["A dog.", "A dog runs!", " ."]},
        {"id": 7, "inputs": ["A Dog", "A Dog"], "captions": ["it's one"]},
    ]
    expected = [
        FusionSet("a", ("a dog", "a dog runs"), (), "<clip>"),
        FusionSet("7", ("it's one",), ("a dog", "a dog"), "<clip>"),
    ]
    for name in ("sets.jsonl", "sets.jsonl.gz"):
        assert read_fusion_sets(write_lines(tmp_path / name, rows), "<clip>") == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no captions"),
        ("{", "not JSON"),
        ("[]", "id"),
        ('{"id": "a"}', "captions"),
        ('{"id": "a", "captions": "a dog"}', "captions"),
        ('{"id": "a", "captions": [3]}', "captions"),
        ('{"id": "a", "captions": [" ."]}', "no words"),
        ('{"id": "a", "inputs": [], "captions": ["a dog"]}', "inputs"),
        ('{"id": "a", "captions": ["x"]}\n{"id": "a", "captions": ["y"]}', "twice"),
    ],
)
def test_a_malformed_file_is_named(tmp_path, text, problem):
    path = tmp_path / "bad.jsonl"
    path.write_text(text)
    with pytest.raises(DatasetError, match=problem) as caught:
        read_fusion_sets(path)
    assert str(path) in str(caught.value)


def test_ids_are_compared_without_suffix_and_leading_zeros(tmp_path):
    path = tmp_path / "ids.txt"
    path.write_text("000000000139.jpg\nvideo7\n-4wsuPCjDBc_5_15\n")
    ids = read_ids(path)
    assert ids == {"139", "video7", "-4wsuPCjDBc_5_15"}
    kept = without([FusionSet("139", ("x",)), FusionSet("1390", ("y",))], ids)
    assert [item.id for item in kept] == ["1390"]
    assert plain_id("v1.final") == "v1.final"
    with pytest.raises(DatasetError, match="nowhere"):
        read_ids(tmp_path / "nowhere.txt")


def test_held_out_captions_are_inputs_or_references_never_both():
    original = sets()
    first = hold_out(original, 8, seed=3)
    assert first == hold_out(original, 8, seed=3)
    assert first != hold_out(original, 8, seed=4)
    assert first[5:] == hold_out(original[5:], 8, seed=3)
    for item, held in zip(original, first, strict=True):
        assert (len(held.inputs), len(held.references)) == (8, 4)
        assert sorted(held.inputs + held.references) == sorted(item.captions)


def test_a_captioners_inputs_are_held_out_in_their_order():
    made = FusionSet("a", ("people said",), ("frame one", "frame two"))
    held = hold_out([made, FusionSet("b", ("alone",)), FusionSet("c", ("x", "y"))])
    assert held[0].inputs == made.inputs
    assert held[0].references == made.captions
    assert [(len(x.inputs), len(x.references)) for x in held[1:]] == [(1, 1)]
    with pytest.raises(DatasetError, match="single"):
        hold_out([FusionSet("b", ("alone",))])
    with pytest.raises(DatasetError, match="at least 1"):
        hold_out([made], 0)


def test_the_target_is_what_people_agree_on():
    captions = scene("a dog", "runs in a park")
    assert choose_targets(captions, agreement(), share=0.01) == ("a dog runs in a park",)
    several = choose_targets(captions, agreement(), share=0.25)
    assert len(several) == 3
    assert several[0] == "a dog runs in a park"


def test_targets_keep_to_the_lengths_where_any_caption_does():
    captions = ["a dog", "a dog", "a dog", "a dog runs in a park"]
    assert choose_targets(captions, ConsensusScorer()) == ("a dog runs in a park",)
    assert choose_targets(["a dog"], ConsensusScorer()) == ("a dog",)


def test_an_example_is_the_same_whenever_it_is_made():
    forward, backward = examples(), examples()
    made = [backward[index] for index in reversed(range(len(backward)))][::-1]
    assert [forward[index] for index in range(len(forward))] == made
    assert made != [examples(replace(RECIPE, seed=2))[index] for index in range(len(made))]
    with pytest.raises(IndexError):
        forward[len(forward)]


def test_a_batch_has_lists_of_one_length_and_all_lengths_occur():
    data = examples()
    counts = [len(captions_of(data[index])) for index in range(len(data))]
    batches = [counts[start : start + 8] for start in range(0, len(counts), 8)]
    assert all(len(set(batch)) == 1 for batch in batches)
    assert min(counts) == 1
    assert 12 < max(counts) <= 16


def test_clean_examples_read_the_scenes_own_captions_without_the_target():
    data = examples(replace(RECIPE, clean=1.0, hide_target=1.0))
    by_target = {f"{who} {what}": set(scene(who, what)) for who, what in _pairs()}
    for index in range(len(data)):
        example = data[index]
        captions = captions_of(example)
        assert set(captions) <= by_target[example["target"]] - {example["target"]}


def test_spoilt_examples_have_mistakes_repetitions_and_strangers():
    data = examples(replace(RECIPE, clean=0.0))
    known = {text for row in scenes() for text in row["captions"]}
    strange, repeated, foreign = 0, 0, 0
    for index in range(len(data)):
        example = data[index]
        captions = captions_of(example)
        repeated += len(set(captions)) < len(captions)
        strange += any(text not in known for text in captions)
        others = {who for who in WHO if not example["target"].startswith(who)}
        foreign += any(text.startswith(tuple(others)) for text in captions)
    assert min(strange, repeated, foreign) > 50


def test_examples_come_from_every_source_in_its_share():
    photos = [FusionSet("p", ("a photo of it", "a photo of it", "photo"), prefix="<photo>")]
    made = [FusionSet("m", ("people say so",), ("machine says so",), "<photo>")]
    single_reference = [FusionSet("l", ("a single_reference cat sings",), prefix="<clip>")]
    recipe = replace(RECIPE, photo_share=0.3, captioner_share=0.2, single_share=0.1, max_steps=100)
    data = examples(recipe, [sets(), single_reference], photos, made)
    targets = [data[index]["target"] for index in range(len(data))]
    shares = [
        sum(target == text for target in targets) / len(targets)
        for text in ("a photo of it", "people say so", "a single_reference cat sings")
    ]
    assert shares == pytest.approx([0.3, 0.2, 0.1], abs=0.05)
    from_machine = [x for x in (data[i] for i in range(200)) if x["target"] == "people say so"]
    assert any("machine says so" in item["source"] for item in from_machine)
    assert all(item["source"].startswith("<photo>") for item in from_machine)


def test_clips_on_which_nobody_agrees_are_not_enough():
    with pytest.raises(DatasetError, match="three"):
        make_pools([[FusionSet("l", ("alone",))]], [], [], agreement(), RECIPE)


def test_every_mistake_leaves_words():
    noise = WordNoise([text for row in scenes() for text in row["captions"]])
    rng = random.Random(0)
    for caption in ("dog", "a dog", "a dog runs in a park near a red car"):
        spoilt = {noise.corrupt(caption, rng) for _ in range(300)}
        assert all(spoilt)
        assert len(spoilt) > 2
    assert WordNoise(["dog"]).corrupt("dog", rng)


def test_validation_and_excluded_ids_are_never_trained_on(tmp_path):
    clips = write_lines(tmp_path / "clips.jsonl.gz", scenes())
    photos = write_lines(
        tmp_path / "photos.jsonl",
        [{"id": "139", "captions": ["a"]}, {"id": "5", "captions": ["b"]}],
    )
    validation = write_lines(tmp_path / "val.jsonl", scenes()[:4])
    exclude = tmp_path / "dev.txt"
    exclude.write_text("000000000139.jpg\nclip7\n")
    job = FuserJob(
        clips=(clips,),
        photos=(photos,),
        captioner=(clips,),
        validation=(validation,),
        exclude=(exclude,),
        output=tmp_path / "out",
        run=tmp_path / "run",
        recipe=replace(RECIPE, tuning_sets=2),
    )
    data = read_data(job)
    trained = {item.id for item in data.sets}
    assert not trained & {"clip0", "clip1", "clip2", "clip3", "clip7", "139"}
    assert "5" in trained
    assert {item.id for item in data.tuning}.isdisjoint({"clip0", "clip7"})
    assert len(data.tuning) == 2
    assert {x.id for file in data.clips for x in file}.isdisjoint({x.id for x in data.tuning})
    assert data.left_out == 11
    assert len(data.validation["val.jsonl"]) == 4


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("d_modle: 3", "d_modle"),
        ("d_model: big", "expected int"),
        ("heads: 0", "too small"),
        ("heads: 7", "evenly"),
        ("clean: 2.0", "fraction"),
        ("photo_share: 0.9", "clips"),
        ("- 1", "mapping"),
        ("a: [", "cannot be read"),
    ],
)
def test_a_bad_recipe_is_named(tmp_path, text, problem):
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    with pytest.raises(RecipeError, match=problem) as caught:
        FuserRecipe.load(path)
    assert str(path) in str(caught.value)


def _pairs():
    from tests.fusion_makers import WHAT

    return [(who, what) for who in WHO for what in WHAT]
