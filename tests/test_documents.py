"""What the documents say is true: links, names of files, commands, and the code that they show."""

import ast
import json
import os
import re
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from tests.makers import numbered_frames, save_animation
from tools.demo import make

ROOT = Path(__file__).parent.parent
RESULTS = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("training/results/*.md"))
GUIDES = [
    "README.md",
    "CONTRIBUTING.md",
    *sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/*.md")),
]
CARDS = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("*/pretrained/*/README.md"))
DOCUMENTS = [*GUIDES, *CARDS, "CHANGELOG.md", "training/RESULTS.md", *RESULTS]

# Whatever understands the command line of each module or script.
PARSERS = {
    "captioner": ("captioner.cli.parser", "parse_options"),
    "captioner.ask": ("captioner.cli.ask", "parser"),
    "captioner.ray": ("captioner.ray", "parser"),
    "captioner.search": ("captioner.cli.search", "parser"),
    "captioner.train": ("captioner.train", "parser"),
    "captioner.evaluate": ("captioner.evaluate", "parser"),
    "summarizer.train": ("summarizer.train", "build_parser"),
    "summarizer.evaluate": ("summarizer.evaluate", "build_parser"),
    "training.answering.evaluate": ("training.answering.evaluate", "parser"),
    "training.answering.questions": ("training.answering.questions", "parser"),
    "training.answering.train": ("training.answering.train", "parser"),
    "training.captioning.averaging": ("training.captioning.averaging", "parser"),
    "training.captioning.calibration": ("training.captioning.calibration", "parser"),
    "training.analysis.confusions": ("training.analysis.confusions", "parser"),
    "training.captioning.efficientnet_lite": ("training.captioning.efficientnet_lite", "parser"),
    "training.fusion.frame_captions": ("training.fusion.frame_captions", "parser"),
    "training.analysis.probe": ("training.analysis.probe", "parser"),
    "training.clips.from_captioner": ("training.clips.from_captioner", "parser"),
    "training.clips.motion": ("training.clips.motion", "parser"),
    "training.clips.probe": ("training.clips.probe", "parser"),
    "training.clips": ("training.clips.__main__", "parser"),
    "training.data.tgif": ("training.data.tgif", "parser"),
    "training.export": ("training.export", "parser"),
    "app.py": ("captioner.page.options", "parser"),
}


def text_of(document):
    return (ROOT / document).read_text(encoding="utf-8")


def blocks(document, language):
    """The code blocks of a document in one language; shell commands have none."""
    found = re.findall(r"^```(\w*)\n(.*?)^```", text_of(document), re.MULTILINE | re.DOTALL)
    return [block for name, block in found if name == language]


def commands(document, inline=False):
    """The command lines of a document that run a module or script of this project, as words.

    They are those of its code blocks, or those in its sentences, where a mere name is no command.
    """
    if inline:
        text = re.sub(r"^```.*?^```", "", text_of(document), flags=re.MULTILINE | re.DOTALL)
        lines = [" ".join(code.split()) for code in re.findall(r"`([^`]*python [^`]+)`", text)]
    else:
        lines = "\n".join(blocks(document, "")).replace("\\\n", " ").splitlines()
    # Settings of the environment may stand before it, and a pipe or a file after it.
    found = [match[1] for line in lines if (match := re.search(r"\bpython (?:-m )?(\w.*)", line))]
    words = [shlex.split(re.split(" [|>] ", line)[0], comments=True) for line in found]
    ours = ("captioner", "summarizer", "training", "app")
    shown = [line for line in words if line[0].partition(".")[0] in ours]
    return [line for line in shown if len(line) > 1 and "--help" not in line] if inline else shown


def understand(words):
    """Parses a command line as the program itself does; ends the process where it is wrong."""
    if "match" in words[:3]:  # --task match has a parser of its own
        command = words[0].rpartition(".")[2]
        return import_module(f"training.commands.match_{command}").parser().parse_args(words[1:])
    module, name = PARSERS[words[0]]
    function = getattr(import_module(module), name)
    return function(words[1:]) if name == "parse_options" else function().parse_args(words[1:])


def slug(heading):
    """The anchor that GitHub makes of a heading."""
    words = re.sub(r"\[([^]]*)\]\([^)]*\)|`", r"\1", heading.strip().lower())
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


def anchors(path):
    text = re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return {slug(heading) for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_to_files_and_headings_that_exist(document):
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text_of(document)):
        name, _, anchor = target.partition("#")
        path = (ROOT / document).parent / name if name else ROOT / document
        assert path.exists(), f"{document}: {target}"
        if anchor:
            assert anchor in anchors(path), f"{document}: {target}"


@pytest.mark.parametrize("document", [name for name in DOCUMENTS if name.startswith("docs/")])
def test_the_readme_leads_to_every_page(document):
    assert f"]({document})" in text_of("README.md")


@pytest.mark.parametrize("document", RESULTS)
def test_the_index_of_results_leads_to_every_page(document):
    assert f"]({document.removeprefix('training/')})" in text_of("training/RESULTS.md")


def test_the_readme_is_short_and_its_picture_small():
    assert len(text_of("README.md").splitlines()) <= 200
    assert (ROOT / "docs" / "web-page.png").stat().st_size < 200_000


@pytest.mark.parametrize("document", GUIDES)
def test_files_that_are_named_exist(document):
    within = ("captioner", "summarizer", "training", "tests", "benchmarks", "tools", "docs", ".ci")
    for name in re.findall(r"`([\w.-]+/[\w./-]*)`", text_of(document)):
        if name.partition("/")[0] in within:
            assert (ROOT / name).exists(), f"{document}: {name}"


@pytest.mark.parametrize("document", [*GUIDES, *RESULTS])
def test_scripts_that_are_named_exist(document):
    for name in re.findall(r"python ((?:benchmarks|tools)/\S+?\.py)", text_of(document)):
        assert (ROOT / name).is_file(), f"{document}: {name}"


@pytest.mark.parametrize("document", GUIDES)
def test_make_targets_that_are_named_exist(document):
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([a-z]+)", text_of(document), re.MULTILINE)) <= targets


@pytest.mark.parametrize("document", [*GUIDES, *RESULTS])
def test_programs_understand_the_commands_that_are_shown(document, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("photos", "site/images"):
        (tmp_path / folder).mkdir(parents=True)
    for words in commands(document) + commands(document, inline=True):
        try:
            understand(words)
        except SystemExit as wrong:
            pytest.fail(f"{document}: {shlex.join(words)}: exit {wrong.code}")


@pytest.mark.parametrize("document", GUIDES)
def test_python_that_is_shown_imports_what_exists(document):
    for block in blocks(document, "python"):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and node.module:
                module = import_module(node.module)
                assert all(hasattr(module, alias.name) for alias in node.names), document


class TestReadme:
    """What README.md shows, run in a folder with the files that it names."""

    @pytest.fixture(scope="class")
    def folder(self, tmp_path_factory):
        folder = tmp_path_factory.mktemp("readme")
        make(folder / "demo")
        photo = folder / "demo" / "cat.jpg"
        for name in ("dog.jpg", "photos/a.jpg", "photos/below/b.jpg"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(photo.read_bytes())
        save_animation(folder / "clip.gif", numbered_frames(3), [100] * 3)
        (folder / "broken.jpg").write_text("no picture")
        return folder

    def run(self, folder, code, *words):
        settings = {name: text for name, text in os.environ.items() if name != "KERAS_BACKEND"}
        done = subprocess.run(
            [sys.executable, "-c", code, *words],
            cwd=folder,
            env=settings | {"HF_HUB_OFFLINE": "1", "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def test_its_commands_run(self, folder):
        ours = [words[1:] for words in commands("README.md") if words[0] == "captioner"]
        ours = [words for words in ours if "--model" not in words]
        assert len(ours) >= 6
        # One process for all of them, because each would import everything again.
        code = (
            "import json, sys; from captioner.cli.main import main\n"
            "for words in json.loads(sys.argv[1]): assert main(words) == 0, words"
        )
        said = self.run(folder, code, json.dumps(ours))
        demo = re.compile(r"^demo/\S+: ", re.MULTILINE)
        assert demo.findall(said) == demo.findall(text_of("README.md"))
        assert len((folder / "captions.csv").read_text("utf-8").splitlines()) == 3
        assert (folder / "photos" / "below" / "b.txt").is_file()
        assert "[auto] " in (folder / "photos" / "a.jpg.xmp").read_text("utf-8")

    def test_its_python_runs(self, folder):
        (code,) = blocks("README.md", "python")
        caption, clip, error = self.run(folder, code).splitlines()
        assert re.fullmatch(r"[a-z' -]+ -\d+\.\d+", caption)
        assert re.fullmatch(r"[a-z' -]+", clip)
        assert error.startswith("broken.jpg ")
