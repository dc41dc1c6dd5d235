import json

from tests.golden import FILE, captions


def test_the_models_that_ship_say_what_they_said(tmp_path):
    expected = json.loads(FILE.read_text(encoding="utf-8"))
    changed = {
        name: (expected.get(name), text)
        for name, text in captions(tmp_path / "demo").items()
        if text != expected.get(name)
    }
    assert not changed, (
        "captions of the models that ship are no longer those of tests/golden/captions.json "
        f"(expected, found): {changed}. If a model was replaced on purpose, run "
        "'python -m tests.golden', look at the difference, and commit the file."
    )
