import gzip
import json

import pytest

from training.answering.readers import (
    choose_frequent,
    most_frequent,
    read_tgif_qa,
    read_video_qa,
    read_vqa,
)
from training.data.lines import DatasetError


def test_vqa_lines_have_the_answers_of_ten(tmp_path):
    row = {
        "file_name": "images/1.webp",
        "question": "Is it red?",
        "answer": "yes",
        "answers": ["yes"] * 10,
        "answer_type": "yes/no",
    }
    path = tmp_path / "dev.jsonl"
    path.write_text(json.dumps(row) + "\n")
    [question] = read_vqa(path)
    assert (question.media, question.kind, len(question.answers)) == ("images/1.webp", "yes/no", 10)


def test_a_line_that_is_no_question_is_named(tmp_path):
    path = tmp_path / "dev.jsonl"
    path.write_text('{"question": "who?"}\n')
    with pytest.raises(DatasetError, match="line 1"):
        read_vqa(path)


def table(path, header, *rows):
    text = "\n".join("\t".join(row) for row in (header, *rows)) + "\n"
    path.write_bytes(gzip.compress(text.encode()))
    return path


def test_tgif_action_is_a_choice_of_five(tmp_path):
    header = ("gif_name", "question", "a1", "a2", "a3", "a4", "a5", "answer", "vid_id", "key")
    row = (
        "tumblr_x",
        "What does the cat do 3 times ?",
        "a",
        "b",
        "c",
        "d",
        "e",
        "4",
        "ACTION1",
        "1",
    )
    path = table(tmp_path / "Test_action_question.csv.gz", header, row)
    [question] = read_tgif_qa(path)
    assert (question.options, question.answer, question.kind) == (tuple("abcde"), "e", "action")


def test_tgif_frameqa_has_types_and_descriptions(tmp_path):
    header = ("gif_name", "question", "answer", "type", "vid_id", "key", "description")
    row = ("tumblr_x", "what color is the cat ?", "black", "2", "F1", "1", "a black cat .")
    path = table(tmp_path / "Test_frameqa_question.csv.gz", header, row)
    [question] = read_tgif_qa(path)
    assert (question.kind, question.description) == ("frameqa color", "a black cat .")


def test_a_table_of_no_known_task_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="its name says none of the tasks"):
        read_tgif_qa(tmp_path / "questions.csv")


def test_msrvtt_qa_names_its_clips(tmp_path):
    path = tmp_path / "val_qa.json"
    path.write_text(json.dumps([{"video_id": 6513, "question": "what is it?", "answer": "car"}]))
    [question] = read_video_qa(path)
    assert (question.media, question.kind) == ("video6513", "what")


def test_a_list_without_answers_is_refused(tmp_path):
    path = tmp_path / "val_qa.json"
    path.write_text(json.dumps([{"video_id": 1}]))
    with pytest.raises(DatasetError, match=r"val_qa\.json"):
        read_video_qa(path)


def test_the_most_frequent_answer_of_each_kind(tmp_path):
    path = tmp_path / "q.jsonl"
    rows = [("yes", "y"), ("no", "y"), ("no", "y"), ("2", "n")]
    lines = [
        json.dumps({"file_name": "a", "question": "q?", "answer": answer, "answer_type": kind})
        for answer, kind in rows
    ]
    path.write_text("\n".join(lines))
    questions = read_vqa(path)
    assert most_frequent(questions, lambda item: item.kind) == {"y": "no", "n": "2"}


def test_of_a_choice_the_option_that_was_right_most_often(tmp_path):
    header = ("gif_name", "question", "a1", "a2", "a3", "a4", "a5", "answer")
    rows = [("x", "q ?", "run", "sit", "eat", "fly", "nod", number) for number in "1100"]
    rows.append(("x", "q ?", "run", "sit", "eat", "fly", "nod", "1"))
    questions = read_tgif_qa(table(tmp_path / "Train_action_question.csv.gz", header, *rows))
    assert choose_frequent(questions, questions[0]) == "sit"
