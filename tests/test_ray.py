import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from captioner.batch.finding import find_inputs
from captioner.batch.pipeline import caption_inputs
from captioner.describe.fused import FusedClipCaptioner
from captioner.ray import _connected, _share, main
from tests.fakes import FakeCaptioner, FakeSummarizer, caption_of, save_color, save_damaged
from tests.makers import plain, save_animation

pyarrow_dataset = pytest.importorskip("pyarrow.dataset")
pytest.importorskip("ray.data")
ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def cluster():
    """A Ray of two processors on this machine; `main` uses what it finds connected."""
    import ray

    ray.init(
        address="local",
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="ERROR",
        object_store_memory=128 << 20,
        runtime_env={"env_vars": {"PYTHONPATH": str(ROOT)}},
    )
    yield
    ray.shutdown()


class DyingCaptioner(FakeCaptioner):
    """Its process is killed when it sees a certain picture, the first time."""

    def __init__(self, text, marker):
        super().__init__()
        self.text, self.marker = text, marker

    def _caption(self, image):
        caption = super()._caption(image)
        if caption.text == self.text and not self.marker.exists():
            self.marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return caption


def load_captioner(captioner, model, *, beams):
    assert (model, beams) == ("some-model", 5)
    return captioner


def load_summarizer(model):
    return FakeSummarizer()


def load_nothing(model, *, beams):
    raise ValueError(f"no model {model!r}")


def never(*_, **__):
    raise AssertionError("no model is needed")


def read(folder):
    return pyarrow_dataset.dataset(folder).to_table().to_pylist()


def test_a_killed_worker_costs_no_row_and_doubles_none(cluster, tmp_path, capsys):
    folder = tmp_path / "in"
    for number in range(40):
        save_color(folder / "photos" / f"{number}.png", (number, 0, 0))
    save_damaged(folder / "broken.png")
    save_color(folder / os.fsdecode(b"odd-\xff.png"), (0, 77, 0))
    save_animation(folder / "clip.gif", [plain((n, n, n)) for n in (10, 90)])
    dying = DyingCaptioner(caption_of((25, 0, 0)), tmp_path / "killed")
    sizes = ["--concurrency", "2", "--batch-size", "2", "--max-frames", "4", "--beams", "5"]
    code = main(
        [str(folder), "-r", "--output", str(tmp_path / "out"), *sizes, "--model", "some-model"],
        load_captioner=partial(load_captioner, dying),
        load_summarizer=load_summarizer,
    )
    assert code == 1
    assert dying.marker.exists()
    captioner = FakeCaptioner()
    video = FusedClipCaptioner(captioner, FakeSummarizer(), max_frames=4)
    inputs = find_inputs([str(folder)], recursive=True).inputs
    expected = [row.as_dict() for row in caption_inputs(inputs, captioner, lambda: video)]
    assert read(tmp_path / "out") == expected
    assert len(expected) == 43
    said = capsys.readouterr().err
    assert "captioner: broken.png: " in said
    assert "captioned 42, failed 1" in said


def test_a_model_that_cannot_be_loaded_stops_the_run(cluster, tmp_path, capsys):
    save_color(tmp_path / "photo.png", (1, 2, 3))
    code = main(
        [str(tmp_path / "photo.png"), "--output", str(tmp_path / "out"), "--model", "wrong"],
        load_captioner=load_nothing,
    )
    assert code == 2
    assert "error: the run stopped: no model 'wrong'" in capsys.readouterr().err
    assert read(tmp_path / "out") == []


class TestRefusals:
    """What needs neither a model nor a cluster."""

    def run(self, *words):
        return main([*map(str, words)], load_captioner=never, load_summarizer=never)

    def test_an_output_that_is_there_is_left_alone(self, tmp_path, capsys):
        photo = save_color(tmp_path / "photos" / "a.png", (1, 2, 3))
        assert self.run(photo, "--output", photo) == 2
        assert self.run(photo, "--output", photo.parent) == 2
        assert self.run(photo, "--output", "odd://a/b") == 2
        said = capsys.readouterr().err
        for fault in ("this is a file", "not empty and is left as it is", "cannot be opened"):
            assert fault in said
        assert list(photo.parent.iterdir()) == [photo]

    def test_a_run_that_finds_nothing_says_so(self, tmp_path, capsys):
        (tmp_path / "in" / "deeper").mkdir(parents=True)
        for folder in (tmp_path / "in", (tmp_path / "in").as_uri()):
            assert self.run(folder, "--output", tmp_path / "out") == 2
            assert f"{folder}: no picture and no clip in this folder; add -r" in (
                capsys.readouterr().err
            )

    @pytest.mark.parametrize(
        "words",
        [["a.jpg"], ["--output", "x"], ["a.jpg", "--output", "x", "--concurrency", "0"]],
    )
    def test_wrong_use(self, words):
        with pytest.raises(SystemExit, match="2"):
            self.run(*words)

    def test_help_imports_neither_ray_nor_arrow(self):
        program = (
            "import sys\nfrom captioner.ray import _connected, _share, main\n"
            "try: main(['--help'])\nexcept SystemExit: pass\n"
            "print(*{'ray', 'pyarrow', 'keras', 'torch', 'numpy'} & set(sys.modules))"
        )
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        assert "--concurrency" in done.stdout
        assert done.stdout.splitlines()[-1] == ""


@pytest.mark.parametrize(
    ("machines", "asked", "share"),
    [
        ([8.0], (None, None), (1, 8.0)),  # a model uses all processors of a machine
        ([16.0, 8.0, 0.0], (None, None), (2, 8.0)),
        ([16.0, 16.0], (4, None), (4, 8.0)),
        ([2.0], (4, None), (4, 0.5)),
        ([8.0], (3, None), (3, 2.0)),
        ([8.0], (2, 3), (2, 3)),
    ],
)
def test_processors_are_shared_out_among_the_workers(monkeypatch, machines, asked, share):
    nodes = [{"Alive": True, "Resources": {"CPU": processors}} for processors in machines]
    monkeypatch.setattr("ray.nodes", lambda: [*nodes, {"Alive": False, "Resources": {"CPU": 1.0}}])
    assert _share(*asked) == share


@pytest.mark.parametrize(
    ("address", "variable", "asked"),
    [(None, None, "local"), (None, "1.2.3.4:6379", None), ("auto", "1.2.3.4:6379", "auto")],
)
def test_the_cluster_is_the_one_asked_for(monkeypatch, address, variable, asked):
    calls = []
    monkeypatch.setattr("ray.is_initialized", lambda: False)
    monkeypatch.setattr("ray.init", lambda **settings: calls.append(settings["address"]))
    monkeypatch.setattr("ray.shutdown", lambda: calls.append("left"))
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    if variable is not None:
        monkeypatch.setenv("RAY_ADDRESS", variable)
    with _connected(address):
        assert calls == [asked]
    assert calls == [asked, "left"]


def test_a_cluster_that_cannot_be_reached_stops_the_run(monkeypatch, tmp_path, capsys):
    def refuse(**_):
        raise ValueError("Invalid address format: nowhere")

    monkeypatch.setattr("ray.is_initialized", lambda: False)
    monkeypatch.setattr("ray.init", refuse)
    photo = save_color(tmp_path / "a.png", (1, 2, 3))
    words = [str(photo), "--output", str(tmp_path / "out"), "--address", "nowhere"]
    assert main(words, load_captioner=never, load_summarizer=never) == 2
    assert "Ray cannot be reached (Invalid address format: nowhere)" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
