import json

import pytest

from tests.makers import photo, save_photo
from training.analysis.confusions import (
    ALL,
    ALL_GROUPS,
    classes,
    compare,
    main,
    read_captions,
    report,
    take_turns,
)
from training.data.datasets import CaptionedImage, DatasetError
from training.data.word_classes import BROADER, GROUPS

GIRL = ("a girl runs", "the girl is running", "a woman runs", "a kid in a red hat", "a child")
DOGS = ("two dogs play", "two brown dogs", "two puppies run", "a brown dog and a dog", "dogs")


@pytest.mark.parametrize(
    ("group", "text", "expected"),
    [
        ("subjects", "Two GIRLS, and a puppy!", {"girl", "child", "person", "dog"}),
        ("subjects", "a toddler", {"child", "person"}),
        ("subjects", "a skateboarder", {"person"}),
        ("subjects", "a manhole", set()),
        ("actions", "he ran, then sat and leapt", {"run", "sit", "jump"}),
        ("colours", "a tan dog in a gray coat", {"brown", "grey"}),
        ("scenes", "an ocean", {"sea", "water"}),
        ("scenes", "a swing", {"playground"}),
        ("things", "a skateboarder with a football", {"skateboard", "football", "ball"}),
    ],
)
def test_synonyms_and_inflections_are_one_class_and_say_the_broader_ones(group, text, expected):
    assert classes(text, group) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a man", "one"),
        ("two men", "two"),
        ("2 small brown dogs in red vests", "two"),
        ("a man and a woman", "two"),
        ("a dog and a dog", "two"),
        ("two dogs and a man", "three"),
        ("a couple of boys", "two"),
        ("a man in two hats beside a dog", "two"),
        ("a baby boy", "one"),
        ("a toy in one dog 's mouth", None),
        ("a man in front of a crowd", "one"),
        ("a group of three dogs", "three"),
        ("three men and a dog", "many"),
        ("four children", "many"),
        ("children play", "many"),
        ("a group of people", "many"),
        ("a man and several dogs", "many"),
        ("the two dogs", "two"),
        ("a red ball", None),
    ],
)
def test_counts_are_of_people_and_animals_together(text, expected):
    assert classes(text, "counts") == ({expected} if expected else set())


def test_broader_classes_are_classes_and_no_two_groups_share_a_name():
    names = [name for rows in GROUPS.values() for name in rows]
    assert len(set(names)) == len(names)
    assert ALL not in names
    assert {*BROADER, *BROADER.values()} <= set(names)


def test_two_references_make_a_class_one_that_is_there_and_none_makes_it_wrong():
    tally = compare(["a man in a red hat", "a woman runs"], [GIRL, GIRL], "subjects")
    # "woman" is said by one reference: right where a caption says it, not missed where none does.
    assert tally.said == {"man": 1, "woman": 1, "person": 2, ALL: 2}
    assert tally.right == {"woman": 1, "person": 2, ALL: 1}
    assert tally.there == {"girl": 2, "child": 2, "person": 2, ALL: 2}
    assert tally.found == {"person": 2}
    assert tally.instead == {("girl", "man"): 1}
    assert (tally.precision("man"), tally.precision("woman")) == (0.0, 1.0)
    assert (tally.recall("girl"), tally.recall("person")) == (0.0, 1.0)
    assert tally.precision("girl") is None
    assert tally.recall("woman") is None


def test_only_the_narrowest_classes_are_confused():
    tally = compare(["a boy", "a dog"], [DOGS, GIRL], "subjects")
    assert tally.instead == {("dog", "boy"): 1, ("girl", "dog"): 1}


def test_a_class_counts_once_a_caption_however_often_it_is_said():
    tally = compare(["a black dog and a black dog"], [DOGS], "colours")
    assert tally.said == {"black": 1, ALL: 1}
    assert tally.there == {"brown": 1, ALL: 1}
    assert tally.instead == {("brown", "black"): 1}


def test_a_lone_reference_decides_alone():
    tally = compare(["a dog", "a cat"], [["a dog"], ["a dog"]], "subjects")
    assert tally.there["dog"] == 2
    assert tally.recall("dog") == 0.5
    assert tally.instead == {("dog", "cat"): 1}


def test_all_of_a_caption_is_right_if_nothing_in_it_is_wrong():
    captions = ["a brown and black dog", "a brown dog", "a dog"]
    tally = compare(captions, [DOGS] * 3, "colours")
    assert (tally.said[ALL], tally.right[ALL]) == (2, 1)
    assert (tally.there[ALL], tally.found[ALL]) == (3, 2)


