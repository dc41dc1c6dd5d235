import json
import subprocess
import sys

import pytest

from captioner.batch.pipeline import WORKERS
from tests.cli.program import BLUE, PROGRAM, RED, ROOT
from tests.fakes import Loaders
from tests.makers import plain, save_animation


def test_the_summarizer_is_loaded_only_for_clips(run, loaders, photos, tmp_path):
    run(photos)
    assert loaders.calls == [("captioner", (None, None))]
    loaders.calls.clear()
    run(photos, save_animation(tmp_path / "a.gif", [plain(RED), plain(BLUE)]))
    assert loaders.calls == [("captioner", (None, None)), ("summarizer", None)]


def test_the_options_reach_the_models(run, loaders, photos, tmp_path):
    frames = [plain((40 * number, 0, 0)) for number in range(6)]
    gif = save_animation(tmp_path / "a.gif", frames)
    options = "--model tiny --summarizer consensus --beams 5 --max-frames 4 --batch-size 2"
    assert run(photos, gif, *options.split(), "--frames", "uniform")[0] == 0
    assert loaders.calls == [("captioner", ("tiny", 5)), ("summarizer", "consensus")]
    assert max(loaders.captioner.batches) == 2
    assert sum(loaders.captioner.batches) == 3 + 4


@pytest.mark.parametrize(("name", "value"), [("prompt", "a photo of"), ("precision", "float32")])
def test_a_setting_reaches_the_captioner_where_it_is_given(run, photos, name, value):
    class Asking(Loaders):
        def load_captioner(self, model, **settings):
            self.calls.append(settings)
            return self.captioner

    load = Asking()
    assert run(photos, f"--{name}", value, load=load)[0] == 0
    assert load.calls == [{"beams": None, name: value}]


def test_a_precision_is_one_of_two(run, photos):
    code, _, err = run(photos, "--precision", "float16")
    assert code == 2
    assert "float16" in err
    assert "bfloat16" in err


@pytest.mark.parametrize(("options", "workers"), [([], WORKERS), (["--workers", "3"], 3)])
def test_as_many_workers_as_asked_for(run, photos, monkeypatch, options, workers):
    asked = []

    def caption_none(*arguments, **settings):
        asked.append(settings["workers"])
        yield from ()

    monkeypatch.setattr("captioner.batch.pipeline.caption_inputs", caption_none)
    run(photos, *options)
    assert asked == [workers]


def test_nothing_is_loaded_where_no_input_is_there(run, loaders, tmp_path):
    code, out, err = run(tmp_path / "some.gif", tmp_path / "none.jpg")
    assert (code, out, loaders.calls) == (2, "", [])
    assert "none.jpg: there is no such file" in err


def test_photos_alone_import_neither_torch_nor_gradio(photos):
    heavy = "{'torch', 'transformers', 'gradio', 'tensorflow', 'keras', 'cv2'}"
    program = (
        "import atexit, sys\n"
        f"atexit.register(lambda: print(sorted({heavy} & set(sys.modules))))\n"
        + PROGRAM.format(stop_at="")
    )
    arguments = [sys.executable, "-c", program, str(photos)]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = done.stdout.splitlines()[-1]
    assert not set(json.loads(loaded.replace("'", '"'))) - {"cv2"}


@pytest.mark.parametrize(
    "error", [ValueError("unknown model 'x'"), ImportError("no torch"), OSError("cut short")]
)
def test_a_model_that_cannot_be_loaded_is_wrong_use(run, photos, tmp_path, error):
    class Broken(Loaders):
        def load_captioner(self, model, *, beams):
            raise error

    output = tmp_path / "out.jsonl"
    output.write_text("precious")
    code, out, err = run(photos, "-o", output, "--existing", "overwrite", load=Broken())
    assert (code, out) == (2, "")
    assert str(error) in err
    assert output.read_text() == "precious"


def test_a_summarizer_that_cannot_be_loaded_is_refused_before_anything_is_captioned(
    run, photos, tmp_path
):
    class Broken(Loaders):
        def load_summarizer(self, model):
            raise ValueError(f"unknown summarizer {model!r}")

    load = Broken()
    gif = save_animation(tmp_path / "a.gif", [plain(RED), plain(BLUE)])
    code, out, err = run(photos, gif, "--summarizer", "x", load=load)
    assert (code, out, load.captioner.batches) == (2, "", [])
    assert "unknown summarizer 'x'" in err
