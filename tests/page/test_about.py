import re

from captioner.describe.loading import DEFAULT_MODEL
from captioner.page.tabs.about import about, imprint
from captioner.page.words import Confidence
from summarizer.loading import DEFAULT
from tests.page.conftest import Known

NOTHING = Confidence(())

CARD = """---
language: en
---

# mine

Says little. ![curves](curves.png)

## Data

- secret photos

## Scores

| CIDEr | 0.5 |
|---|---|

```
python -m captioner.evaluate
```

## Limits and bias

- Sees dogs.
"""


def test_what_ships_tells_its_scores_limits_and_bias():
    text = about((DEFAULT_MODEL,), [DEFAULT], NOTHING)
    for name in (DEFAULT_MODEL, DEFAULT):
        assert f"## {name}" in text
    assert text.count("### Scores") == text.count("### Limits and bias") == 2
    assert "CIDEr" in text
    assert "gender" in text


def test_of_a_card_the_introduction_scores_and_limits_are_shown(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "README.md").write_text(CARD)
    text = about((str(folder),), [DEFAULT], NOTHING).split(f"## {DEFAULT}")[0]
    assert text.startswith("## mine\n\nSays little.")
    assert "| CIDEr | 0.5 |" in text
    assert "- Sees dogs." in text
    for left_out in (
        "language:",
        "curves.png",
        "secret photos",
        "captioner.evaluate",
        "# mine\n\n#",
    ):
        assert left_out not in text


def test_a_model_without_a_card_is_named(tmp_path):
    text = about((str(tmp_path), "owner/model"), ["consensus"], NOTHING)
    assert f"## {tmp_path.name}\n\nThis model came without a model card." in text
    assert "## model" in text
    assert "## consensus" in text
    assert str(tmp_path.parent) not in text


def test_what_is_known_of_a_captioner_is_told_of_that_one(tmp_path):
    text = about(("a", "b"), [DEFAULT], Known(("b",)))
    assert text.count("### How sure") == 1
    assert text.index("## b") < text.index("“fairly sure” 60 % (30 % of all captions)")
    assert Confidence(("owner/model", str(tmp_path))).sentences("owner/model") == ""
    assert Confidence((str(tmp_path),)).words(str(tmp_path))(-1.0) == ""


def test_the_imprint_says_what_becomes_of_files():
    assert re.match(r"Captionloom \d+\.\d+\S* · Apache-2\.0 · Your files stay on", imprint())
