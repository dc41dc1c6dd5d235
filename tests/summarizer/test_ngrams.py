import math
import random
import time

import pytest

from summarizer.ngrams import CiderD, DocumentFrequencies, ngram_counts, tokenize

GROUPS = [["a dog runs", "the dog is running"], ["a dog sits", "a cat sits"], ["two cats"]]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("A dog, running - fast!", ["a", "dog", "running", "fast"]),
        ("T-shirt No. 28", ["t", "shirt", "no", "28"]),
        ("the man's dog 's", ["the", "man's", "dog", "'s"]),
        ("does n't don't", ["does", "n't", "don't"]),
        ("boys' 'snip' ' '' o'clock '90s", ["boys", "snip", "o'clock", "90s"]),
        ("the dog\u2019s \u201cbone\u201d", ["the", "dog's", "bone"]),
        ("Caf\u00e9 cre\u0300me", ["cafe", "creme"]),
        (" \t\r\n.", []),
        ("", []),
    ],
)
def test_tokens_are_lower_case_words_without_punctuation(text, tokens):
    assert tokenize(text) == tokens


def test_tokens_of_tokens_are_the_same():
    text = "The dog's o'clock, 'quoted' n't 's T-shirt"
    assert tokenize(" ".join(tokenize(text))) == tokenize(text)


def test_ngrams_are_counted_up_to_the_longest_asked_for():
    assert ngram_counts(["a", "b", "a", "b"], max_n=2) == {
        ("a",): 2,
        ("b",): 2,
        ("a", "b"): 2,
        ("b", "a"): 1,
    }
    assert set(map(len, ngram_counts(list("abcdef")))) == {1, 2, 3, 4}
    assert ngram_counts([]) == {}


def test_a_document_counts_an_ngram_once():
    table = DocumentFrequencies.from_references(GROUPS)
    assert table.documents == 3
    assert table.log_ref_len == math.log(3)
    assert table.counts["dog"] == 2
    assert table.counts["a"] == 2
    assert table.counts["a dog"] == 2
    assert table.counts["two cats"] == 1
    assert table.idf(("dog",)) == pytest.approx(math.log(3 / 2))
    assert table.idf(("never",)) == table.idf(("two",)) == pytest.approx(math.log(3))


@pytest.mark.parametrize(("counts", "documents"), [({}, 0), ({"a": 3}, 2), ({"a": 0}, 2)])
def test_impossible_document_frequencies_are_refused(counts, documents):
    with pytest.raises(ValueError, match="document"):
        DocumentFrequencies(counts, documents)


def test_a_saved_table_weighs_the_same_and_is_the_same_file_each_time(tmp_path):
    table = DocumentFrequencies.from_references(GROUPS)
    first, second = tmp_path / "first.json.gz", tmp_path / "second.json.gz"
    table.save(first)
    DocumentFrequencies.from_references(list(reversed(GROUPS))).save(second)
    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes()[4:8] == bytes(4)  # gzip's time stamp
    loaded = DocumentFrequencies.load(first)
    assert loaded.documents == 3
    for ngram in [*table.counts, "never"]:
        assert loaded.idf(tuple(ngram.split())) == table.idf(tuple(ngram.split()))


def test_a_damaged_table_is_named(tmp_path):
    path = tmp_path / "table.json.gz"
    DocumentFrequencies.from_references(GROUPS).save(path)
    whole = path.read_bytes()
    for data in (b"", b"{}", whole[:-12], whole[:30] + b"\0\0\0" + whole[33:]):
        path.write_bytes(data)
        with pytest.raises(ValueError, match=r"table\.json\.gz: no table of document"):
            DocumentFrequencies.load(path)
    with pytest.raises(FileNotFoundError):
        DocumentFrequencies.load(tmp_path / "none.json.gz")


def similarity(hypothesis, reference, table=None, **settings):
    cider = CiderD(table, **settings)
    return cider.similarity(cider.vector(tokenize(hypothesis)), cider.vector(tokenize(reference)))


def test_similarity_by_hand_with_equal_weights():
    # All four orders agree, then only the two that two words have.
    assert similarity("a b c d", "a b c d") == pytest.approx(10)
    assert similarity("a b", "a b") == pytest.approx(5)
    # Words: min(2, 1) * 1 / (2 * sqrt 2); no bigram agrees; a quarter of ten times that.
    assert similarity("a a", "a b") == pytest.approx(10 / 4 / (2 * math.sqrt(2)))
    # Words: 1 / (1 * sqrt 3); two bigrams fewer cost exp(-2² / (2 * 6²)).
    assert similarity("a", "a b c") == pytest.approx(10 / 4 / math.sqrt(3) * math.exp(-4 / 72))
    assert similarity("a", "a b c", sigma=1.0) == pytest.approx(
        10 / 4 / math.sqrt(3) * math.exp(-2)
    )
    assert similarity("a b", "c d") == 0
    assert similarity("", "a b") == similarity("a b", "") == similarity("", "") == 0


def test_similarity_by_hand_with_document_frequencies():
    table = DocumentFrequencies.from_references([["dog runs"], ["dog sits"]])
    # "dog" is in every document and weighs nothing; "runs" and "dog runs" weigh log 2.
    assert similarity("dog runs", "dog runs", table) == pytest.approx(5)
    assert similarity("dog sits", "dog runs", table) == 0
    # Words: log² 2 over the lengths log 2 and log 2 * sqrt 2 ("barks" was never seen).
    assert similarity("runs", "runs barks", table) == pytest.approx(
        10 / 4 / math.sqrt(2) * math.exp(-1 / 72)
    )


def test_repeating_a_word_gains_nothing():
    assert similarity("dog dog dog", "a dog runs") < similarity("dog", "a dog runs")


def test_mean_similarity_needs_references():
    cider = CiderD()
    one = cider.vector(["a", "b"])
    other = cider.vector(["c", "d"])
    assert cider.mean_similarity(one, [one, other]) == pytest.approx(2.5)
    with pytest.raises(ValueError, match="at least one reference"):
        cider.mean_similarity(one, [])


def test_fast_enough_for_a_training_reward():
    random.seed(0)
    words = [f"w{number}" for number in range(300)]
    captions = [random.choices(words, k=12) for _ in range(1000)]
    cider = CiderD(DocumentFrequencies.from_references([[" ".join(c)] for c in captions]))
    references = [cider.vector(caption) for caption in captions[:5]]
    start = time.process_time()
    for caption in captions:
        cider.mean_similarity(cider.vector(caption), references)
    assert time.process_time() - start < 1.5  # 0.1 s on a free core; the rest is for a busy one
