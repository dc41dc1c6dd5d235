import subprocess
import sys
from pathlib import Path

import pytest

import captioner

ROOT = Path(__file__).parent.parent
HEAVY = {"keras", "torch", "tensorflow", "transformers", "openvino", "cv2", "gradio", "numpy"}


@pytest.mark.parametrize("name", captioner.__all__)
def test_every_public_name_is_there(name):
    value = getattr(captioner, name)
    assert value.__name__ == name
    assert value.__module__.startswith("captioner.")
    assert value.__doc__


def test_all_is_sorted_and_agrees_with_what_the_package_offers():
    assert captioner.__all__ == sorted(captioner.__all__)
    assert set(captioner.__all__) == set(captioner._MODULE_OF)
    assert set(captioner.__all__) <= set(dir(captioner))


def test_all_agrees_with_the_names_that_type_checkers_see():
    source = Path(captioner.__file__).read_text()
    checked = source.split("if TYPE_CHECKING:")[1].split("__all__")[0]
    assert all(name in checked for name in captioner.__all__)


def test_the_whole_exception_tree_is_public():
    from captioner import errors

    classes = [value for value in vars(errors).values() if isinstance(value, type)]
    assert {cls.__name__ for cls in classes} <= set(captioner.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        captioner.Nonsense  # noqa: B018


def loaded_by(statement):
    program = f"import sys\n{statement}\nprint(*set({sorted(HEAVY)}) & set(sys.modules))"
    arguments = [sys.executable, "-c", program]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_importing_the_package_imports_nothing_heavy():
    assert loaded_by("import captioner") == set()


def test_the_errors_alone_import_nothing_heavy():
    assert loaded_by("from captioner import MediaError, ModelError") == set()


def test_help_imports_nothing_heavy():
    statement = (
        "from captioner.cli.main import main\ntry: main(['--help'])\nexcept SystemExit: pass"
    )
    assert loaded_by(statement) == set()
