import os

import pytest

from captioner.cli.main import main
from tests.cli.killing import Killing
from tests.cli.program import BLUE, GREEN, RED
from tests.fakes import Loaders, save_color


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    for name, color in (("red", RED), ("green", GREEN), ("blue", BLUE)):
        save_color(folder / f"{name}.png", color)
    return folder


@pytest.fixture
def loaders():
    return Loaders()


@pytest.fixture
def run(loaders, capsys):
    """Run a command line; gives its exit code, standard output and standard error."""

    def run(*arguments, load=loaders):
        try:
            code = main(
                [os.fspath(argument) for argument in arguments],
                load_captioner=load.load_captioner,
                load_summarizer=load.load_summarizer,
            )
        except SystemExit as exit_:
            code = exit_.code
        return code, *capsys.readouterr()

    return run


@pytest.fixture(scope="module")
def killing():
    with Killing() as killing:
        yield killing
