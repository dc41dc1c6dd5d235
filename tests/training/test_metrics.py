import logging
import random

import numpy as np
import pytest

from summarizer.ngrams import DocumentFrequencies, tokenize
from training.metrics import captions as metrics
from training.metrics.captions import Cider, diversity, score
from training.metrics.meteor import MeteorError

SUBJECTS = (
    "a dog",
    "the brown dog",
    "two dogs",
    "a man's dog",
    "3 children",
    "A woman in a T-shirt",
)
VERBS = ("runs", "is running", "jumps", "are playing", "sits", "doesn't move")
PLACES = ("in the snow .", "on the beach!", "over a red, red ball", "", "at 10 o'clock", '"there"')


def made_up(count, seed):
    """Captions with repeated words, punctuation, numbers and odd cases among them."""
    draw = random.Random(seed)

    def caption():
        return " ".join(draw.choice(part) for part in (SUBJECTS, VERBS, PLACES))

    hypotheses = [caption() for _ in range(count)]
    references = [[caption() for _ in range(draw.randint(1, 5))] for _ in range(count)]
    odd = [
        "",
        "dog",
        "dog dog dog dog dog dog",
        "...",
        "a dog runs in the snow " * 5,
        "zebra xylophone",
    ]
    hypotheses[: len(odd)] = odd
    references[len(odd)] = [hypotheses[len(odd)]] * 2
    references[len(odd) + 1] = ["dog", "a dog runs in the snow on the beach and jumps and runs"]
    return hypotheses, references


CORPORA = {
    "mixed": made_up(48, seed=1),
    "other draws": made_up(24, seed=2),
    "a reference without words": (["", "a dog runs"], [["!", "a dog"], ["a dog runs", "."]]),
    "no hypothesis has words": (["", "."], [["a dog runs"], ["a cat sits", "a cat"]]),
    "nothing agrees": (["one two three four", "five"], [["a dog runs fast"], ["a cat"]]),
    "all agree": (
        ["a dog runs fast", "a cat sat on it"],
        [["a dog runs fast"], ["a cat sat on it"]],
    ),
    "too short for n-grams": (["a", "a dog"], [["a"], ["a dog", "dog"]]),
    "one picture": (["a dog runs fast"], [["a dog runs", "the dog runs fast now"]]),
}


def as_pycocoevalcap(hypotheses, references):
    def joined(text):
        return " ".join(tokenize(text))

    return (
        {number: [joined(text) for text in group] for number, group in enumerate(references)},
        {number: [joined(text)] for number, text in enumerate(hypotheses)},
    )


@pytest.mark.parametrize("name", CORPORA)
def test_scores_equal_the_reference_implementation(name):
    pytest.importorskip("pycocoevalcap.bleu.bleu")
    from pycocoevalcap.bleu.bleu import Bleu
    from pycocoevalcap.cider.cider import Cider as ReferenceCider
    from pycocoevalcap.rouge.rouge import Rouge

    hypotheses, references = CORPORA[name]
    truth, results = as_pycocoevalcap(hypotheses, references)
    bleu = Bleu(4).compute_score(truth, results, verbose=0)[0]
    expected = {f"BLEU-{n}": value for n, value in enumerate(bleu, start=1)}
    expected["ROUGE-L"] = Rouge().compute_score(truth, results)[0]
    expected["CIDEr"], each = ReferenceCider().compute_score(truth, results)

    assert score(hypotheses, references, with_meteor=False) == pytest.approx(expected, abs=1e-6)
    assert Cider(references).scores(hypotheses) == pytest.approx(each, abs=1e-9)


