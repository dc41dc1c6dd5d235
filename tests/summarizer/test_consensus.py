import pytest

from summarizer import ConsensusSummarizer, load_summarizer
from summarizer.consensus import consensus_scores
from summarizer.ngrams import CiderD, DocumentFrequencies, tokenize

CAPTIONS = [
    "A man rides a horse .",
    "A brown dog runs on the beach .",
    "A dog is running on the beach .",
    "A dog runs along the beach .",
]


def test_the_caption_that_the_others_agree_with_is_chosen_as_it_was_written():
    assert ConsensusSummarizer().summarize(CAPTIONS) == "A brown dog runs on the beach ."


def test_scores_are_mean_similarities_to_the_other_captions():
    cider = CiderD()
    vectors = [cider.vector(tokenize(text)) for text in CAPTIONS]
    expected = [
        sum(cider.similarity(mine, other) for other in vectors if other is not mine) / 3
        for mine in vectors
    ]
    assert consensus_scores(CAPTIONS) == pytest.approx(expected)


def test_a_caption_agrees_with_its_copy():
    captions = ["a cat sleeps on it", "a dog runs on grass", "two birds", "a cat sleeps on it"]
    assert ConsensusSummarizer().summarize(captions) == "a cat sleeps on it"
    scores = consensus_scores(captions)
    assert scores[0] == scores[3] > 10 / 3


def test_what_is_in_the_middle_of_a_clip_counts_most():
    ends, middle = ["a man talks", "the man talks"], ["a dog runs far", "the dog runs far"]
    summarizer = ConsensusSummarizer()
    assert summarizer.summarize([ends[0], *middle, ends[1]]) in middle
    assert summarizer.summarize([middle[0], *ends, middle[1]]) in ends


def test_the_first_of_equals_wins_in_either_order():
    one, other = "a dog runs over green grass", "the dog sits over there"
    assert consensus_scores([one, other])[0] == consensus_scores([one, other])[1] > 0
    summarizer = ConsensusSummarizer()
    assert summarizer.summarize([one, other]) == one
    assert summarizer.summarize([other, one]) == other
    assert summarizer.summarize(["two cats", "three dogs", "four birds"]) == "two cats"


def test_rounding_does_not_decide_between_equals():
    table = DocumentFrequencies.from_references(
        [
            ["a dog runs", "the dog runs"],
            ["a dog runs on the grass"],
            ["a cat sits on the grass"],
            ["two cats"],
            ["over there a dog"],
        ]
    )
    # Their unrounded scores differ by 1e-16, in favour of the second.
    captions = ["sits the there runs a", "there sits cat the a"]
    assert consensus_scores(captions, table)[0] == consensus_scores(captions, table)[1]
    assert ConsensusSummarizer(table).summarize(captions) == captions[0]


def test_a_caption_alone_is_returned():
    assert ConsensusSummarizer().summarize(["A dog runs ."]) == "A dog runs ."
    assert consensus_scores(["A dog runs ."]) == [0]


def test_document_frequencies_make_rare_agreement_count_more():
    captions = [
        "a man is in a room",
        "a man is in a park",
        "somebody plays the electric guitar",
        "someone plays the electric guitar loudly",
    ]
    common = DocumentFrequencies.from_references(
        [["a man is in a room"], ["a man is in a park"], ["a man is in a car"]]
    )
    assert ConsensusSummarizer().summarize(captions) == captions[0]
    assert ConsensusSummarizer(common).summarize(captions) == captions[3]


def test_groups_are_summarized_each_for_itself():
    groups = [["a dog"], CAPTIONS, ["a cat sat", "a cat sat"]]
    assert ConsensusSummarizer().summarize_many(groups) == ["a dog", CAPTIONS[1], "a cat sat"]
    assert ConsensusSummarizer().summarize_many([]) == []


@pytest.mark.parametrize("captions", [[], [""], [" .", "!"], "a dog runs"])
def test_captions_without_words_are_refused(captions):
    with pytest.raises(ValueError, match="caption"):
        ConsensusSummarizer().summarize(captions)


def test_no_captions_have_no_scores():
    assert consensus_scores([]) == []


def test_it_loads_by_its_name():
    summarizer = load_summarizer("consensus")
    assert isinstance(summarizer, ConsensusSummarizer)
    assert summarizer.name == "consensus"
