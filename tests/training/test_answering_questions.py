import json

import pytest

from training.answering.parsing import Parser
from training.answering.questions import (
    MadeQuestion,
    balanced,
    is_good,
    main,
    make_questions,
)
from training.answering.templates import Question, questions_of
from training.answering.words import same_thing

SENTENCES = [
    "a man in a red shirt is riding a brown horse on the beach",
    "the man is riding a horse",
    "a woman is riding a bike",
    "a boy is riding a wave",
    "two dogs are running through the snow",
    "the dog is running on the grass",
    "a black dog is running on the beach",
    "a girl is jumping over a log",
    "the girl is jumping",
    "a cat is jumping from a chair",
]


def asked(caption: str) -> dict[str, str]:
    parser = Parser(SENTENCES)
    return {q.question: q.answer for q in questions_of(parser.parse(caption))}


def test_who_what_where_and_colour_are_asked_of_a_caption():
    found = asked("a man in a red shirt is riding a brown horse on the beach")
    assert found["what animal is the man riding?"] == "horse"
    assert found["where is the man?"] == "on the beach"
    assert found["what color is the shirt?"] == "red"
    assert found["what color is the horse?"] == "brown"
    assert found["what is the man doing?"] == "riding"
    assert found["who is riding the horse?"] == "man"


def test_a_present_form_is_a_verb_where_its_gerund_is_one():
    parsed = Parser(SENTENCES).parse("the dog runs through the snow")
    assert (parsed.subject.head, parsed.verb, parsed.particle) == ("dog", "running", "through")


def test_a_group_of_people_is_people():
    parsed = Parser(SENTENCES).parse("a group of people are riding bikes")
    assert parsed.subject.head == "people"


def test_two_subjects_are_not_asked_as_one():
    assert "what is the man doing?" not in asked("a man and a woman are riding a bike")


@pytest.mark.parametrize(
    ("question", "answer", "kind", "good"),
    [
        ("what is the man riding?", "horse", "what", True),
        ("what is the horse riding?", "horse", "what", False),
        ("what is it?", "a very long kind of answer", "what", False),
        ("where is the dog?", "on the beach", "where", True),
        ("where is the beach?", "on the beach", "where", False),
    ],
)
def test_an_answer_is_short_and_not_in_its_question(question, answer, kind, good):
    assert is_good(Question(question, answer, kind)) is good


def test_numbers_need_several_captions_that_agree():
    captions = {"a": ["two dogs run", "two dogs are running"], "b": ["two dogs run", "three dogs"]}
    made = make_questions(captions)
    numbers = {q.file_name: q.answer for q in made if q.answer_type == "number"}
    assert numbers == {"a": "2"}


def test_yes_and_no_are_as_many_and_no_is_not_said_by_a_caption():
    captions = {str(n): [sentence] for n, sentence in enumerate(SENTENCES * 4)}
    made = [q for q in make_questions(captions) if q.answer_type == "yes/no"]
    answers = [q.answer for q in made]
    assert answers.count("yes") == answers.count("no") > 5
    for question in made:
        if question.answer == "no" and question.question.startswith("is there a "):
            thing = question.question.removeprefix("is there a ").rstrip("?").split()[-1]
            said = set(captions[question.file_name][0].split())
            assert not same_thing(thing) & said, question


def test_balancing_leaves_no_answer_more_than_its_share():
    import random

    made = [MadeQuestion("a", f"what {n}?", "ball", "what") for n in range(500)]
    made += [MadeQuestion("a", f"who {n}?", f"thing{n % 100}", "what") for n in range(500)]
    kept = balanced(made, random.Random(1))
    assert sum(q.answer == "ball" for q in kept) == 80
    assert sum(q.answer != "ball" for q in kept) == 500


def test_the_same_questions_come_each_time():
    captions = {str(n): [sentence] for n, sentence in enumerate(SENTENCES)}
    assert make_questions(captions, seed=3) == make_questions(captions, seed=3)


def test_a_broader_word_is_the_same_thing():
    assert {"person", "men"} <= same_thing("man")
    assert "dog" not in same_thing("cat")


def test_the_command_writes_json_lines(tmp_path, capsys):
    from PIL import Image

    data = tmp_path / "data"
    (data / "images").mkdir(parents=True)
    lines = []
    for n, sentence in enumerate(SENTENCES):
        Image.new("RGB", (8, 8)).save(data / "images" / f"{n}.jpg")
        lines.append(f"{n}.jpg#0\t{sentence}")
    (data / "captions.token.txt").write_text("\n".join(lines) + "\n")
    (data / "trainImages.txt").write_text("\n".join(f"{n}.jpg" for n in range(len(SENTENCES))))
    output = tmp_path / "q.jsonl"
    assert main([str(data), "--output", str(output)]) == 0
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    assert {"file_name", "question", "answer", "answer_type"} == set(rows[0])
    assert f"{len(rows)} questions about 10 files" in capsys.readouterr().out


def test_the_command_says_which_folder_is_missing(tmp_path, capsys):
    assert main([str(tmp_path / "nowhere"), "--output", str(tmp_path / "q.jsonl")]) == 2
    assert "nowhere" in capsys.readouterr().err