def test_people_take_turns_against_the_others():
    captions, others = take_turns([["a", "b", "c"], ["alone"]])
    assert captions == ["a", "b", "c"]
    assert others == [["b", "c"], ["a", "c"], ["a", "b"]]


def test_a_caption_for_each_photo_is_needed():
    with pytest.raises(ValueError):
        compare(["a dog"], [GIRL, DOGS], "subjects")


def test_the_report_has_the_groups_their_classes_and_what_is_confused():
    lines = report(["a man in a red hat", "a brown dog"], [GIRL, DOGS], pairs=1).splitlines()
    head = "| group | said | right | people's right | there | found | people find |"
    assert lines[:2] == [head, "|---|---|---|---|---|---|---|"]
    assert [line.split(" | ")[0] for line in lines[2:8]] == [f"| {name}" for name in ALL_GROUPS]
    # Of the five people who speak of the girl, one says "woman" and no other does.
    assert "| subjects | 2 | 50 % | 90 % | 2 | 50 % | 70 % |" in lines
    assert "| person | 1 | 100 % | 100 % | 1 | 100 % | 100 % |" in lines
    assert "| girl | 0 | - | 100 % | 1 | 0 % | 0 % |" in lines
    assert "| red | 1 | 100 % | 0 % | 0 | - | - |" in lines
    confused = lines.index("| | there, but missed | said instead | photos | the other way |")
    assert lines[confused + 2 :] == [
        "| subjects | girl | man | 1 | 0 |",
        "| counts | two | one | 1 | 0 |",
    ]


def test_the_most_frequent_confusions_come_first_beside_their_reverse():
    people = [["a girl"] * 5, ["a girl"] * 5, ["a boy"] * 5, ["a dog"] * 5]
    lines = report(["a boy", "a boy", "a girl", "a cat"], people, pairs=2).splitlines()
    confused = lines.index("| | there, but missed | said instead | photos | the other way |")
    assert lines[confused + 2 :] == [
        "| subjects | girl | boy | 2 | 1 |",
        "| subjects | boy | girl | 1 | 2 |",
    ]


@pytest.fixture
def data(tmp_path):
    for name in ("girl.png", "dogs.png"):
        save_photo(tmp_path / "images" / name, photo())
    lines = [
        f"{name}.png#{number}\t{text}"
        for name, texts in (("girl", GIRL), ("dogs", DOGS))
        for number, text in enumerate(texts)
    ]
    (tmp_path / "Flickr8k.token.txt").write_text("\n".join(lines) + "\n")
    (tmp_path / "Flickr_8k.devImages.txt").write_text("girl.png\ndogs.png\n")
    return tmp_path


def save_captions(path, **texts):
    rows = [{"file_name": f"{name}.png", "text": text} for name, text in texts.items()]
    path.write_text(json.dumps({"captions": rows}))
    return path


def test_captions_go_with_their_photos_whatever_their_order(data, tmp_path):
    items = [CaptionedImage(data / "images" / f"{name}.png", ()) for name in ("girl", "dogs")]
    file = save_captions(tmp_path / "dev.json", dogs="a dog", girl="a girl")
    assert read_captions(file, items) == ["a girl", "a dog"]


def test_the_command_prints_the_report(data, tmp_path, capsys):
    file = save_captions(tmp_path / "dev.json", dogs="a cat", girl="a girl")
    assert main([str(file), "--data", str(data), "--pairs", "1"]) == 0
    assert capsys.readouterr().out == report(["a girl", "a cat"], [GIRL, DOGS], pairs=1) + "\n"


@pytest.mark.parametrize("content", ["", "[]", '{"captions": [1]}', '{"captions": [{"text": ""}]}'])
def test_a_file_of_another_kind_is_refused_by_name(content, tmp_path):
    file = tmp_path / "other.json"
    file.write_text(content)
    with pytest.raises(DatasetError, match=r"other\.json: holds no captions"):
        read_captions(file, [])


def test_photos_without_a_caption_end_the_command(data, tmp_path, capsys):
    file = save_captions(tmp_path / "dev.json", girl="a girl")
    assert main([str(file), "--data", str(data)]) == 2
    assert "lacks 1 of the 2 photos, such as dogs.png" in capsys.readouterr().err


def test_a_file_that_is_not_there_ends_the_command(data, tmp_path, capsys):
    assert main([str(tmp_path / "none.json"), "--data", str(data)]) == 2
    assert "none.json" in capsys.readouterr().err
