"""The door: ``python app.py``."""

import os
import re
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import gradio as gr
import pytest

import captioner.describe.loading
import summarizer.loading
from captioner import ModelError
from captioner.describe.loading import DEFAULT_MODEL
from captioner.page import app
from tests.fakes import FakeCaptioner, FakeSummarizer

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def door(monkeypatch, tmp_path):
    """What ``main`` asks of Gradio, which then serves nothing, and of the loaders."""
    asked = {"launch": [], "models": [], "summarizers": []}

    def launch(given):
        asked["launch"].append(given)
        return None, None, "https://abc.gradio.live" if given["share"] else None

    def load_captioner(name):
        asked["models"].append(name)
        return FakeCaptioner()

    def load_summarizer(name):
        asked["summarizers"].append(name)
        return FakeSummarizer()

    monkeypatch.setattr(gr.Blocks, "launch", lambda self, **given: launch(given))
    monkeypatch.setattr(gr.Blocks, "block_thread", lambda self: None)
    monkeypatch.setattr(captioner.describe.loading, "load_captioner", load_captioner)
    monkeypatch.setattr(summarizer.loading, "load_summarizer", load_summarizer)
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.setenv("GRADIO_EXAMPLES_CACHE", str(tmp_path))
    monkeypatch.setenv("GRADIO_ANALYTICS_ENABLED", "True")
    return asked


def test_the_page_is_for_this_machine_only_and_safe_unless_asked(door):
    assert app.main([]) == 0
    (given,) = door["launch"]
    assert given["server_name"] == "127.0.0.1"
    assert given["server_port"] is None
    assert given["share"] is given["mcp_server"] is given["run_history"] is False
    assert given["enable_monitoring"] is given["ssr_mode"] is False
    assert given["auth"] is None
    assert given["max_file_size"] == "200mb"
    assert "allowed_paths" not in given
    assert given["state_session_capacity"] <= 200
    kinds = [one.cls.__name__ for one in given["app_kwargs"]["middleware"]]
    assert kinds == ["Gate", "BrokenUploads", "LateCancels"]
    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"


def test_what_is_asked_for_goes_to_gradio(door):
    words = (
        "--host 0.0.0.0 --port 8080 --share --auth ann:secret:1 --auth bob:x --max-file-size 5MB"
    )
    assert app.main([*words.split(), "--mcp"]) == 0
    (given,) = door["launch"]
    assert given["server_name"] == "0.0.0.0"
    assert given["server_port"] == 8080
    assert given["share"] is True
    assert given["mcp_server"] is False  # Gradio's own, which asks for no password
    kinds = [one.cls.__name__ for one in given["app_kwargs"]["middleware"]]
    assert kinds[:2] == ["Gate", "ToolRoute"]
    (hosts,) = given["app_kwargs"]["middleware"][0].args
    assert hosts.know("abc.gradio.live")
    assert given["auth"] == [("ann", "secret:1"), ("bob", "x")]
    assert given["max_file_size"] == "5mb"


def test_names_that_are_allowed_are_known(door):
    words = "--host page.example --allowed-host one.example --allowed-host TWO.example"
    assert app.main(words.split()) == 0
    (hosts,) = door["launch"][0]["app_kwargs"]["middleware"][0].args
    for name in ("page.example", "one.example", "two.example", socket.gethostname()):
        assert hosts.know(name)
    assert not hosts.know("three.example")


def test_tools_fetch_from_the_web_only_if_asked_to(door, monkeypatch):
    from captioner.page import tools

    sizes = []
    monkeypatch.setattr(tools, "Inbox", sizes.append)
    assert app.main(["--mcp"]) == 0
    assert app.main(["--mcp", "--mcp-fetch", "--max-file-size", "3mb"]) == 0
    assert sizes == [0, 3 * 2**20]


def test_the_models_asked_for_are_the_ones_loaded(door, tmp_path):
    assert (
        app.main(["--model", str(tmp_path), "--model", DEFAULT_MODEL, "--summarizer", "consensus"])
        == 0
    )
    assert door["models"] == [str(tmp_path), DEFAULT_MODEL]
    assert door["summarizers"] == ["consensus"]


def test_without_a_name_the_models_that_ship_are_loaded(door):
    assert app.main([]) == 0
    assert (door["models"], door["summarizers"]) == ([None], [None])


def test_limits_go_to_the_page(door, monkeypatch):
    made = []
    build = sys.modules["captioner.page.build"].build
    monkeypatch.setattr(
        "captioner.page.build.build", lambda *given: made.append(given) or build(*given)
    )
    words = "--max-megapixels 7 --max-minutes 0.5 --max-files 9 --queue-size 4"
    assert app.main(words.split()) == 0
    ((service, _, queue_size, _),) = made
    limits = service.limits
    assert (limits.megapixels, limits.minutes, limits.files, queue_size) == (7, 0.5, 9, 4)


