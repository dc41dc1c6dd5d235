import csv
import json
from pathlib import Path

import pytest
import yaml

from summarizer import load_summarizer
from summarizer.train import main
from tests.fusion_makers import scenes, write_lines

RECIPE = {
    "d_model": 32,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "heads": 2,
    "ffn": 64,
    "vocab_size": 400,
    "max_positions": 256,
    "dropout": 0.0,
    "batch_size": 8,
    "max_steps": 40,
    "warmup_steps": 5,
    "learning_rate": 0.005,
    "eval_every": 20,
    "tuning_sets": 2,
    "max_inputs": 4,
}


@pytest.fixture(autouse=True, scope="module")
def no_java():
    patch = pytest.MonkeyPatch()
    patch.setattr("training.metrics.captions.meteor_source", lambda: None)
    yield
    patch.undo()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("training")
    write_lines(folder / "clips.jsonl.gz", scenes())
    write_lines(folder / "val.jsonl", scenes("val")[::6])
    (folder / "recipe.yaml").write_text(yaml.safe_dump(RECIPE))
    return folder


def command(place, output="fuser", *more):
    return [
        *("--data", str(place / "clips.jsonl.gz")),
        *("--validation", str(place / "val.jsonl")),
        *("--recipe", str(place / "recipe.yaml")),
        *("--run", str(place / "run")),
        *("--output", str(place / output)),
        *more,
    ]


@pytest.fixture(scope="module")
def trained(place):
    assert main(command(place)) == 0
    return place / "fuser"