def test_scores_come_in_their_order_and_as_plain_numbers(monkeypatch):
    monkeypatch.setattr(metrics, "meteor_source", lambda: "a stand-in")
    monkeypatch.setattr(metrics, "meteor", lambda hypotheses, references: 0.25)
    scores = score(*CORPORA["mixed"])
    order = ["BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "METEOR", "ROUGE-L", "CIDEr"]
    assert list(scores) == order
    assert scores["METEOR"] == 0.25
    assert all(type(value) is float for value in scores.values())
    assert scores["BLEU-1"] > scores["BLEU-2"] > scores["BLEU-3"] > scores["BLEU-4"] > 0


def test_meteor_is_left_out_where_there_is_none_or_it_fails(monkeypatch, caplog):
    monkeypatch.setattr(metrics, "meteor_source", lambda: None)
    assert "METEOR" not in score(*CORPORA["mixed"])
    assert not caplog.records

    def fail(hypotheses, references):
        raise MeteorError("it took over 3 s")

    monkeypatch.setattr(metrics, "meteor_source", lambda: "a stand-in")
    monkeypatch.setattr(metrics, "meteor", fail)
    with caplog.at_level(logging.WARNING):
        assert "METEOR" not in score(*CORPORA["mixed"])
    assert "METEOR is left out: it took over 3 s" in caplog.text
    assert "METEOR" not in score(*CORPORA["mixed"], with_meteor=False)


def test_case_and_punctuation_do_not_count():
    references = [["A dog runs in the snow ."], ["Two cats, sleeping!"]]
    one = score(["a dog runs in snow", "two cats sleeping"], references, with_meteor=False)
    other = score(["A DOG runs - in snow.", "Two cats; sleeping"], references, with_meteor=False)
    assert one == other


def test_nothing_is_printed(capfd):
    score(*CORPORA["mixed"], with_meteor=False)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("hypotheses", "references", "message"),
    [
        ([], [], "no references"),
        (["a dog"], [["a dog"], ["a cat"]], "1 captions to score but references for 2 pictures"),
        (["a dog", "a cat"], [["a dog"], []], "picture 1 has no references"),
        (["a dog"], ["a dog"], "picture 0 are one text"),
    ],
)
def test_captions_that_do_not_fit_are_refused(hypotheses, references, message):
    with pytest.raises(ValueError, match=message):
        score(hypotheses, references)


def test_cider_by_hand():
    # The rare words weigh log 2 and agree for n = 1 and 2 of 4: half of ten.
    cider = Cider([["dog runs"], ["cat sits"]])
    assert cider.scores(["dog runs", "cat sits"]) == pytest.approx([5, 5])
    assert cider.scores(["cat sits", "dog runs"]) == pytest.approx([0, 0])


def test_cider_of_chosen_pictures_equals_that_of_all():
    hypotheses, references = CORPORA["mixed"]
    cider = Cider(references)
    everything = cider.scores(hypotheses)
    chosen = [7, 3, 7, 20]
    some = cider.scores([hypotheses[number] for number in chosen], chosen)
    assert some.dtype == np.float64
    assert some == pytest.approx(everything[chosen])
    with pytest.raises(ValueError, match="2 captions for 1 pictures"):
        cider.scores(["a dog", "a cat"], [0])
    with pytest.raises(ValueError, match="1 captions for 48 pictures"):
        cider.scores(["a dog"])


def test_cider_takes_document_frequencies_from_elsewhere():
    hypotheses, references = CORPORA["mixed"]
    table = DocumentFrequencies.from_references(references)
    half = references[:12]
    whole = Cider(references).scores(hypotheses)[:12]
    assert Cider(half, table).scores(hypotheses[:12]) == pytest.approx(whole)
    assert Cider(half).scores(hypotheses[:12]) != pytest.approx(whole)
    scores = score(hypotheses[:12], half, document_frequencies=table, with_meteor=False)
    assert scores["CIDEr"] == pytest.approx(whole.mean())


def test_diversity_counts_captions_and_words_without_case_and_punctuation():
    assert diversity(["A dog runs .", "a dog runs", "two cats", ""]) == {
        "distinct_captions": 0.75,
        "distinct_words": 5,
        "mean_length": 2,
    }
    with pytest.raises(ValueError, match="no captions"):
        diversity([])