@pytest.mark.parametrize("error", [ModelError("is damaged"), OSError("disk")])
def test_a_model_that_cannot_be_loaded_ends_the_server_with_a_sentence(
    door, monkeypatch, capsys, error
):
    def fail(name):
        raise error

    monkeypatch.setattr(captioner.describe.loading, "load_captioner", fail)
    assert app.main([]) == 2
    assert capsys.readouterr().err == f"app: error: the model cannot be loaded: {error}\n"


def test_ctrl_c_ends_it_in_peace(door, monkeypatch):
    def interrupt(self):
        raise KeyboardInterrupt

    monkeypatch.setattr(gr.Blocks, "block_thread", interrupt)
    assert app.main([]) == 0


def test_a_port_that_is_taken_is_said_in_a_line(door, capsys, monkeypatch):
    def taken(self, **_):
        raise OSError("Cannot find empty port")

    monkeypatch.setattr(gr.Blocks, "launch", taken)
    assert app.main(["--port", "7999"]) == 2
    assert capsys.readouterr().err == (
        "app: error: 127.0.0.1:7999 is taken or not of this machine; try --port, --host\n"
    )


def test_gradio_still_tells_of_a_taken_port_by_an_oserror():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with gr.Blocks() as blocks, pytest.raises(OSError, match="port"):
            blocks.launch(server_name="127.0.0.1", server_port=taken.getsockname()[1], quiet=True)


@pytest.mark.parametrize(("missing", "extra"), [("gradio", "app"), ("mcp", "mcp")])
def test_what_is_not_installed_is_said_with_the_command(door, capsys, monkeypatch, missing, extra):
    monkeypatch.setattr(app, "find_spec", lambda name: None if name == missing else find_spec(name))
    assert app.main(["--mcp"]) == 2
    assert f"pip install 'captionloom[{extra}]'" in capsys.readouterr().err
    assert door["launch"] == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--port", "0"], "'0' is not a whole number from 1 to 65535"),
        (["--port", "65536"], "not a whole number"),
        (["--port", "http"], "not a whole number"),
        (["--queue-size", "-1"], "not a whole number"),
        (["--max-files", "0"], "not a whole number"),
        (["--max-megapixels", "1000"], "from 1 to 170"),
        (["--max-minutes", "0"], "'0' is not a number above 0"),
        (["--max-minutes", "inf"], "not a number above 0"),
        (["--max-minutes", "ten"], "not a number above 0"),
        (["--max-file-size", "big"], "'big' is no size; write it like 500kb, 200mb or 1gb"),
        (["--max-file-size", "0mb"], "is no size"),
        (["--max-file-size", "5kk"], "is no size"),
        (["--allowed-host", "https://a.example"], "is no host name"),
        (["--allowed-host", "a.example:80"], "without a port"),
        (["--mcp-fetch"], "--mcp-fetch is for the tools of --mcp"),
        (["--auth", "ann"], "write it as USER:PASS"),
        (["--auth", ":x"], "neither of the two empty"),
        (["--auth", "ann:"], "neither of the two empty"),
        (["--model", "missing"], f"no model 'missing'.*what ships is: .*{DEFAULT_MODEL}"),
        (["--model", "/no/such/folder"], "it is no folder"),
        (["--summarizer", "/no/such"], "no summarizer '/no/such'.*what ships is: consensus"),
        (["--share=yes"], "--share"),
        (["photo.jpg"], "unrecognized arguments: photo.jpg"),
    ],
)
def test_wrong_use_is_refused_before_anything_is_served(door, capsys, words, message):
    with pytest.raises(SystemExit) as stopped:
        app.main(words)
    assert stopped.value.code == 2
    said = " ".join(capsys.readouterr().err.split())
    assert re.search(message, said), said
    assert door["launch"] == []


@pytest.mark.parametrize("words", ["--max-file-size 500b", "--max-file-size 1GB", "--model a/b"])
def test_right_use_is_not_refused(door, words):
    assert app.main(words.split()) == 0


def test_help_and_the_first_page_load_no_model_library():
    heavy = "{'keras', 'tensorflow', 'torch', 'transformers', 'openvino', 'gradio'}"
    steps = (
        "import sys, captioner.page.app",
        "from captioner.page.options import parser; parser().format_help()",
        f"print(sorted({heavy} & set(sys.modules)))",
        "import captioner.page.build",
        f"print(sorted({heavy} & set(sys.modules)))",
    )
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(steps)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split("\n")[:2] == ["[]", "['gradio']"], done.stderr