def rows(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def test_the_loss_falls(trained):
    losses = [float(row["loss"]) for row in rows(trained / "training.csv") if row["loss"]]
    assert len(losses) == 2
    assert losses[1] < losses[0] - 0.5


def test_the_folder_is_whole_and_says_how_it_was_made(trained):
    names = {path.name for path in trained.iterdir()}
    assert {
        "README.md",
        "config.json",
        "decoder.xml",
        "document_frequencies.json.gz",
        "encoder.xml",
        "evaluation.json",
        "fusion.json",
        "generation_config.json",
        "graphs.bin",
        "model.safetensors",
        "recipe.yaml",
        "run.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "training.csv",
        "training.png",
        "words.xml",
    } <= names
    assert yaml.safe_load((trained / "recipe.yaml").read_text()) | RECIPE == yaml.safe_load(
        (trained / "recipe.yaml").read_text()
    )
    card = (trained / "README.md").read_text()
    header = yaml.safe_load(card.split("---")[1])
    assert header["library_name"] == "transformers"
    evaluation = json.loads((trained / "evaluation.json").read_text())["val.jsonl"]
    assert f"| fused | {evaluation['scores']['fused']['CIDEr']:.3f} |" in card
    assert "summarizer.train --data clips.jsonl.gz" in card


def test_the_folder_tells_no_paths_and_no_captions(trained):
    for name in ("README.md", "run.json", "evaluation.json", "recipe.yaml"):
        text = (trained / name).read_text()
        assert str(trained.parent) not in text
        assert "a dog runs in a park" not in text


def test_weights_are_float16_and_readable_by_all(trained):
    from safetensors import safe_open

    with safe_open(trained / "model.safetensors", "pt") as file:
        assert {str(file.get_tensor(key).dtype) for key in file.keys()} == {"torch.float16"}  # noqa: SIM118
    assert (trained / "model.safetensors").stat().st_mode & 0o444 == 0o444
    assert trained.stat().st_mode & 0o555 == 0o555


def test_what_was_trained_loads_and_writes_the_same_sentence_each_time(trained):
    captions = scenes()[3]["captions"][:6]
    first, second = load_summarizer(trained), load_summarizer(trained)
    assert first.settings.separator == "<sep>"
    assert first.settings.prefix == "<clip>"
    assert first.summarize(captions) == second.summarize(captions) != ""


def test_a_run_goes_on_where_it_stopped(place, trained):
    longer = command(place, "longer", "--max-steps", "60", "--resume")
    assert main(longer) == 0
    log = rows(place / "longer" / "training.csv")
    steps = [int(row["step"]) for row in log]
    assert steps == sorted(steps)
    assert set(steps) == {20, 40, 60}
    assert log[: len(rows(trained / "training.csv"))] == rows(trained / "training.csv")
    seconds = [float(row["wall_seconds"]) for row in log]
    assert seconds == sorted(seconds)


def test_an_output_that_exists_is_not_overwritten(place, trained, capsys):
    assert main(command(place, "fuser", "--resume")) == 2
    assert "exists already" in capsys.readouterr().err


@pytest.mark.parametrize("run", ["other", "other/run"])
def test_checkpoints_in_the_model_folder_are_refused_before_training(place, run, capsys):
    assert main([*command(place, "other"), "--run", str(place / run)]) == 2
    assert "--run" in capsys.readouterr().err
    assert not (place / "other").exists()


def test_without_run_checkpoints_lie_beside_a_model_in_runs(place, monkeypatch):
    jobs = []
    monkeypatch.setattr(
        "training.fusion.job.train_fuser", lambda job: jobs.append(job) or job.output
    )
    assert main(["--data", str(place / "clips.jsonl.gz"), "--output", "runs/fuser"]) == 0
    assert jobs[0].run == Path("runs/fuser-checkpoints")


def test_another_runs_checkpoints_are_not_overwritten(place, trained, capsys):
    assert main(command(place, "other")) == 2
    assert "--resume" in capsys.readouterr().err


def test_a_run_does_not_go_on_with_another_recipe(place, trained, tmp_path, capsys):
    other = tmp_path / "recipe.yaml"
    other.write_text(yaml.safe_dump({**RECIPE, "ffn": 32}))
    assert main([*command(place, "other", "--resume"), "--recipe", str(other)]) == 2
    assert "another recipe" in capsys.readouterr().err


def test_a_run_whose_folder_was_moved_does_not_go_on(place, trained, tmp_path, capsys):
    for checkpoint in (place / "run").glob("checkpoint-*"):
        copy = tmp_path / "run" / checkpoint.name
        copy.mkdir(parents=True)
        state = json.loads((checkpoint / "trainer_state.json").read_text())
        state["best_model_checkpoint"] = str(tmp_path / "gone")
        (copy / "trainer_state.json").write_text(json.dumps(state))
    (tmp_path / "run" / "recipe.yaml").write_bytes((place / "run" / "recipe.yaml").read_bytes())
    assert main([*command(place, "other", "--resume"), "--run", str(tmp_path / "run")]) == 2
    assert "no longer there" in capsys.readouterr().err


def test_there_must_be_something_to_resume(place, tmp_path, capsys):
    assert main([*command(place, "other", "--resume"), "--run", str(tmp_path / "new")]) == 2
    assert "no checkpoint" in capsys.readouterr().err


def test_a_checkpoint_that_was_cut_short_is_passed_over(tmp_path):
    from training.fusion.job import _last_checkpoint

    for step, whole in ((20, True), (100, True), (120, False)):
        (tmp_path / f"checkpoint-{step}").mkdir()
        if whole:
            (tmp_path / f"checkpoint-{step}" / "trainer_state.json").write_text("{}")
    assert _last_checkpoint(tmp_path) == tmp_path / "checkpoint-100"


def test_a_failure_at_the_end_leaves_no_half_folder(place, trained, monkeypatch):
    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("training.fusion.report.write_fuser_card", fail)
    before = set(place.iterdir())
    with pytest.raises(OSError, match="disk full"):
        main(command(place, "half", "--max-steps", "60", "--resume"))
    assert set(place.iterdir()) == before


@pytest.mark.parametrize("bad", ["--data", "--recipe", "--exclude"])
def test_a_missing_file_is_told_in_one_line(place, tmp_path, bad, capsys):
    missing = str(tmp_path / "missing")
    assert main([*command(place, "other"), "--run", str(tmp_path), bad, missing]) == 2
    error = capsys.readouterr().err
    assert missing in error
    assert "Traceback" not in error
