import json

import pytest

from summarizer import ConsensusSummarizer
from summarizer.base import Summarizer
from summarizer.evaluate import main
from tests.fusion_makers import save_bart, scenes, write_lines
from training.fusion.data import HeldOut, hold_out, read_fusion_sets
from training.fusion.scores import compare
from training.metrics.captions import score


class Parrot(Summarizer):
    name = "parrot"

    def summarize_many(self, groups):
        return [group[-1] for group in groups]


@pytest.fixture
def data(tmp_path):
    return write_lines(tmp_path / "val.jsonl.gz", scenes())


def test_every_system_is_scored_on_every_scene(data):
    held = hold_out(read_fusion_sets(data), 5)
    result = compare(Parrot(), held, with_meteor=False)
    references = [item.references for item in held]
    expected = {
        "fused": [item.inputs[-1] for item in held],
        "consensus": ConsensusSummarizer().summarize_many([item.inputs for item in held]),
        "middle caption": [item.inputs[2] for item in held],
        "joined and cut": [" ".join(" ".join(x.inputs).split()[:24]) for x in held],
    }
    assert result.scenes == 25
    assert result.scores == {
        name: score(sentences, references, with_meteor=False)
        for name, sentences in expected.items()
    }
    assert [item.cider for item in result.examples] == sorted(
        (item.cider for item in result.examples), reverse=True
    )
    mean = sum(item.cider for item in result.examples) / 25
    assert mean == pytest.approx(result.scores["fused"]["CIDEr"])


def test_best_and_worst_do_not_overlap():
    held = [HeldOut(str(n), ("a dog", f"a dog {n}"), ("a dog runs",)) for n in range(5)]
    result = compare(Parrot(), held, with_meteor=False)
    best, worst = result.extremes(4)
    assert len(best) == len(worst) == 2
    assert not {item.id for item in best} & {item.id for item in worst}
    assert result.as_dict(0)["best"] == []


def test_the_table_shows_all_systems(data, capsys):
    assert main(["--model", "consensus", "--data", str(data), "--no-meteor"]) == 0
    out = capsys.readouterr().out
    assert "25 scenes, consensus" in out
    assert "| system | CIDEr | BLEU-4 | ROUGE-L |" in out
    lines = {line.split(" | ")[0].strip("| "): line for line in out.splitlines() if "| " in line}
    assert {"fused", "consensus", "middle caption", "joined and cut"} <= set(lines)
    fused, consensus = (lines[key].split("|")[2:] for key in ("fused", "consensus"))
    assert fused == consensus
    assert "best:" in out
    assert "worst:" in out


def test_json_has_the_same_scores(data, tmp_path, capsys):
    folder = save_bart(tmp_path / "model")
    arguments = ["--model", str(folder), "--data", str(data), "--inputs", "3", "--no-meteor"]
    assert main([*arguments, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)[str(data)]
    assert result["model"] == str(folder)
    assert result["scenes"] == 25
    assert set(result["scores"]["fused"]) >= {"CIDEr", "BLEU-4", "ROUGE-L"}
    assert len(result["best"]) == len(result["worst"]) == 5
    assert len(result["best"][0]["inputs"]) == 3


def test_frame_captions_are_fused_and_peoples_captions_are_references(tmp_path, capsys):
    frames = ["a cat sits", "a dog runs", "a dog runs"]
    rows = [
        {"id": "clip.gif", "inputs": frames, "captions": ["a dog runs", "the dog runs fast"]},
        {"id": "other.gif", "inputs": ["a car"], "captions": ["a red car", "a car drives"]},
    ]
    path = write_lines(tmp_path / "clips.jsonl", rows)
    assert main(["--model", "consensus", "--data", str(path), "--no-meteor", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)[str(path)]
    shown = {item["id"]: item for item in result["best"] + result["worst"]}
    assert shown["clip.gif"]["sentence"] == "a dog runs"
    assert shown["clip.gif"]["inputs"] == frames


@pytest.mark.parametrize(
    "change", [("--data", "missing.jsonl"), ("--model", "./missing"), ("--inputs", "0")]
)
def test_what_cannot_be_scored_is_told_in_one_line(data, change, capsys):
    assert main(["--model", "consensus", "--data", str(data), "--no-meteor", *change]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert change[1] in error
